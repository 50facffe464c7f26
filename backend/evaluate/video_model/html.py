"""The report of `evaluate starflow` as one page with pictures: self-contained, no network, light and dark."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from backend.evaluate.animation.pictures import Tile
from backend.evaluate.forecast.text import best
from backend.evaluate.report.page import write_page
from backend.evaluate.report.report import Metric
from backend.evaluate.video_model import pictures
from backend.evaluate.video_model.evaluation import StarFlowResults
from backend.evaluate.video_model.sections import Part, parts
from backend.evaluate.video_model.text import goals, summary

REFERENCES = ("truth", "reconstruction_bound", "reconstruction", "keypoint_true_motion")
"""Rows that know the answer: never the best of a column."""

FILMS = 3
"""Windows that are shown in motion."""

Results = Mapping[str, Mapping[str, Metric]]


def write_starflow(evaluation: StarFlowResults, folder: Path) -> Path:
    """Write `index.html` into a folder, which is made if need be, and return its place.

    The page holds frames of the videos that were scored.

    Raises:
        OSError: it cannot be written.
    """
    return write_page("starflow.html", _content(evaluation), folder)


def _content(evaluation: StarFlowResults) -> dict[str, Any]:
    report = evaluation.report
    count = int(report.settings["count"])
    charts = {
        "likelihood": pictures.bits_by_frame(report.results),
        "inversion": pictures.blocks(report.results),
        "futures": pictures.futures_by_frame(report.results, count),
    }
    if evaluation.drift_example:
        charts["drift"] = pictures.drift_by_frame(report.results)
    sheets = {
        "futures": [(exhibit.clip, pictures.future_rows(exhibit)) for exhibit in evaluation.futures_examples],
        "drift": [("", [Tile(name, pictures.strip(frames, 12)) for name, frames in evaluation.drift_example.items()])],
        "retold": [(edited.clip, _rows(edited.rows)) for edited in evaluation.edit_examples],
        "told": [(told.caption, _rows(told.rows)) for told in evaluation.caption_examples],
    }
    films = {
        "futures": [pictures.future_film(exhibit) for exhibit in evaluation.futures_examples[:FILMS]],
        "told": pictures.told_films(evaluation.caption_examples),
        "retold": [pictures.edited_film(edited) for edited in evaluation.edit_examples],
    }
    return {
        "report": report,
        "settings": report.settings,
        "command": repeat(report.settings),
        "summary": summary(report),
        "goals": goals(report),
        "parts": [_section(part, report.results) for part in parts(count).values() if _named(part, report.results)],
        "charts": charts,
        "sheets": {name: [(title, rows) for title, rows in entries if rows] for name, entries in sheets.items()},
        "films": films,
        "paint": pictures.colour,
    }


def _rows(rows: Mapping[str, Any]) -> list[Tile]:
    return [Tile(name, pictures.strip(frames)) for name, frames in rows.items()]


def _named(part: Part, results: Results) -> dict[str, Mapping[str, Metric]]:
    return {
        name.removeprefix(f"{part.prefix}_"): found for name, found in results.items() if name.startswith(f"{part.prefix}_")
    }


def _section(part: Part, results: Results) -> dict[str, Any]:
    """Return a section's rows, the columns that have figures, and the best of each."""
    rows = _named(part, results)
    there = [column for column in part.columns if any(column.metric in found for found in rows.values())]
    rivals = {name: found for name, found in rows.items() if name not in REFERENCES}
    winners = {
        column.metric: best(rivals, column)
        for column in there
        if len({found[column.metric].value for found in rivals.values() if column.metric in found}) > 1
    }
    return {"part": part, "columns": there, "rows": rows, "best": winners}


def repeat(settings: Mapping[str, Any]) -> str:
    """Return the command that makes the report again; folders are the reader's own."""
    words = ["motionfan", "evaluate", "starflow", "--videos", "DIR"]
    for option in ("count", "windows", "per_clip", "seed", "threads"):
        words += [f"--{option.replace('_', '-')}", str(settings[option])]
    if settings["device"] != "cpu":
        words += ["--device", str(settings["device"])]
    return shlex.join([*words, "--html", "OUT"])
