"""What a command measured: metrics, tests between methods, a table in the terminal and a JSON file."""

from __future__ import annotations

import math
import platform
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec
import torch
from rich.console import Console
from rich.table import Table

from backend import __version__
from backend.core.files import write_whole


class Metric(msgspec.Struct, omit_defaults=True):
    """A measured value, with its 95 % interval, its value at every step and its histogram where they exist."""

    value: float
    low: float | None = None
    high: float | None = None
    per_step: list[float] | None = None
    histogram: list[float] | None = None


Results = Mapping[str, Mapping[str, Metric]]
"""Metrics by name, of every method by name."""


def with_prefix(results: Results, prefix: str) -> dict[str, Mapping[str, Metric]]:
    """Return the results whose names begin with `prefix`, without it."""
    return {name.removeprefix(prefix): found for name, found in results.items() if name.startswith(prefix)}


def finite(figures: Mapping[str, Metric]) -> dict[str, Metric]:
    """Leave out figures that have no number."""
    return {name: figure for name, figure in figures.items() if math.isfinite(figure.value)}


class Report(msgspec.Struct):
    """What a command measured. Times in ms, rates in frames/s, memory in MB.

    Attributes:
        notes: what a reader must know: skipped files, methods left out, ...
    """

    command: str
    settings: dict[str, Any]
    results: dict[str, dict[str, Metric]]
    version: str = __version__
    device: str = ""
    notes: list[str] = []

    def __post_init__(self) -> None:
        self.device = self.device or f"{platform.machine()} CPU, {torch.get_num_threads()} torch threads"

    def save(self, path: Path) -> None:
        """Write the report as JSON, whole or not at all; its folder is made if needed."""
        path.parent.mkdir(parents=True, exist_ok=True)
        with write_whole(path) as hidden:
            hidden.write_bytes(msgspec.json.format(msgspec.json.encode(self), indent=1) + b"\n")

    def show(self, only: Sequence[str] = ()) -> None:
        """Print the report as a table with a row per name and a column per metric, or transposed where that is narrower.

        Args:
            only: the metrics to print; all by default.
        """
        console = screen()
        self.show_table(only, console)
        for note in self.notes:
            console.print(f"Note: {note}", highlight=False, markup=False)

    def show_table(self, only: Sequence[str] = (), console: Console | None = None) -> None:
        """Print the table alone: the metrics `only`, or all, of the names that have any of them."""
        console = console or screen()
        there = dict.fromkeys(metric for row in self.results.values() for metric in row)
        metrics = [metric for metric in only if metric in there] if only else list(there)
        table = self._table(metrics, _cell)
        if Console(width=1000).measure(table).maximum > console.width:
            table = self._table(metrics, _short_cell)
        console.print(table)

    def _table(self, metrics: list[str], cell: Callable[[Metric | None], str]) -> Table:
        table = Table(title=f"{self.command} ({self.device})")
        table.add_column("", no_wrap=True)
        rows = {name: row for name, row in self.results.items() if any(metric in row for metric in metrics)}
        across = metrics if len(metrics) <= max(8, len(rows)) else list(rows)
        for heading in across:
            table.add_column(heading.replace("_", " "), justify="right", overflow="fold")
        if across is metrics:
            for name, row in rows.items():
                table.add_row(name, *(cell(row.get(metric)) for metric in metrics))
        else:
            for metric in metrics:
                table.add_row(metric, *(cell(row.get(metric)) for row in rows.values()))
        return table


def screen() -> Console:
    """Return the console that reports are printed to; for a file or a pipe it is 160 characters wide."""
    console = Console()
    return console if console.is_terminal else Console(width=160)


class Comparison(msgspec.Struct, frozen=True):
    """A paired test of two methods on the same windows.

    Attributes:
        metric: the metric that is compared.
        method, against: names of the two methods.
        difference: the method's value minus the other's.
        low, high: 95 % interval of the difference; None where there are too few people for one.
        p: two-sided p value of the hypothesis that there is no difference.
    """

    metric: str
    method: str
    against: str
    difference: float
    low: float | None = None
    high: float | None = None
    p: float | None = None


class ComparisonReport(Report, kw_only=True):
    """A report with paired tests between methods."""

    comparisons: list[Comparison] = []

    def show(self, only: Sequence[str] = ()) -> None:
        """Print the report and the tests of its first metric."""
        super().show(only)
        console = screen()
        for test in self.comparisons:
            if test.metric == next(iter(only), test.metric):
                console.print(f"{test.metric}: {test.method} - {test.against} = {_difference(test)}", highlight=False)

    def find(self, metric: str, method: str, against: str) -> Comparison | None:
        """Return the test of `method` against the other one, with the sign turned where it was made the other way round."""
        for test in self.comparisons:
            if test.metric == metric and {test.method, test.against} == {method, against}:
                if test.method == method:
                    return test
                low, high = (None, None) if test.low is None or test.high is None else (-test.high, -test.low)
                return Comparison(metric, method, against, -test.difference, low, high, test.p)
        return None


def _difference(test: Comparison) -> str:
    if test.low is None or test.high is None or test.p is None:
        return f"{test.difference:+.3g}"
    return f"{test.difference:+.3g} \\[{test.low:+.3g}, {test.high:+.3g}], p = {test.p:.2g}"


def _cell(metric: Metric | None) -> str:
    if metric is None or metric.low is None or metric.high is None:
        return _short_cell(metric)
    return f"{metric.value:.3g} \\[{metric.low:.3g}, {metric.high:.3g}]"


def _short_cell(metric: Metric | None) -> str:
    return "" if metric is None else f"{metric.value:.3g}"
