"""The page of `evaluate animation`: which blocks go into its sections."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from backend.core.types import CLOCK_S
from backend.evaluate.animation import pictures
from backend.evaluate.animation.evaluation import AnimationResults
from backend.evaluate.animation.futures import EVERY, PREFIX
from backend.evaluate.animation.text import summary
from backend.evaluate.report.blocks import ChartBlock, StripsBlock, fold
from backend.evaluate.report.page import ReportPage
from backend.evaluate.report.prose import command_line
from backend.evaluate.report.report import with_prefix

SHOWN, SHOWN_STRIPS = 8, 2
"""Rows of pictures, and windows of futures, that are not folded."""

STILL = ("copy_source",)
"""The method that shows the first frame again."""


def write_animation(evaluation: AnimationResults, folder: Path) -> Path:
    """Write the report as `index.html` into a folder and return its path; it contains frames of the videos."""
    report, measured, futures = evaluation.report, evaluation.summary, evaluation.futures
    methods = {name: found for name, found in report.results.items() if not name.startswith(PREFIX)}
    page = ReportPage(report, summary(report, measured.leading), repeat(report.settings), leading=measured.leading)
    films = (*measured.video_examples, *measured.cross_video_examples)
    page.add("films", *(pictures.method_film(example, measured.methods) for example in films))
    moving_first = sorted(measured.examples, key=lambda example: -example.scores["copy_source"]["l1"])
    page.add("rebuilt", *fold([pictures.rebuilt_row(example) for example in moving_first], SHOWN))
    page.add("reconstruction", page.metric_table("reconstruction", methods, references=STILL))
    page.add("people", ChartBlock(pictures.per_person(measured.frames, list(methods))))
    page.add("worst", *(pictures.inspected_row(example, evaluation) for example in measured.worst))
    if measured.cross_examples:
        page.add("transfer", page.metric_table("transfer", methods, references=STILL))
        page.add("transfer", *fold([pictures.crossed_row(example) for example in measured.cross_examples], SHOWN))
    rendered = with_prefix(report.results, PREFIX)
    if futures is not None and rendered:
        steps = report.settings["futures_of"]["steps"]
        axis = [f"+{step * CLOCK_S * EVERY:.2f} s" for step in range(1, steps + 1)]
        strips = [StripsBlock.of(strip, steps, axis) for strip in futures.examples]
        page.add("futures", page.metric_table("futures", rendered), ChartBlock(pictures.per_step(rendered)))
        page.add("futures", *fold(strips, SHOWN_STRIPS))
    page.add("speed", ChartBlock(pictures.speed(methods)))
    return page.write(folder)


def repeat(settings: Mapping[str, Any]) -> str:
    """Return the command that repeats the evaluation."""
    options = {name: settings[name] for name in ("frames", "futures", "windows", "seed", "threads")}
    options |= {"device": None if settings["device"] == "cpu" else settings["device"]}
    return command_line("evaluate animation", {"videos": "DIR", "methods": ",".join(settings["methods"])} | options)
