"""A report as one web page: sections of text from `texts/*.toml`, filled with blocks; no network, light and dark."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import Any

import jinja2
import msgspec

from backend.core.files import printable, write_whole
from backend.evaluate.report.blocks import (
    Block,
    TableBlock,
    TableCell,
    TableColumn,
    best_method,
    comparison_blocks,
    metric_cell,
)
from backend.evaluate.report.report import ComparisonReport, Report, Results
from backend.evaluate.report.style import colour

HERE = Path(__file__).parent


class SectionText(msgspec.Struct):
    """Texts of a section, each a Jinja template: also the columns of its table of metrics, and notes by name."""

    name: str
    title: str
    text: str
    columns: list[TableColumn] = []
    notes: dict[str, str] = {}


class PageText(msgspec.Struct):
    """Texts of a page; the paired tests of `main_metric` are not folded."""

    title: str
    heading: str
    lead: str
    sections: list[SectionText]
    main_metric: str = ""


class ReportPage:
    """The page of one report. Sections appear in the order of their texts; those without blocks are left out.

    Args:
        report: its command, as in `evaluate forecast`, selects the texts.
        summary: the verdict in sentences, the most important one first.
        command: repeats the evaluation.
        **values: whatever else the texts refer to.
    """

    def __init__(self, report: Report, summary: list[str], command: str, **values: object) -> None:
        path = HERE / "texts" / f"{report.command.split()[-1]}.toml"
        self.text = msgspec.toml.decode(path.read_bytes(), type=PageText)
        self._report = report
        self._blocks: dict[str, list[Block]] = {section.name: [] for section in self.text.sections}
        people = report.settings.get("people")
        self._values: dict[str, Any] = {
            "report": report,
            "settings": report.settings,
            "people": f"{people} {'person' if people == 1 else 'people'}",
            "summary": summary,
            "command": command,
            **values,
        }
        loader, undefined = jinja2.FileSystemLoader(HERE / "templates"), jinja2.StrictUndefined
        self._environment = jinja2.Environment(
            loader=loader, undefined=undefined, autoescape=True, trim_blocks=True, lstrip_blocks=True
        )
        self._environment.filters["fill"] = self.fill

    def fill(self, text: str) -> str:
        """Fill a text with the values of this page; the result is HTML."""
        return self._environment.from_string(str(text)).render(self._values)

    def add(self, section: str, *blocks: Block) -> None:
        """Append blocks to a section."""
        self._blocks[section] += blocks

    def columns(self, section: str) -> list[TableColumn]:
        """Return the columns of a section's table."""
        (found,) = (entry.columns for entry in self.text.sections if entry.name == section)
        return [msgspec.structs.replace(each, metric=self.fill(each.metric), title=self.fill(each.title)) for each in found]

    def metric_table(
        self, section: str, results: Results, first: str = "Method", references: Collection[str] = (), dots: bool = True
    ) -> TableBlock:
        """Lay out results in the columns of a section: a row per name, the best value of each column marked.

        Args:
            section: whose columns; those without a value are left out.
            results: the rows; those without any of the columns are left out.
            first: heading of the first column.
            references: names that are never marked as the best.
            dots: whether a dot in the colour of its method precedes each name.
        """
        columns = [column for column in self.columns(section) if any(column.metric in found for found in results.values())]
        rivals = {name: found for name, found in results.items() if name not in references}
        best = [best_method(rivals, column) for column in columns]
        rows = []
        for name, found in results.items():
            if any(column.metric in found for column in columns):
                cells = [metric_cell(found.get(column.metric), column.decimals) for column in columns]
                for cell, winner in zip(cells, best, strict=True):
                    cell.css = "best" if winner == name else ""
                rows.append([TableCell(name, dot=colour(name) if dots else ""), *cells])
        return TableBlock([(first, ""), *((column.title, column.hint) for column in columns)], rows)

    def write(self, folder: Path) -> Path:
        """Write `index.html`, whole or not at all, into a folder, which is made if needed, and return its path."""
        comparisons = self._report.comparisons if isinstance(self._report, ComparisonReport) else []
        tests = comparison_blocks(comparisons, self.text.main_metric)
        template = self._environment.get_template("page.html")
        page = template.render(self._values, page=self.text, blocks=self._blocks, tests=tests)
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / "index.html"
        with write_whole(path) as hidden:
            hidden.write_text(printable(page), encoding="utf-8")
        return path
