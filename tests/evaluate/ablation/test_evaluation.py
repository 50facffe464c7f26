"""Every cell of every sweep is scored once, on the same noise; flags and figures go into one report."""

import json

import pytest

from backend.evaluate.ablation import evaluation as ablation
from backend.evaluate.ablation.evaluation import METRICS, AblationOptions, cell_name, evaluate_ablation, sweeps
from backend.evaluate.ablation.html import write_ablation
from backend.evaluate.common.inputs import load_inputs
from backend.evaluate.common.methods import shipped_refinement
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


@pytest.mark.parametrize("grid", ["quick", "full"])
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
