"""The page of `evaluate ablation`: which blocks go into its sections."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from backend.evaluate.ablation import charts
from backend.evaluate.ablation.charts import Differing
from backend.evaluate.ablation.data_sets import by_data_set, significant
from backend.evaluate.ablation.evaluation import SettingsSweep, temperature_of
from backend.evaluate.ablation.text import summary
from backend.evaluate.report.blocks import ChartBlock, FoldBlock, NoteBlock, TableBlock, TableCell, metric_cell
from backend.evaluate.report.page import ReportPage
from backend.evaluate.report.prose import command_line, percent
from backend.evaluate.report.report import ComparisonReport, Metric, Results


def write_ablation(report: ComparisonReport, folder: Path) -> Path:
    """Write the report as `index.html` into a folder and return its path."""
    settings, results = report.settings, report.results
    data = by_data_set(report)
    differing = {name: significant(report, name) for name in data}
    options: dict[str, object] = {"recordings": [f"DIR_{name}" if name else "DIR" for name in data]}
    options |= {name: settings[name] for name in ("grid", "protocol", "samples", "stride")}
    options |= {"model": [f"models/{model}" for model in settings["model"].split(", ")], "seed": settings["seed"]}
    page = ReportPage(report, summary(data, settings["shipped"], differing), command_line(report.command, options))
    if len(data) > 1:
        usual = [cell for cell in next(iter(data.values())) if temperature_of(cell) is not None or cell == settings["shipped"]]
        every = FoldBlock("Every setting on every data set", [_joint_table(data, differing, list(next(iter(data.values()))))])
        page.add("joint", _joint_table(data, differing, usual), every)
    page.add("diversity", *(ChartBlock(charts.diversity(found, settings["shipped"], name)) for name, found in data.items()))
    for axis, grid in settings["sweeps"].items():
        sweep, columns = SettingsSweep(axis, **grid), page.columns("steps")
        if len(data) > 1:
            page.add(axis, ChartBlock(charts.joint_heat_maps(data, sweep, columns, differing)))
        else:
            page.add(axis, ChartBlock(charts.heat_maps(results, sweep, columns, differing[""])))
    metrics = list(dict.fromkeys(metric for entries in results.values() for metric in entries))
    head = [("Setting", ""), *((metric.replace("_", " "), "") for metric in metrics)]
    rows = [[TableCell(name.replace(",", ", ")), *(_cell(metric, row) for metric in metrics)] for name, row in results.items()]
    page.add("all", FoldBlock(f"All {len(results)} settings", [NoteBlock("metrics"), TableBlock(head, rows)]))
    return page.write(folder)


def _joint_table(data: Mapping[str, Results], differing: Mapping[str, Differing], cells: Sequence[str]) -> TableBlock:
    """Lay out changes relative to GRU-NF of the same data set, a row per setting; an asterisk marks significant ones.

    Args:
        data: results of each data set.
        differing: significant differences of each data set.
        cells: the settings.
    """
    metrics = {"crps": "CRPS", "min_ade_8": "minADE of 8", "apd_8": "APD of 8"}
    head = [("Setting", ""), *((f"{name}: {title}", "") for name in data for title in metrics.values())]
    rows = []
    for cell in cells:
        row = [TableCell(cell.replace(",", ", "))]
        for name, results in data.items():
            for metric in metrics:
                text = percent(results[cell][metric].value, results["gru_nf"][metric].value) if cell != "gru_nf" else ""
                row.append(TableCell(text + "*" * ((metric, cell) in differing[name])))
        rows.append(row)
    return TableBlock(head, rows)


def _cell(metric: str, entries: Mapping[str, Metric]) -> TableCell:
    if metric in entries and metric.endswith("refined"):
        return TableCell("yes" if entries[metric].value else "")
    return metric_cell(entries.get(metric))
