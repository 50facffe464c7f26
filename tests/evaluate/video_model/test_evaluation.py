import json
import re

import numpy as np
import pytest
from typer.testing import CliRunner

from backend.__main__ import app
from backend.core.errors import InputError, ModelError
from backend.evaluate.report.blocks import spaced_to_end
from backend.evaluate.report.page import ReportPage
from backend.evaluate.report.report import Comparison, ComparisonReport, Metric, with_prefix
from backend.evaluate.video_model import captions as captions_module
from backend.evaluate.video_model import drift as drift_module
from backend.evaluate.video_model.evaluation import SECTIONS, StarFlowOptions, evaluate_starflow
from backend.evaluate.video_model.html import repeat, write_starflow
from backend.evaluate.video_model.text import fastest, goals, summary
from tests.evaluate.animation.test_html import Page
from tests.media.made import cut, moving, video


@pytest.fixture(scope="module")
def videos(tmp_path_factory):
    """Two people long enough for three windows, one too short, one cut off, and one without a face."""
    folder = tmp_path_factory.mktemp("videos")
    video(folder / "one.mp4", moving(52), fps=12.5)
    video(folder / "two.mp4", (frame[:, :, ::-1] for frame in moving(51)), fps=12.5)
    video(folder / "short.mp4", moving(6), fps=12.5)
    cut(video(folder / "torn.mp4", moving(26), fps=12.5))
    video(folder / "none.mp4", [np.full((256, 256, 3), 90, np.uint8)] * 10)
    return folder


@pytest.fixture(scope="module")
def found(videos, flow_folder, small_models, tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(captions_module, "MOTIONS", ("still", "nods"))
        seen = []
        settings = StarFlowOptions(count=2, windows=2, per_clip=1, threads=1)
        missing = tmp_path_factory.mktemp("nothing")
        done = evaluate_starflow(
            videos, flow_folder, missing, small_models, options=settings, progress=lambda *words: seen.append(words)
        )
        assert {words for words, _, _ in seen} >= {"videos", "likelihood", "inversion", "clean-up", "drift", "futures", "edits"}
        assert all(0 <= part <= whole for _, part, whole in seen)
        return done


def test_every_section_is_measured_and_every_figure_has_a_heading(found):
    results = found.report.results
    page = ReportPage(found.report, [], "")
    names = [section.name for section in page.text.sections]
    for section in SECTIONS:
        rows = with_prefix(results, f"{section}_")
        assert rows, section
        measured = {metric for entries in rows.values() for metric in entries}
        assert {column.metric for column in page.columns(section)} <= measured, section
    assert len(names) == len(set(names)) and set(names) == {"goals", *SECTIONS}
    assert all(np.isfinite(metric.value) for entries in results.values() for metric in entries.values())
    assert found.report.settings["people"] == 2 and found.report.settings["drift_windows"] == 1


def test_what_is_missing_is_said(found):
    notes = " ".join(found.report.notes)
    assert "none.mp4 is left out" in notes and "torn.mp4 is cut off" in notes
    assert "The regression is left out: There is no starflow in" in notes


def test_the_report_is_plain_json(found, tmp_path):
    found.report.save(tmp_path / "report.json")
    read = json.loads((tmp_path / "report.json").read_text())
    assert read["command"] == "evaluate starflow"
    assert {"value", "low", "high", "per_step"} <= read["results"]["futures_video_flow"]["mae"].keys()


def test_the_tables_are_shown_section_by_section(found, capsys):
    found.report.show()
    shown = " ".join(capsys.readouterr().out.split())
    for words in SECTIONS.values():
        assert words in shown
    assert "Note: none.mp4 is left out" in shown


def test_the_page_is_whole_and_needs_no_network(found, tmp_path):
    page = write_starflow(found, tmp_path / "new").read_text()
    read = Page(page)
    assert read.open == []
    assert read.sources and all(source.startswith("data:") for source in read.sources)
    assert sum(source.startswith("data:video/mp4") for source in read.sources) == 2 + 1 + 2
    assert not re.search(r"url\((?!data:|#)", page)
    for section in ReportPage(found.report, [], "").text.sections:
        assert section.title in read.text


def test_without_the_keypoint_path_and_long_videos_the_rest_is_measured(videos, flow_folder, tmp_path, monkeypatch):
    monkeypatch.setattr(captions_module, "MOTIONS", ("still",))
    monkeypatch.setattr("backend.evaluate.video_model.evaluation.LENGTH", 200)
    settings = StarFlowOptions(count=2, windows=1, per_clip=1, threads=1)
    done = evaluate_starflow(videos, flow_folder, tmp_path, tmp_path, options=settings)
    notes = " ".join(done.report.notes)
    assert "The keypoint path is left out" in notes and "Drift is left out" in notes
    assert "futures_video_flow" in done.report.results and not any("drift" in name for name in done.report.results)
    assert "Three windows in a row" not in write_starflow(done, tmp_path / "page").read_text()
    assert drift_module.LENGTH == 48


def test_bad_input_is_refused_with_a_reason(videos, flow_folder, small_models, tmp_path):
    with pytest.raises(ModelError) as missing:
        evaluate_starflow(videos, tmp_path, tmp_path, small_models)
    assert missing.value.code == "starflow_missing"
    with pytest.raises(InputError) as nowhere:
        evaluate_starflow(tmp_path / "nowhere", flow_folder, tmp_path, small_models)
    assert nowhere.value.code == "data_missing"
    video(tmp_path / "short.mp4", moving(6), fps=12.5)
    with pytest.raises(InputError) as short:
        evaluate_starflow(tmp_path, flow_folder, tmp_path, small_models)
    assert short.value.code == "data_short"
    with pytest.raises(InputError) as device:
        evaluate_starflow(videos, flow_folder, tmp_path, small_models, options=StarFlowOptions(device="abacus"))
    assert device.value.code == "device_unusable"


def test_the_verb_says_what_is_wrong_with_its_options(videos, tmp_path):
    run = CliRunner().invoke(app, ["evaluate", "starflow", "--videos", str(videos), "--model", str(tmp_path)])
    assert isinstance(run.exception, ModelError)
    run = CliRunner().invoke(app, ["evaluate", "starflow", "--videos", str(videos), "--count", "1"])
    assert run.exit_code == 2


def metric(value):
    return Metric(value, 0.9 * value, 1.1 * value, [value] * 48)


def report(**changed):
    results = {
        "round_trip_jacobi": {"max_error": 2e-6},
        "inversion_sequential": {"draw_error": 0.0},
        "inversion_block_16": {"saved": 9.0, "faster": 5.0, "draw_error": 5e-4},
        "inversion_block_64": {"saved": 20.0, "faster": 8.0, "draw_error": 2e-3},
        "draw_1": {"ms": 1500.0},
        "draw_8": {"ms": 7000.0},
        "likelihood_flow": {"bits": 0.5},
        "likelihood_last_frame_gaussian": {"bits": 0.7},
        "futures_video_flow": {"mae_best8": 0.020, "apd_over_mae": 0.8, "motion": 0.9, "sharpness": 0.95},
        "futures_copy_last": {"mae_best8": 0.025},
        "futures_keypoint_nf": {"mae_best8": 0.022, "apd_over_mae": 0.7},
        "cleanup_no_noise_removal": {"psnr": 25.0, "flicker": 0.02},
        "cleanup_score_step": {"psnr": 26.0},
        "cleanup_flow_score_matching": {"psnr": 28.0, "flicker": 0.01},
        "drift_flow": {"sharpness": 0.9, "motion_left": 0.8, "mae": 0.06},
        "drift_regression": {"sharpness": 0.6, "motion_left": 0.3, "mae": 0.05},
    }
    for name, entries in changed.items():
        results[name] = results[name] | entries
    tests = [Comparison("mae_best8", "futures_video_flow", "futures_copy_last", -0.005, -0.008, -0.002, 0.0004, 0.0008)]
    figures = {name: {key: metric(value) for key, value in entries.items()} for name, entries in results.items()}
    return ComparisonReport("evaluate starflow", {"device": "cpu", "count": 8}, figures, comparisons=tests)


def test_goals_are_met_or_missed_by_the_figures():
    assert [goal.verdict for goal in goals(report())] == ["met"] * 5
    assert fastest(report()) == "inversion_block_16"  # the larger block is faster, but does not draw the same
    for place, change in enumerate(
        (
            {"round_trip_jacobi": {"max_error": 2e-4}},
            {"inversion_block_16": {"faster": 3.0}},
            {"draw_1": {"ms": 6000.0}},
            {"likelihood_flow": {"bits": 0.8}},
            {"futures_video_flow": {"mae_best8": 0.026}},
        )
    ):
        assert [number for number, goal in enumerate(goals(report(**change))) if goal.verdict == "missed"] == [place]
    none = goals(report(inversion_block_16={"draw_error": 1.0}))
    assert none[1].verdict == "missed" and "no block size" in none[1].found


def test_a_lead_that_chance_could_explain_is_not_a_goal_met():
    unsure = report()
    unsure.comparisons = [Comparison("mae_best8", "futures_video_flow", "futures_copy_last", -0.005, -0.02, 0.01, 0.2, 0.3)]
    assert goals(unsure)[4].verdict == "not sure" and "p = 0.3" in goals(unsure)[4].found


def test_the_verdict_is_in_words():
    words = summary(report())
    assert words[0].startswith("The best of 8 futures has an error of 0.0200 [0.0180, 0.0220], copy_last 0.0250 (difference")
    assert "p < 0.001" in words[0]
    assert any("blocks of 16" in sentence and "9.0 [8.1, 9.9] times fewer passes" in sentence for sentence in words)
    assert words[-1].endswith(
        "0.90 times as sharp as the truth (regression 0.60), moves 0.80 times as much (0.30) and has an error of 0.060 (0.050)."
    )


def test_strips_show_frames_evenly_spread_up_to_the_last():
    assert spaced_to_end(16, 8) == [1, 3, 5, 7, 9, 11, 13, 15]
    assert spaced_to_end(5, 8) == [0, 1, 2, 3, 4]
    assert spaced_to_end(24, 8)[-1] == 23 and len(spaced_to_end(17, 8)) == 8


def test_the_command_repeats_the_settings():
    settings = {"count": 8, "windows": 16, "per_clip": 2, "seed": 7, "threads": 2, "device": "cuda", "size": 64}
    assert repeat(settings) == (
        "motionfan evaluate starflow --videos DIR --count 8 --windows 16 --per-clip 2 --seed 7 --threads 2 --device cuda "
        "--html OUT"
    )
