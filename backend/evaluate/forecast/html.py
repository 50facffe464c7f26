"""The report of `evaluate forecast` as one page with pictures: self-contained, no network, light and dark."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from backend.evaluate.forecast import charts, path_charts
from backend.evaluate.forecast.evaluation import ForecastResults
from backend.evaluate.forecast.summary import COMPARED
from backend.evaluate.forecast.text import COLUMNS, best, summary
from backend.evaluate.report.page import write_page


def write_html(evaluation: ForecastResults, folder: Path) -> Path:
    """Write `index.html` into a folder, which is made if need be, and return its place.

    Raises:
        OSError: it cannot be written.
    """
    return write_page("forecast.html", _content(evaluation), folder)


def _content(evaluation: ForecastResults) -> dict[str, Any]:
    report, results = evaluation.report, evaluation.report.results
    shown = next((name for name in ("gru_snf", "gru_nf") if name in results), list(results)[-1])
    columns = [column for column in COLUMNS if any(column.metric in entries for entries in results.values())]
    paths = (evaluation.windows, evaluation.scored, evaluation.layout)
    return {
        "report": report,
        "settings": report.settings,
        "command": repeat(report.settings),
        "summary": summary(report),
        "columns": columns,
        "best": {column.metric: best(results, column) for column in columns},
        "metrics": sorted({metric for entries in results.values() for metric in entries}),
        "other_figures": [name for name in COMPARED if name != "crps"],
        "shown": shown,
        "error": charts.error_per_step(results),
        "calibration": charts.calibration(results),
        "diversity": charts.diversity(results),
        "fans": path_charts.fans(*paths, shown),
        "rivals": path_charts.rivals(*paths, list(results)),
        "constellations": path_charts.constellations(*paths, shown),
    }


def repeat(settings: Mapping[str, Any]) -> str:
    """Return the command that makes the report again; folders are the reader's own."""
    parts = ["motionfan", "evaluate", "forecast", "--recordings", "DIR", "--protocol", str(settings["protocol"])]
    if settings["context"] != int(str(settings["protocol"]).split("-")[0]):
        parts += ["--context", str(settings["context"])]
    if settings["fps"] is not None:
        parts += ["--fps", f"{settings['fps']:g}"]
    parts += ["--methods", ",".join(settings["methods"]), "--samples", str(settings["samples"])]
    parts += ["--stride", str(settings["stride"]), "--model", f"models/{settings['model']}", "--seed", str(settings["seed"])]
    return shlex.join(parts)
