"""One shape for every figure the project prints: on screen as a table, on disk as JSON."""

from __future__ import annotations

import platform
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import msgspec
import torch
from rich.console import Console
from rich.table import Table

from backend import __version__


class Metric(msgspec.Struct, omit_defaults=True):
    """A figure: its value, its 95 % interval where there is one, its values per step and its histogram where they apply."""

    value: float
    low: float | None = None
    high: float | None = None
    per_step: list[float] | None = None
    histogram: list[float] | None = None


class Report(msgspec.Struct):
    """What a command measured. Times in ms, rates in frames/s, memory in MB.

    Attributes:
        notes: what a reader must know: files passed over, methods left out, ...
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
        """Write the report as JSON."""
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(msgspec.json.format(msgspec.json.encode(self), indent=1) + b"\n")

    def show(self, only: Sequence[str] = ()) -> None:
        """Print the report as a table: one row a name, one column a metric; the other way round where that is narrower.

        Args:
            only: the metrics that are printed; all by default.
        """
        console = screen()
        self.show_table(only, console)
        for note in self.notes:
            console.print(f"Note: {note}", highlight=False, markup=False)

    def show_table(self, only: Sequence[str] = (), console: Console | None = None) -> None:
        """Print the table of some metrics alone, of the names that have any of them."""
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
    """Return where reports are printed; a file or pipe is as wide as a table needs it."""
    console = Console()
    return console if console.is_terminal else Console(width=160)


class Comparison(msgspec.Struct, frozen=True):
    """A paired test of two methods on the same windows.

    Attributes:
        metric: what is compared.
        method, against: the two names.
        difference: the method's figure less the other's.
        low, high: its 95 % interval, None where it cannot be told.
        p: two-sided, of no difference.
    """

    metric: str
    method: str
    against: str
    difference: float
    low: float | None = None
    high: float | None = None
    p: float | None = None


class ComparisonReport(Report, kw_only=True):
    """A report of methods that are tested against each other.

    Attributes:
        comparisons: the tests.
    """

    comparisons: list[Comparison] = []

    def show(self, only: Sequence[str] = ()) -> None:
        """Print the report, and the tests of its first metric."""
        super().show(only)
        console = screen()
        for test in self.comparisons:
            if test.metric == next(iter(only), test.metric):
                console.print(f"{test.metric}: {test.method} - {test.against} = {_difference(test)}", highlight=False)


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
