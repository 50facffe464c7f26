import json
import re
from dataclasses import replace

import numpy as np
import pytest
import torch
from typer.testing import CliRunner

from backend.__main__ import app
from backend.core.errors import InputError
from backend.core.recording import Recording
from backend.core.types import CLOCK_S, ForecastSettings
from backend.evaluate.common.inputs import load_inputs
from backend.evaluate.common.methods import (
    NAMES,
    SAME_DRAWS,
    PathForecaster,
    build_methods,
    shipped_refinement,
)
from backend.evaluate.common.windows import ContextHorizon, ForecastWindows
from backend.evaluate.forecast.evaluation import ON_SCREEN, ForecastOptions, evaluate_forecast
from backend.evaluate.forecast.html import write_forecast
from backend.evaluate.forecast.scores import Units, score
from backend.evaluate.forecast.summary import COMPARED, MAIN_METHODS, TOGETHER, ForecastSummary
from backend.forecast.displacement_bank import save_bank
from backend.forecast.gru_nf import Forecaster, ForecasterConfig
from backend.forecast.joint_flow import JointConfig
from backend.forecast.refine import Refinement
from backend.forecast.steps import MotionStatistics
from backend.keypoints.dataset import KeypointSequence

D = 12


def make(width=D, **config):
    with torch.random.fork_rng():
        torch.manual_seed(0)
        model = Forecaster(ForecasterConfig(features=width, hidden=8, block_hidden=8, **{"blocks": 2, **config}))
    ones = torch.ones(width)
    model.set_statistics(MotionStatistics(0 * ones, 0.1 * ones, 0.01 * ones, 0.05 * ones, torch.eye(width)))
    return model


def walk(frames, seed, width=D):
    random = np.random.default_rng(seed)
    return (random.normal(0, 0.1, (1, width)) + random.normal(0, 0.01, (frames, width)).cumsum(0)).astype(np.float32)


@pytest.fixture
def models(tmp_path):
    folder = tmp_path / "models"
    make(joint=JointConfig(slow=8, blocks=2, block_hidden=8, context_hidden=8)).save(folder / "forecaster")
    make(blocks=0).save(folder / "forecaster_gaussian")
    save_bank(folder / "forecaster", torch.from_numpy(np.stack([walk(24, seed) for seed in range(30)])))
    return folder


@pytest.fixture
def recordings(tmp_path):
    folder = tmp_path / "recordings"
    folder.mkdir()
    for number in range(4):
        np.savez(folder / f"r{number}.npz", keypoints=walk(60, 100 + number), fps=np.float32(12.5))
    return folder


QUICK = ForecastOptions(samples=10)


def test_the_report_holds_every_method_that_is_there_with_intervals_and_steps(models, recordings, tmp_path):
    seen = []
    found = evaluate_forecast(load_inputs(recordings, models), QUICK, progress=lambda *state: seen.append(state))
    report = found.report
    assert set(report.results) == set(NAMES) - {"vrnn"}
    assert any("vrnn" in note for note in report.notes)
    for entries in report.results.values():
        crps = entries["crps"]
        assert crps.low <= crps.value <= crps.high and len(crps.per_step) == 16
        assert np.mean(crps.per_step) == pytest.approx(crps.value, rel=1e-4)
        assert all(np.isfinite(metric.value) for metric in entries.values())
    assert report.results["copy_last"]["apd"].value == report.results["copy_last"]["apd_over_mae"].value == 0
    assert {name for name, entries in report.results.items() if "nll" in entries} == {"gru_nf", "gru_gaussian"}
    assert set(ON_SCREEN) <= set(report.results["gru_nf"])
    assert seen[-1][0] == seen[-1][1] == 8 * len(report.results)
    report.save(tmp_path / "report.json")
    saved = json.loads((tmp_path / "report.json").read_text())
    assert saved["settings"]["people"] == 4 and saved["settings"]["windows"] == 8
    assert saved["comparisons"][0].keys() == {"metric", "method", "against", "difference", "low", "high", "p", "p_holm"}
    assert any("only 4 people" in note for note in report.notes) and all(test.p is None for test in report.comparisons)


def test_methods_are_scored_alike_whatever_else_is_in_the_table(models, recordings):
    alone = evaluate_forecast(load_inputs(recordings, models), replace(QUICK, methods=("gru_nf",))).report
    beside = evaluate_forecast(load_inputs(recordings, models), replace(QUICK, methods=("gru_nf", "copy_last"))).report
    alike = alone.results["gru_nf"].keys() - {"ms_per_window", "apd_over_mae_standardised"}
    assert {*ON_SCREEN, "wql", "mae_best20"} - {"ms_per_window"} <= alike
    for name in alike:
        assert beside.results["gru_nf"][name] == alone.results["gru_nf"][name], name


def test_each_ingredient_of_futures_shown_together_has_its_own_row(models, recordings):
    names = ("gru_nf", "gru_snf", "joint_nf", "joint_snf", *SAME_DRAWS)
    report = evaluate_forecast(load_inputs(recordings, models), replace(QUICK, methods=names, samples=20, stride=4)).report
    rows = report.results
    for name, same in (
        ("gru_nf_coupled", "gru_nf"),
        ("gru_nf_chosen", "gru_nf"),
        ("gru_snf_coupled", "gru_snf"),
        ("gru_snf_chosen", "gru_snf"),
        ("joint_nf_chosen", "joint_nf"),
        ("joint_snf_chosen", "joint_snf"),
    ):
        assert name in SAME_DRAWS
        for metric in ("crps", "coverage_80", "acceleration_ratio", "energy_distance"):
            assert rows[name][metric] == rows[same][metric], (name, metric)
        if name.endswith("_coupled"):
            assert rows[name]["apd_4"].value > rows[same]["apd_4"].value
    for metric in TOGETHER:
        assert all(metric in row for row in rows.values())
    for size in (4, 8):
        assert rows["gru_nf_chosen"][f"min_ade_{size}"].value < rows["gru_nf"][f"min_ade_{size}"].value
    tested = {test.metric for test in report.comparisons if test.against == "gru_nf_chosen"}
    assert tested == set(TOGETHER)


def test_any_temperature_may_be_asked_for(models, recordings):
    names = ("gru_nf_t0.5", "gru_nf", "gru_nf_t1.5")
    report = evaluate_forecast(load_inputs(recordings, models), replace(QUICK, methods=names)).report
    diversity = [report.results[name]["apd"].value for name in names]
    assert diversity == sorted(diversity) and len(set(diversity)) == 3


def test_gru_snf_is_evaluated_at_the_demo_s_own_settings():
    shipped = ForecastSettings()
    assert shipped_refinement() == Refinement(shipped.mcmc_steps, shipped.step_size, shipped.consistency)


@pytest.mark.parametrize(
    ("name", "code"), [("gru_nff", "method_unknown"), ("gru_nf_t0", "method_unknown"), ("vrnn", "method_missing")]
)
def test_a_method_that_is_not_there_is_refused_with_what_is(models, name, code):
    with pytest.raises(InputError) as caught:
        build_methods(models / "forecaster", make().freeze(), (name,))
    assert caught.value.code == code
    assert code == "method_missing" or "gru_snf" in caught.value.hint


def test_a_model_that_was_trained_on_a_recording_is_not_scored_on_it(models, recordings):
    config = models / "forecaster" / "config.json"
    for known, left in ((["r0.mp4", "r2"], 2), (["r0", "r1", "r2", "r3"], 4)):
        config.write_text(json.dumps(json.loads(config.read_text()) | {"data": {"train_recordings": known}}))
        report = evaluate_forecast(load_inputs(recordings, models), replace(QUICK, methods=("copy_last",))).report
        assert report.settings["recordings"] == left and any("trained on" in note for note in report.notes)


def test_bad_and_unfit_recordings_are_named_in_the_report(models, recordings):
    (recordings / "bad.npz").write_bytes(b"nothing")
    np.save(recordings / "wide.npy", walk(60, 1, 18))
    inputs = load_inputs(recordings, models, models / "forecaster")
    report = evaluate_forecast(inputs, replace(QUICK, methods=("copy_last",))).report
    assert any("bad.npz" in note for note in report.notes) and any("wide" in note and "18" in note for note in report.notes)
    assert report.settings["recordings"] == 4


def test_a_longer_context_is_reported_as_such(models, recordings):
    settings = replace(QUICK, methods=("gru_nf",), protocol="6-6", context=20)
    report = evaluate_forecast(load_inputs(recordings, models), settings).report
    assert report.settings["context"] == 20 and report.settings["horizon"] == 6
    assert any("20 frames, not the 6" in note for note in report.notes)


def test_one_person_has_figures_but_no_intervals(models, tmp_path):
    folder = tmp_path / "one"
    folder.mkdir()
    np.save(folder / "a.npy", walk(120, 1))
    report = evaluate_forecast(load_inputs(folder, models), replace(QUICK, methods=("copy_last", "gru_nf"))).report
    assert report.results["gru_nf"]["crps"].low is None and report.comparisons[0].p is None
    assert any("one person" in note for note in report.notes)


def still(frames, spike=0.0):
    """One person who does not move, but for a spike in one frame of the context."""
    flat = np.repeat(walk(2, 5)[:1], frames, 0)
    flat[3] += spike
    return flat


@pytest.mark.parametrize("spike", [0.0, 1.0, 1e6])
def test_a_recording_without_motion_gives_no_nan_but_a_note(models, tmp_path, spike):
    folder, out = tmp_path / "still", tmp_path / "report.json"
    folder.mkdir()
    np.savez(folder / "a.npz", keypoints=still(96, spike), fps=12.5)
    found = evaluate_forecast(load_inputs(folder, models), replace(QUICK, methods=("copy_last", "gru_nf")))
    found.report.save(out)
    saved = json.loads(out.read_text())
    figures = [figure for entries in saved["results"].values() for figure in entries.values()]
    assert all(figure["value"] is not None and None not in figure.get("per_step", []) for figure in figures)
    assert all(test["difference"] is not None for test in saved["comparisons"])
    assert "liveliness" not in saved["results"]["gru_nf"] and saved["results"]["gru_nf"]["crps"]["value"] > 0
    assert any("no number for acceleration_ratio" in note and "liveliness" in note for note in saved["notes"])
    page = write_forecast(found, tmp_path / "page").read_text().lower()
    assert not re.search(r"\b(nan|inf)\b", page)


def test_recordings_of_one_frame_or_with_nan_are_named_and_left_out(models, recordings):
    broken = walk(60, 3)
    broken[5, 3] = np.nan
    np.savez(recordings / "hole.npz", keypoints=broken, fps=12.5)
    np.savez(recordings / "single.npz", keypoints=walk(2, 3)[:1], fps=12.5)
    np.savez(recordings / "nothing.npz", keypoints=np.zeros((60, 60), np.float32), fps=12.5)
    np.savez(recordings / "far.npz", keypoints=1e30 * walk(60, 4), fps=12.5)
    one = Recording(np.random.default_rng(0).uniform(-0.5, 0.5, (1, 478, 3)).astype(np.float32), np.zeros(1), "x")
    one.save(recordings / "moment.npz")
    report = evaluate_forecast(load_inputs(recordings, models), replace(QUICK, methods=("copy_last",))).report
    assert report.settings["recordings"] == 4
    for name, words in (
        ("hole", "NaN"),
        ("single", "needs two"),
        ("nothing", "no keypoints"),
        ("far", "far outside"),
        ("moment", "in succession"),
    ):
        assert any(name in note and words in note for note in report.notes), name


def test_the_command_prints_the_table_and_writes_figures_and_page(models, recordings, tmp_path):
    out, page = tmp_path / "out" / "report.json", tmp_path / "page"
    arguments = ["evaluate", "forecast", "--recordings", recordings, "--models", models, "--methods", "copy_last, gru_nf"]
    done = CliRunner().invoke(app, [*map(str, arguments), "--samples", "8", "--json", str(out), "--html", str(page)])
    assert done.exit_code == 0, done.output
    assert "8 windows of 4 people" in done.output and "crps: gru_nf - copy_last" in done.output
    assert set(json.loads(out.read_text())["results"]) == {"copy_last", "gru_nf"}
    assert "gru_nf" in (page / "index.html").read_text()


# Figures of methods whose quality is known


def windows_of(people=20, frames=72):
    motions = [
        KeypointSequence(walk(frames, seed), np.arange(frames) * CLOCK_S, f"p{seed}", "val", f"c{seed}", "flat")
        for seed in range(people)
    ]
    windows = ForecastWindows.of(motions, ContextHorizon.of("8-16"))
    spread = torch.full((D,), 0.1)
    return windows, Units(torch.zeros(D), spread, *windows.min_max(spread))


def gaussian_walk(step, windows):
    def sample(context, k, horizon, generator):
        noise = torch.randn(len(context), k, horizon, D, generator=generator)
        return context[:, None, -1:] + step * noise.cumsum(2)

    return PathForecaster(sample)


def summary_of(methods, windows, units, samples=40):
    scored = {name: score(name, method, windows, units, samples=samples, seed=0) for name, method in methods.items()}
    return ForecastSummary(windows, units, scored)


def test_an_oracle_has_no_error_and_the_acceleration_of_the_truth():
    windows, units = windows_of(3)
    truth = {
        tuple(context[-1].tolist()): future for context, future in zip(windows.context_WCD, windows.truth_WHD, strict=True)
    }

    def sample(context, k, horizon, generator):
        found = torch.stack([truth[tuple(one[-1].tolist())] for one in context])
        return found[:, None].expand(-1, k, -1, -1).clone()

    figures = summary_of({"oracle": PathForecaster(sample)}, windows, units, 8).results["oracle"]
    zero = (
        "crps",
        "energy_score",
        "energy_distance",
        "wql",
        "nd",
        "nrmse",
        "mse",
        "mae",
        "min_ade",
        "min_fde_4",
        "apd",
        "mae_best20",
    )
    for name in (*zero, "crps_minmax", "energy_distance_minmax"):
        assert figures[name].value == pytest.approx(0, abs=1e-6), name
    assert figures["acceleration_ratio"].value == pytest.approx(1)
    assert figures["coverage_80"].value == 1


def test_the_true_process_is_calibrated_and_beats_its_rivals_and_the_test_says_so():
    windows, units = windows_of()
    summary = summary_of(
        {"gru_nf": gaussian_walk(0.01, windows), "narrow": gaussian_walk(0.005, windows), "wide": gaussian_walk(0.02, windows)},
        windows, units,
    )  # fmt: skip
    ours, narrow, wide = (summary.results[name] for name in ("gru_nf", "narrow", "wide"))
    for level in (50, 80, 95):
        assert ours[f"coverage_{level}"].value == pytest.approx(level / 100, abs=0.04)
    assert ours["pit"].value < 0.02 < min(narrow["pit"].value, wide["pit"].value)
    assert sum(ours["pit"].histogram) == pytest.approx(1)
    assert ours["acceleration_ratio"].value == pytest.approx(1, abs=0.05)
    assert abs(ours["energy_distance_fair"].value) < 0.1 * wide["energy_distance_fair"].value
    assert narrow["apd"].value < ours["apd"].value < wide["apd"].value
    tests = {(test.metric, test.against): test for test in summary.comparisons() if test.method == "gru_nf"}
    assert {metric for metric, _ in tests} == set(COMPARED)
    for rival in ("narrow", "wide"):
        assert tests["crps", rival].high < 0 and tests["crps", rival].p < 0.05
        assert tests["crps", rival].difference == pytest.approx(ours["crps"].value - summary.results[rival]["crps"].value)


def test_equal_methods_are_not_told_apart_and_each_pair_is_tested_once():
    windows, units = windows_of(8)
    same = gaussian_walk(0.01, windows)
    tests = summary_of(dict.fromkeys((*MAIN_METHODS, "other"), same), windows, units, 10).comparisons()
    assert all(test.difference == 0 and test.p == 1 for test in tests)
    assert sorted({(test.method, test.against) for test in tests}) == [
        ("gru_nf", "other"),
        ("gru_snf", "gru_nf"),
        ("gru_snf", "other"),
    ]


def test_relative_errors_are_sums_over_sums():
    """gluonts's aggregate metrics, by NumPy, on windows scored in two chunks."""
    windows, units = windows_of(10)
    method = gaussian_walk(0.01, windows)
    figures = summary_of({"m": method}, windows, units, 11).results["m"]
    chunks = ((start, windows.context_WCD[start : start + 16]) for start in (0, 16))
    paths = torch.cat([method.sample(chunk, 11, 16, torch.Generator().manual_seed(start)) for start, chunk in chunks])
    assert len(paths) == len(windows) == 30
    for unit, low, scale in (("", units.centre_D, units.std_D), ("_minmax", units.low_WD[:, None], units.range_WD[:, None])):
        truth = ((windows.truth_WHD - low) / scale).numpy().astype(np.float64)
        wide = (low[:, None], scale[:, None]) if unit else (low, scale)
        samples = ((paths - wide[0]) / wide[1]).numpy().astype(np.float64)
        median, mean = np.sort(samples, axis=1)[:, 5], samples.mean(1)
        assert figures[f"nd{unit}"].value == pytest.approx(np.abs(median - truth).sum() / np.abs(truth).sum(), rel=1e-4)
        mse = ((mean - truth) ** 2).mean()
        assert figures[f"mse{unit}"].value == pytest.approx(mse, rel=1e-4)
        assert figures[f"nrmse{unit}"].value == pytest.approx(np.sqrt(mse) / np.abs(truth).mean(), rel=1e-4)


def test_the_paper_s_standardised_ratio_is_taken_over_all_methods_and_videos():
    windows, units = windows_of(4)
    methods = {"a": gaussian_walk(0.01, windows), "b": gaussian_walk(0.03, windows)}
    scored = {name: score(name, method, windows, units, samples=20, seed=0) for name, method in methods.items()}
    found = ForecastSummary(windows, units, scored).results
    of_video = {video: [index for index, name in enumerate(windows.videos) if name == video] for video in set(windows.videos)}
    by_video = {}
    for key in ("apd_best20", "mae_best20"):
        rows = [[one.per_window[key][index].mean().item() for index in of_video.values()] for one in scored.values()]
        by_video[key] = ((np.array(rows) - np.min(rows)) / np.ptp(rows)).mean(1)
    expected = by_video["apd_best20"] / by_video["mae_best20"]
    assert [found[name]["apd_over_mae_standardised"].value for name in scored] == pytest.approx(expected, rel=1e-4)


def test_forecasts_that_are_not_finite_are_refused():
    windows, units = windows_of(2)
    with pytest.raises(InputError) as caught:
        score(
            "m",
            PathForecaster(lambda context, k, horizon, generator: torch.full((len(context), k, horizon, D), torch.nan)),
            windows,
            units,
            samples=4,
            seed=0,
        )
    assert caught.value.code == "forecast_not_finite"


def test_futures_that_are_shown_together_are_scored_in_their_groups():
    """Futures two and two on either side of the middle are further apart than independent ones, and no worse one by one."""

    def together(context, k, horizon, generator):
        half = 0.05 * torch.randn(len(context), k // 2, horizon, D, generator=generator)
        return context[:, None, -1:] + torch.cat([half, -half], dim=1)

    def alone(context, k, horizon, generator):
        return context[:, None, -1:] + 0.05 * torch.randn(len(context), k, horizon, D, generator=generator)

    windows, units = windows_of(6)
    found = summary_of({"a": PathForecaster(alone), "b": PathForecaster(alone, joint_sample=together)}, windows, units).results
    assert found["b"]["crps"] == found["a"]["crps"]
    assert found["b"]["apd_4"].value > 1.1 * found["a"]["apd_4"].value
    assert found["a"]["apd_4"].value == pytest.approx(found["a"]["apd"].value, rel=0.05)


def test_liveliness_compares_how_far_futures_and_truth_move_person_by_person():
    """Everyone's futures are equally lively, but one person's truth moves three times as far."""
    motions = []
    for number, step in enumerate((0.01, 0.01, 0.03, 0.0)):
        random = np.random.default_rng(number)
        flat = (random.normal(0, 0.3, (1, D)) + random.normal(0, step, (960, D)).cumsum(0)).astype(np.float32)
        motions.append(KeypointSequence(flat, np.arange(960) * CLOCK_S, f"p{number}", "val", f"c{number}", "flat"))
    windows = ForecastWindows.of(motions, ContextHorizon.of("8-16"))
    spread = torch.full((D,), 0.1)
    summary = summary_of({"m": gaussian_walk(0.01, windows)}, windows, Units(torch.zeros(D), spread, *windows.min_max(spread)))
    each = {person: found["m"] for person, found in summary.of_people().items()}
    assert [each[person]["liveliness"] for person in ("p0", "p1", "p2")] == pytest.approx([1, 1, 1 / 3], rel=0.15)
    # No one can say how lively futures should be where the truth stands still; all else is there, and no number is NaN.
    assert "liveliness" not in each["p3"] and {"coverage_80", "crps"} <= each["p3"].keys()
    assert all(np.isfinite(value) for found in each.values() for value in found.values())
    figures = summary.results["m"]
    assert figures["liveliness_in_range"].value == pytest.approx(2 / 3)
    moved = sum(each[p]["liveliness"] * weight for p, weight in (("p0", 1), ("p1", 1), ("p2", 3)))
    # Pooled: the futures of the still person move too.
    assert figures["liveliness"].value == pytest.approx((moved + 1) / 5, rel=0.15)
    assert each["p0"]["coverage_80"] == pytest.approx(0.8, abs=0.1) and each["p2"]["coverage_80"] < 0.5
