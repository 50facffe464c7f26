"""A report as one web page: sections of text from `texts/*.toml`, filled with blocks; no network, light and dark."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import Any

import jinja2
import msgspec

from backend.core.files import write_whole
from backend.evaluate.report.blocks import (
    Block,
    FoldBlock,
    TableBlock,
    TableCell,
    TableColumn,
    best_method,
    comparison_table,
    metric_cell,
)
from backend.evaluate.report.report import ComparisonReport, Report, Results
from backend.evaluate.report.style import colour

HERE = Path(__file__).parent

HIDDEN_SETTINGS = ("methods", "sweeps")
"""Settings that the tables of a report show anyway."""


class SectionText(msgspec.Struct):
    """Texts of a section, each a Jinja template.

    Attributes:
        columns: of its table of metrics.
        notes: paragraphs between its blocks, by name.
    """

    name: str
    title: str
    text: str
    columns: list[TableColumn] = []
    notes: dict[str, str] = {}


class PageText(msgspec.Struct):
    """Texts of a page.

    Attributes:
        main_metric: the metric whose paired tests are not folded.
    """

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
            "shown_settings": {key: value for key, value in report.settings.items() if key not in HIDDEN_SETTINGS},
            "people": f"{people} {'person' if people == 1 else 'people'}",
            "summary": summary,
            "command": command,
            **values,
        }
        self._environment = jinja2.Environment(
            loader=jinja2.FileSystemLoader(HERE / "templates"),
            autoescape=True,
            undefined=jinja2.StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
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
        return [
            msgspec.structs.replace(column, metric=self.fill(column.metric), title=self.fill(column.title)) for column in found
        ]

    def metric_table(
        self, section: str, results: Results, first: str = "Method", references: Collection[str] = (), dots: bool = True
    ) -> TableBlock:
        """Lay out results in the columns of a section: a row per name, the best value of each column marked.

        Args:
            section: name of the section.
            results: the rows; those without any of the columns are left out, and columns without a value too.
            first: heading of the first column.
            references: names that are never marked as the best.
            dots: whether a dot in the colour of its method precedes each name.
        """
        columns = [column for column in self.columns(section) if any(column.metric in found for found in results.values())]
        rivals = {name: found for name, found in results.items() if name not in references}
        best = {}
        for column in columns:
            if len({found[column.metric].value for found in rivals.values() if column.metric in found}) > 1:
                best[column.metric] = best_method(rivals, column)
        rows = []
        for name, found in results.items():
            if any(column.metric in found for column in columns):
                cells = [
                    metric_cell(found.get(column.metric), "best" if best.get(column.metric) == name else "", column.decimals)
                    for column in columns
                ]
                rows.append([TableCell(name, dot=colour(name) if dots else ""), *cells])
        return TableBlock([(first, ""), *((column.title, column.hint) for column in columns)], rows)

    def write(self, folder: Path) -> Path:
        """Write `index.html`, whole or not at all, into a folder, which is made if needed, and return its path.

        Raises:
            OSError: it cannot be written.
        """
        page = self._environment.get_template("page.html").render(
            self._values, page=self.text, blocks=self._blocks, tests=self._tests()
        )
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / "index.html"
        with write_whole(path) as hidden:
            hidden.write_text(page, encoding="utf-8")
        return path

    def _tests(self) -> list[Block]:
        """Return the tables of paired tests: those of the main metric open, the others folded."""
        tests = self._report.comparisons if isinstance(self._report, ComparisonReport) else []
        main = [test for test in tests if test.metric == self.text.main_metric]
        rest = [test for test in tests if test.metric != self.text.main_metric]
        blocks: list[Block] = [comparison_table(main)] if main else []
        if rest:
            blocks.append(FoldBlock("Tests of other metrics" if main else f"{len(rest)} tests", [comparison_table(rest)]))
        return blocks
