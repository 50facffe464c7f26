"""The page of `evaluate starflow`: which blocks go into its sections."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from backend.evaluate.report.blocks import Block, ChartBlock, NoteBlock, TableBlock, TableCell, fold
from backend.evaluate.report.page import ReportPage
from backend.evaluate.report.prose import command_line
from backend.evaluate.report.report import with_prefix
from backend.evaluate.video_model import charts, pictures
from backend.evaluate.video_model.evaluation import SECTIONS, StarFlowResults
from backend.evaluate.video_model.text import goals, summary

REFERENCES = ("truth", "reconstruction_bound", "reconstruction", "keypoint_true_motion")
"""Rows that know the answer: never marked as the best of a column."""

MAX_FILMS = 3
"""Windows whose futures are shown in motion."""


def write_starflow(evaluation: StarFlowResults, folder: Path) -> Path:
    """Write the report as `index.html` into a folder and return its path; it contains frames of the videos."""
    report = evaluation.report
    results, count = report.results, int(report.settings["count"])
    page = ReportPage(report, summary(report), repeat(report.settings))
    rows = [[TableCell(goal.aim), TableCell(goal.found), TableCell(goal.verdict, css=goal.css)] for goal in goals(report)]
    page.add("goals", TableBlock([("Goal", ""), ("Measured", ""), ("", "")], rows))
    for section in SECTIONS:
        found = with_prefix(results, f"{section}_")
        if found:
            page.add(section, page.metric_table(section, found, "", REFERENCES))
    page.add("likelihood", ChartBlock(charts.bits_by_frame(results)))
    page.add("inversion", ChartBlock(charts.blocks(results)))
    page.add("futures", ChartBlock(charts.futures_by_frame(results, count)))
    if evaluation.drift_example:
        page.add("drift", ChartBlock(charts.drift_by_frame(results)), pictures.strips("", evaluation.drift_example, 12))
    media: dict[str, tuple[list[Block], list[Block]]] = {
        "futures": (
            [pictures.future_film(example) for example in evaluation.futures_examples[:MAX_FILMS]],
            [pictures.future_strips(example) for example in evaluation.futures_examples],
        ),
        "retold": (
            [pictures.edited_film(edited) for edited in evaluation.edit_examples],
            [pictures.strips(edited.clip, edited.rows) for edited in evaluation.edit_examples],
        ),
        "told": (
            [*pictures.caption_films(evaluation.caption_examples)],
            [pictures.strips(captioned.caption, captioned.rows) for captioned in evaluation.caption_examples],
        ),
    }
    for section, (films, strips) in media.items():
        if films:
            page.add(section, NoteBlock("films"), *films, *fold(strips, 1))
    return page.write(folder)


def repeat(settings: Mapping[str, Any]) -> str:
    """Return the command that repeats the evaluation."""
    options: dict[str, object] = {"videos": "DIR"}
    options |= {name: settings[name] for name in ("count", "windows", "per_clip", "seed", "threads")}
    options["device"] = None if settings["device"] == "cpu" else settings["device"]
    return command_line("evaluate starflow", options)
