"""The page of `evaluate starflow`: which blocks go into its sections."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from backend.evaluate.report.blocks import ChartBlock, NoteBlock, StripsBlock, TableBlock, TableCell, fold
from backend.evaluate.report.page import ReportPage
from backend.evaluate.report.prose import command_line
from backend.evaluate.report.report import with_prefix
from backend.evaluate.video_model import charts, pictures
from backend.evaluate.video_model.evaluation import SECTIONS, StarFlowResults
from backend.evaluate.video_model.text import goals, summary

REFERENCES = ("truth", "reconstruction_bound", "reconstruction", "keypoint_true_motion")
"""Rows that know the answer: never marked as the best of a column."""

CSS = {"met": "met", "missed": "missed", "not sure": "unsure"}
"""Verdict on a goal -> its CSS class."""

MAX_FILMS = 3
"""Windows whose futures are shown in motion."""


def write_starflow(evaluation: StarFlowResults, folder: Path) -> Path:
    """Write the report as `index.html` into a folder and return its path; it contains frames of the videos."""
    report = evaluation.report
    results, count = report.results, int(report.settings["count"])
    page = ReportPage(report, summary(report), repeat(report.settings))
    rows = [[TableCell(aim), TableCell(found), TableCell(verdict, css=CSS[verdict])] for aim, found, verdict in goals(report)]
    page.add("goals", TableBlock([("Goal", ""), ("Measured", ""), ("", "")], rows))
    for section in SECTIONS:
        found = with_prefix(results, f"{section}_")
        if found:
            page.add(section, page.metric_table(section, found, "", REFERENCES))
    page.add("likelihood", ChartBlock(charts.bits_by_frame(results)))
    page.add("inversion", ChartBlock(charts.blocks(results)))
    page.add("futures", ChartBlock(charts.futures_by_frame(results, count)))
    for clips in evaluation.drift_examples:
        page.add("drift", ChartBlock(charts.drift_by_frame(results)), StripsBlock.of(clips, 12))
    futures, edits, captions = evaluation.futures_examples, evaluation.edit_examples, evaluation.caption_examples
    page.add("futures", NoteBlock("films"), *(pictures.future_film(example) for example in futures[:MAX_FILMS]))
    page.add("futures", *fold([pictures.future_strips(example) for example in futures], 1))
    page.add("retold", NoteBlock("films"), *(pictures.edited_film(clips) for clips in edits))
    page.add("retold", *fold([StripsBlock.of(clips) for clips in edits], 1))
    page.add("told", NoteBlock("films"), pictures.caption_film(captions))
    page.add("told", *fold([StripsBlock.of(clips) for clips in captions], 1))
    return page.write(folder)


def repeat(settings: Mapping[str, Any]) -> str:
    """Return the command that repeats the evaluation."""
    options = {name: settings[name] for name in ("count", "windows", "per_clip", "seed", "threads")}
    options |= {"device": None if settings["device"] == "cpu" else settings["device"]}
    return command_line("evaluate starflow", {"videos": "DIR"} | options)
