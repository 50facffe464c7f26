"""The page of `evaluate forecast`: which blocks go into its sections."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from backend.evaluate.common.methods import SAME_DRAWS
from backend.evaluate.common.windows import CONTEXT_HORIZONS
from backend.evaluate.forecast import charts, path_charts
from backend.evaluate.forecast.evaluation import ForecastResults
from backend.evaluate.forecast.summary import MAIN_METHODS, OF_EACH_PERSON, PersonFigures
from backend.evaluate.forecast.text import summary
from backend.evaluate.report.blocks import ChartBlock, FoldBlock, NoteBlock, TableBlock, TableCell, metric_cell
from backend.evaluate.report.page import ReportPage
from backend.evaluate.report.prose import command_line, number

TOGETHER_METHODS = (*MAIN_METHODS, *SAME_DRAWS)
"""Methods of the table of futures shown together."""


def write_forecast(evaluation: ForecastResults, folder: Path) -> Path:
    """Write the report as `index.html` into a folder and return its path."""
    report, results = evaluation.report, evaluation.report.results
    shown = next((name for name in ("gru_snf", "gru_nf") if name in results), list(results)[-1])
    page = ReportPage(report, summary(report), repeat(report.settings), shown=shown)
    page.add("methods", page.metric_table("methods", results))
    together = {name: found for name, found in results.items() if name in TOGETHER_METHODS}
    if together.keys() & {*SAME_DRAWS}:
        page.add("together", page.metric_table("together", together))
    distinct = {name: found for name, found in results.items() if name not in SAME_DRAWS} or results
    page.add("error", ChartBlock(charts.error_per_step(distinct)))
    page.add("calibration", ChartBlock(charts.calibration(distinct)))
    moving = {name: found for name, found in distinct.items() if found["apd"].value > 0}
    if moving:
        chart = ChartBlock(charts.of_people(report.people, list(moving)))
        page.add("people", page.metric_table("people", moving), chart, _people_table(report.people, shown))
    page.add("diversity", ChartBlock(charts.diversity(results, distinct)))
    page.add("fans", ChartBlock(path_charts.fans(evaluation, shown)))
    page.add("constellations", ChartBlock(path_charts.constellations(evaluation, shown)))
    page.add("rivals", ChartBlock(path_charts.rivals(evaluation, list(distinct))))
    metrics = sorted(set().union(*results.values()))
    rows = [[TableCell(metric), *(metric_cell(found.get(metric)) for found in results.values())] for metric in metrics]
    table = TableBlock([("Metric", ""), *((name, "") for name in results)], rows)
    page.add("all", FoldBlock(f"All {len(metrics)} metrics", [NoteBlock("units"), table]))
    return page.write(folder)


def _people_table(people: PersonFigures, method: str) -> FoldBlock:
    """Lay out a method's figures of each person: a row each."""
    head = [("Person", ""), *((metric.replace("_", " "), "") for metric in OF_EACH_PERSON)]
    rows = []
    for person, figures in people.items():
        values = (figures[method].get(metric) for metric in OF_EACH_PERSON)
        rows.append([TableCell(person), *(TableCell("" if value is None else number(value)) for value in values)])
    return FoldBlock(f"{method} for each of {len(people)} people", [TableBlock(head, rows)])


def repeat(settings: Mapping[str, Any]) -> str:
    """Return the command that repeats the evaluation."""
    names = ("protocol", "context", "fps", "methods", "samples", "stride", "model", "seed")
    options = {"recordings": "DIR"} | {name: settings[name] for name in names}
    options |= {"methods": ",".join(settings["methods"]), "model": f"models/{settings['model']}"}
    if settings["fps"] is not None:
        options["fps"] = f"{settings['fps']:g}"
    if settings["context"] == CONTEXT_HORIZONS[settings["protocol"]][0]:
        options["context"] = None
    if settings["choose"] != "8x":
        options["choose"] = settings["choose"]
    return command_line("evaluate forecast", options)
