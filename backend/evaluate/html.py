"""The report of `evaluate forecast` as one page with pictures: self-contained, no network, light and dark."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jinja2

from backend.evaluate import charts, path_charts
from backend.evaluate.figure import colour
from backend.evaluate.forecast import Evaluation
from backend.evaluate.report import Metric
from backend.evaluate.summary import COMPARED
from backend.evaluate.words import COLUMNS, best, summary

TEMPLATES = Path(__file__).with_name("templates")


def write_html(evaluation: Evaluation, folder: Path) -> Path:
    """Write `index.html` into a folder, which is made if need be, and return its place.

    Raises:
        OSError: it cannot be written.
    """
    return write_page("forecast.html", _content(evaluation), folder)


def write_page(template: str, content: Mapping[str, Any], folder: Path) -> Path:
    """Fill a template and write it as `index.html` into a folder, which is made if need be; return its place.

    Raises:
        OSError: it cannot be written.
    """
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES), autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True
    )
    environment.globals |= {"colour": colour}
    environment.filters |= {"figure": figure, "interval": interval, "signed": signed}
    page = environment.get_template(template).render(content)
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "index.html"
    path.write_text(page, encoding="utf-8")
    return path


def figure(value: float, digits: int = 3) -> str:
    """Write a number with so many digits that count."""
    if abs(value) < 1e-9:
        return "0"
    if abs(value) >= 10 ** (digits - 1):
        return f"{value:.0f}" if abs(value) < 1e5 else f"{value:.1e}"
    return f"{value:#.{digits}g}" if abs(value) >= 1e-3 else f"{value:.0e}"


def interval(metric: Metric) -> str:
    """Write a figure's interval, or nothing where there is none."""
    return "" if metric.low is None or metric.high is None else f"{figure(metric.low, 2)} – {figure(metric.high, 2)}"


def signed(value: float) -> str:
    """Write a difference with its sign."""
    return f"{value:+.4f}".replace("-", "\N{MINUS SIGN}")


def _content(evaluation: Evaluation) -> dict[str, Any]:
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
