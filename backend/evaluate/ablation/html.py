"""The page of `evaluate ablation`: which blocks go into its sections."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from backend.evaluate.ablation import charts
from backend.evaluate.ablation.evaluation import SettingsSweep
from backend.evaluate.ablation.text import summary
from backend.evaluate.report.blocks import ChartBlock, FoldBlock, NoteBlock, TableBlock, TableCell, metric_cell
from backend.evaluate.report.page import ReportPage
from backend.evaluate.report.prose import command_line
from backend.evaluate.report.report import Metric, Report


def write_ablation(report: Report, folder: Path) -> Path:
    """Write the report as `index.html` into a folder and return its path."""
    settings, results = report.settings, report.results
    options = {"recordings": "DIR"} | {name: settings[name] for name in ("grid", "protocol", "samples", "stride")}
    options |= {"model": f"models/{settings['model']}", "seed": settings["seed"]}
    page = ReportPage(report, summary(results, settings["shipped"]), command_line(report.command, options))
    page.add("diversity", ChartBlock(charts.diversity(results, settings["shipped"])))
    for axis, grid in settings["sweeps"].items():
        page.add(axis, ChartBlock(charts.heat_maps(results, SettingsSweep(axis, **grid), page.columns("steps"))))
    metrics = list(dict.fromkeys(metric for entries in results.values() for metric in entries))
    head = [("Setting", ""), *((metric.replace("_", " "), "") for metric in metrics)]
    rows = [[TableCell(name.replace(",", ", ")), *(_cell(metric, row) for metric in metrics)] for name, row in results.items()]
    page.add("all", FoldBlock(f"All {len(results)} settings", [NoteBlock("metrics"), TableBlock(head, rows)]))
    return page.write(folder)


def _cell(metric: str, entries: Mapping[str, Metric]) -> TableCell:
    if metric in entries and metric.endswith("refined"):
        return TableCell("yes" if entries[metric].value else "")
    return metric_cell(entries.get(metric))
