"""What a command measured: metrics, tests between methods, a table in the terminal and a JSON file."""

from __future__ import annotations

import math
import platform
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec
import torch
from rich.console import Console
from rich.table import Table

from backend import __version__
from backend.core.files import printable, write_whole


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
    """What a command measured, in ms, frames/s and MB; `notes` name skipped files, methods left out, ..."""

    command: str
    settings: dict[str, Any]
    results: dict[str, dict[str, Metric]]
    version: str = __version__
    device: str = msgspec.field(default_factory=lambda: f"{platform.machine()} CPU, {torch.get_num_threads()} torch threads")
    notes: list[str] = []

    def save(self, path: Path) -> None:
        """Write the report as JSON, whole or not at all; its folder is made if needed."""
        path.parent.mkdir(parents=True, exist_ok=True)
        with write_whole(path) as hidden:
            hidden.write_bytes(msgspec.json.format(msgspec.json.encode(_printed(msgspec.to_builtins(self))), indent=1) + b"\n")

    def show(self, only: Sequence[str] = ()) -> None:
        """Print the table of `show_table` and the notes."""
        console = screen()
        self.show_table(only, console)
        for note in self.notes:
            console.print(f"Note: {note}", highlight=False, markup=False)

    def show_table(self, only: Sequence[str] = (), console: Console | None = None) -> None:
        """Print the metrics `only`, or all: a row per name and a column per metric, or transposed where that is narrower."""
        console = console or screen()
        present = dict.fromkeys(metric for row in self.results.values() for metric in row)
        metrics = [metric for metric in only if metric in present] if only else list(present)
        table = self._table(metrics, intervals=True)
        if Console(width=1000).measure(table).maximum > console.width:
            table = self._table(metrics, intervals=False)
        console.print(table)

    def _table(self, metrics: list[str], intervals: bool) -> Table:
        rows = {name: row for name, row in self.results.items() if any(metric in row for metric in metrics)}
        grid = [["", *metrics]]
        grid += [[name, *(_cell(row.get(metric), intervals) for metric in metrics)] for name, row in rows.items()]
        if len(metrics) > max(8, len(rows)):
            grid = [list(column) for column in zip(*grid, strict=True)]
        table = Table(title=f"{self.command} ({self.device})")
        table.add_column("", no_wrap=True)
        for heading in grid[0][1:]:
            table.add_column(heading.replace("_", " "), justify="right", overflow="fold")
        for line in grid[1:]:
            table.add_row(*line)
        return table


def _printed(value: Any) -> Any:
    """Return plain data with every text printable."""
    if isinstance(value, dict):
        return {_printed(key): _printed(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_printed(each) for each in value]
    return printable(value) if isinstance(value, str) else value


def screen() -> Console:
    """Return the console that reports are printed to; for a file or a pipe it is 160 characters wide."""
    console = Console()
    return console if console.is_terminal else Console(width=160)


MAX_P = 0.05
"""Corrected p below which a difference is called significant."""


class Comparison(msgspec.Struct, frozen=True):
    """A paired test of two methods on the same windows: 95 % interval and p are None where there are too few people."""

    metric: str
    method: str
    against: str
    difference: float  # value of `method` minus that of `against`
    low: float | None = None
    high: float | None = None
    p: float | None = None  # two-sided, of the hypothesis that there is no difference, by sign flips over people
    p_holm: float | None = None  # corrected for all tests of the same metric in the report

    @property
    def significant(self) -> bool | None:
        """Whether the corrected p is below `MAX_P`; None where there is none."""
        return None if self.p_holm is None else self.p_holm < MAX_P


class ComparisonReport(Report, kw_only=True):
    """A report with paired tests between methods."""

    comparisons: list[Comparison] = []

    def show(self, only: Sequence[str] = ()) -> None:
        """Print the report and the tests of its first metric."""
        super().show(only)
        console = screen()
        for test in self.comparisons:
            if test.metric == next(iter(only), test.metric):
                ends = "" if test.low is None else f" \\[{test.low:+.3g}, {test.high:+.3g}]"
                p = "" if test.p is None or test.p_holm is None else f", p = {test.p:.2g}, corrected {test.p_holm:.2g}"
                line = f"{test.metric}: {test.method} - {test.against} = {test.difference:+.3g}{ends}{p}"
                console.print(line, highlight=False)

    def find(self, metric: str, method: str, against: str) -> Comparison | None:
        """Return the test of two methods, its sign turned where it was made the other way round.

        Args:
            metric: what was compared.
            method: the method whose difference is wanted.
            against: the other method.
        """
        for test in self.comparisons:
            if test.metric == metric and {test.method, test.against} == {method, against}:
                if test.method == method:
                    return test
                low, high = (None, None) if test.low is None or test.high is None else (-test.high, -test.low)
                return Comparison(metric, method, against, -test.difference, low, high, test.p, test.p_holm)
        return None


def _cell(metric: Metric | None, intervals: bool) -> str:
    if metric is None:
        return ""
    return f"{metric.value:.3g}" + (f" \\[{metric.low:.3g}, {metric.high:.3g}]" if intervals and metric.low is not None else "")
