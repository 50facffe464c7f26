"""Every cell of every sweep is scored once, on the same noise; flags and figures go into one report."""

import json

import numpy as np
import pytest

from backend.core.errors import InputError
from backend.evaluate.ablation import evaluation as ablation
from backend.evaluate.ablation.data_sets import by_data_set, evaluate_data_sets, load_data_sets, significant
from backend.evaluate.ablation.evaluation import METRICS, AblationOptions, cell_name, evaluate_ablation, sweeps
from backend.evaluate.ablation.html import write_ablation
from backend.evaluate.ablation.text import _carried_over
from backend.evaluate.common.inputs import load_inputs
from backend.evaluate.common.methods import shipped_refinement
from backend.evaluate.report.report import Metric
from backend.forecast.refine import KERNELS


@pytest.fixture(scope="module")
def small(keypoint_folder):
    """The report of a small grid, and its progress."""
    seen = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ablation, "STEP_SIZES", {"quick": (0.01,)})
        patch.setattr(ablation, "TEMPERATURES", {"quick": (0.5,)})
        axes = {"steps": {"quick": (8,)}, "kernel": {"quick": ("mala",)}}
        patch.setattr(ablation, "AXES", axes)
        report = evaluate_ablation(
            load_inputs(keypoint_folder, keypoint_folder, keypoint_folder / "model"), AblationOptions(samples=8),
            lambda *what: seen.append(what),
        )  # fmt: skip
        names = {"gru_nf", "temperature=0.5"} | {cell_name(cell) for sweep in sweeps("quick") for cell in sweep.cells()}
    return report, seen, names


@pytest.fixture(scope="module")
def joint(keypoint_folder, tmp_path_factory):
    """The report of two data sets of a small grid: many people, and few."""
    folder = tmp_path_factory.mktemp("sets") / "arm" / "recordings"
    folder.mkdir(parents=True)
    for number in range(8):
        random = np.random.default_rng(10 + number)
        flat = random.normal(0, 0.3, (1, 12)) + random.normal(0, 0.01, (40, 12)).cumsum(0)
        np.savez(folder / f"arm{number}.npz", keypoints=flat.astype(np.float32), fps=12.5)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ablation, "STEP_SIZES", {"quick": (1.0,)})
        patch.setattr(ablation, "TEMPERATURES", {"quick": (0.2,)})
        patch.setattr(ablation, "AXES", {"steps": {"quick": (2,)}})
        data = load_data_sets([keypoint_folder, folder], keypoint_folder, [keypoint_folder / "model"] * 2)
        return evaluate_data_sets(data, AblationOptions(samples=8)), keypoint_folder.name


def test_a_joint_report_names_cells_by_data_set_and_tests_within_each(joint):
    report, faces = joint
    sets = report.settings["data_sets"]
    assert set(sets) == {faces, "arm"} and sets["arm"]["people"] == 8 and sets[faces]["people"] == 2
    assert report.settings["people"] == 10
    found = by_data_set(report)
    assert found["arm"].keys() == found[faces].keys() and {"gru_nf", "temperature=0.2"} <= found["arm"].keys()
    assert len(report.results) == 2 * len(found["arm"])
    for test in report.comparisons:
        name = test.method.split("/")[0]
        assert test.against == f"{name}/gru_nf" and (test.p is None) == (name == faces)
        values = [report.results[key][test.metric].value for key in (test.method, test.against)]
        assert test.difference == pytest.approx(values[0] - values[1])
    # A temperature of 0.2 takes diversity from everyone: the least p of 8 people, times the tests of a metric.
    cold = next(t for t in report.comparisons if (t.metric, t.method) == ("apd_8", "arm/temperature=0.2"))
    tests = sum(t.metric == "apd_8" and t.p is not None for t in report.comparisons)
    assert cold.p == 2 / 2**8 and cold.p_holm == pytest.approx(cold.p * tests)
    assert ("apd_8", "temperature=0.2") in significant(report, "arm") and not significant(report, faces)
    assert any(note.startswith(f"{faces}: There are only 2 people") for note in report.notes)


def test_a_joint_page_shows_data_sets_side_by_side_and_says_whether_refinement_carries_over(joint, tmp_path):
    report, faces = joint
    page = write_ablation(report, tmp_path).read_text("utf-8")
    assert "The shipped refinement carries over to" in page and f"on {faces}" in page
    assert f"{faces}: CRPS" in page and "arm: CRPS" in page and "%*" in page
    assert page.count("<svg") == 2 + len(report.settings["sweeps"])


def test_one_data_set_keeps_its_names_and_folders_need_names_of_their_own(keypoint_folder, tmp_path):
    with pytest.raises(InputError, match="Two data sets are called"):
        load_data_sets([keypoint_folder, keypoint_folder], keypoint_folder, [keypoint_folder / "model"] * 2)
    with pytest.raises(InputError, match="1 forecasters"):
        load_data_sets([keypoint_folder, tmp_path], keypoint_folder, [keypoint_folder / "model"])


def test_refinement_carries_over_where_diversity_rises_at_hardly_any_error():
    def found(crps, apd):
        figures = {"crps": Metric(crps), "apd_8": Metric(apd)}
        return {"gru_nf": {"crps": Metric(1.0), "apd_8": Metric(1.0)}, "cell": figures}

    data = {"faces": found(1.005, 1.2), "arm": found(1.02, 1.3), "pose": found(0.99, 0.9), "few": found(0.99, 1.1)}
    significant = dict.fromkeys(("faces", "arm", "pose"), {("apd_8", "cell")}) | {"few": set()}
    words = _carried_over(data, "cell", significant)
    assert "carries over to 1 of 4 kinds of motion" in words and "+20.0 % and +0.5 % on faces" in words


@pytest.mark.parametrize("grid", ["small", "quick", "full"])
def test_every_sweep_holds_the_shipped_setting_and_every_kernel_is_swept(grid):
    shipped = shipped_refinement()
    found = sweeps(grid)
    assert {sweep.axis for sweep in found} == {"steps", "consistency", "kernel"}
    assert all(shipped in sweep.cells() for sweep in found)
    (kernels,) = (sweep.values for sweep in found if sweep.axis == "kernel")
    assert set(kernels) == set(KERNELS)


def test_a_cell_is_named_by_its_settings():
    name = cell_name(shipped_refinement())
    assert {part.split("=")[0] for part in name.split(",")} == {"steps", "step_size", "consistency", "kernel"}


def test_the_report_holds_every_cell_with_its_figures_and_flags(small, tmp_path):
    report, seen, names = small
    assert set(report.results) == names and report.settings["shipped"] in names
    assert {what for what, _, _ in seen} == names
    assert seen[-1][1] == seen[-1][2] == len(names) * report.settings["windows"]
    for name, entries in report.results.items():
        assert set(METRICS) - {"acceptance"} <= entries.keys()
        assert ("moved" in entries) == ("acceptance" in entries) == ("steps" in name)
    assert report.results["temperature=0.5"]["apd"].value < report.results["gru_nf"]["apd"].value
    report.save(tmp_path / "report.json")
    assert json.loads((tmp_path / "report.json").read_text())["command"] == "evaluate ablation"


def test_cells_share_their_noise(small):
    report, _, _ = small
    still = next(entries for name, entries in report.results.items() if name.startswith("steps=1,step_size=0.01,"))
    assert still["moved"].value < 0.05 and still["under_refined"].value == 1
    assert still["crps"].value == pytest.approx(report.results["gru_nf"]["crps"].value, rel=0.05)


def test_the_page_has_a_picture_per_sweep_and_one_of_diversity(small, tmp_path):
    report, _, _ = small
    page = write_ablation(report, tmp_path).read_text("utf-8")
    assert page.count("<svg") == 1 + len(report.settings["sweeps"])
    assert "GRU-NF" in page and "http" not in page.replace("http://www.w3.org", "")
