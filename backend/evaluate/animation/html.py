"""The report of `evaluate animation` as one page with pictures: self-contained, no network, light and dark."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from backend.evaluate.animation import pictures
from backend.evaluate.animation.evaluation import AnimationResults
from backend.evaluate.animation.films import film
from backend.evaluate.animation.futures import PREFIX
from backend.evaluate.animation.text import FUTURES, RECONSTRUCTION, TRANSFER, summary
from backend.evaluate.forecast.text import Column, best
from backend.evaluate.report.page import write_page
from backend.evaluate.report.report import Metric

SHOWN = 8
"""Rows of a sheet that are open; the others unfold."""

Results = Mapping[str, Mapping[str, Metric]]


def write_animation(evaluation: AnimationResults, folder: Path) -> Path:
    """Write `index.html` into a folder, which is made if need be, and return its place.

    The page holds frames of the videos that were scored.

    Raises:
        OSError: it cannot be written.
    """
    return write_page("animation.html", _content(evaluation), folder)


def _content(evaluation: AnimationResults) -> dict[str, Any]:
    report, gathered, futures = evaluation.report, evaluation.summary, evaluation.futures
    methods = {name: found for name, found in report.results.items() if not name.startswith(PREFIX)}
    rendered = {name.removeprefix(PREFIX): found for name, found in report.results.items() if name.startswith(PREFIX)}
    lively = sorted(gathered.examples, key=lambda exhibit: -exhibit.scores["copy_source"]["l1"])
    leading = gathered.leading
    tables = [("reconstruction", RECONSTRUCTION, methods), ("transfer", TRANSFER, methods), ("futures", FUTURES, rendered)]
    return {
        "report": report,
        "settings": report.settings,
        "command": repeat(report.settings),
        "summary": summary(report, leading),
        "leading": leading,
        "tables": {name: _table(columns, results) for name, columns, results in tables},
        "shown": SHOWN,
        "rebuilt": [pictures.rebuilt_row(exhibit) for exhibit in lively],
        "worst": [pictures.inspected_row(exhibit, evaluation.methods, leading) for exhibit in gathered.worst],
        "crossed": [pictures.crossed_row(exhibit) for exhibit in gathered.cross_examples],
        "people": pictures.per_person(gathered.frames, list(methods)),
        "speed": pictures.speed(methods),
        "steps": pictures.per_step(report.results) if rendered else "",
        "strips": [(strip.clip, pictures.strip_rows(strip)) for strip in futures.examples] if futures else [],
        "films": [film(wanted, gathered.methods) for wanted in (*gathered.video_examples, *gathered.cross_video_examples)],
        "metrics": sorted({metric for entries in report.results.values() for metric in entries}),
    }


def _table(columns: Sequence[Column], results: Results) -> dict[str, Any]:
    """Return the columns that have figures, the best of each (standing still is never it), and the rows."""
    there = [column for column in columns if any(column.metric in found for found in results.values())]
    moving = {name: found for name, found in results.items() if name != "copy_source"}
    winners = {column.metric: best(moving, column) for column in there if _differs(moving, column.metric)}
    rows = {name: found for name, found in results.items() if any(column.metric in found for column in there)}
    return {"columns": there, "best": winners, "rows": rows}


def _differs(results: Results, metric: str) -> bool:
    return len({found[metric].value for found in results.values() if metric in found}) > 1


def repeat(settings: Mapping[str, Any]) -> str:
    """Return the command that makes the report again; folders are the reader's own."""
    parts = ["motionfan", "evaluate", "animation", "--videos", "DIR", "--methods", ",".join(settings["methods"])]
    for option in ("frames", "futures", "windows", "seed", "threads"):
        parts += [f"--{option}", str(settings[option])]
    if settings["device"] != "cpu":
        parts += ["--device", str(settings["device"])]
    return shlex.join([*parts, "--html", "OUT"])
