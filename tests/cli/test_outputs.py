"""No result replaces a file that is read, or one of the user's that the command did not make."""

from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np
import pytest

from backend.cli.outputs import check_paths
from backend.core.arrays import save_arrays
from backend.core.errors import InputError
from backend.core.recording import save_keypoints
from backend.train.detector.arm_scene import write_scene
from tests.evaluate.report.test_page import page_of
from tests.media.made import refused


@pytest.mark.parametrize("name", ["x.mp4", "./x.mp4", "link.mp4", "hard.mp4"])
def test_an_output_that_is_an_input_by_any_path_is_refused_and_stays(tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    Path("x.mp4").write_bytes(b"driver")
    Path("link.mp4").symlink_to("x.mp4")
    os.link("x.mp4", "hard.mp4")
    for given in (
        {"driving": Path("x.mp4"), "out": Path(name)},
        {"portrait": "x.mp4", "out": Path(name)},
        {"videos": [Path("other.mp4"), Path("x.mp4")], "json": Path(name)},
    ):
        with pytest.raises(InputError) as caught:
            check_paths(given)
        assert caught.value.code == "output_is_input"
    check_paths({"driving": Path("x.mp4"), "out": Path("y.mp4"), "json": None, "k": 4})


def test_two_results_may_not_go_to_one_file(tmp_path):
    with pytest.raises(InputError) as caught:
        check_paths({"out": tmp_path / "a", "json": tmp_path / "b" / ".." / "a"})
    assert caught.value.code == "output_is_output"


def model(folder: Path) -> Path:
    folder.mkdir(parents=True)
    (folder / "config.json").write_text(json.dumps({"architecture": {}}))
    (folder / "weights.safetensors").write_bytes(b"weights")
    return folder


READS_AND_WRITES = {
    "further training": ("train_forecaster", lambda a: {"start_from": a, "out": a / "." / ".." / "a"}),
    "joint training": ("train_joint", lambda a: {"start_from": a, "out": a}),
    "an average": ("train_average", lambda a: {"models": [model(a.parent / "b"), a], "out": a}),
    "a run": ("train_generator", lambda a: {"start_from": a, "run": linked(a)}),
}


def linked(folder: Path) -> Path:
    """A run whose best weights are those of a folder."""
    run = folder.parent / "run"
    run.mkdir()
    (run / "best").symlink_to(folder)
    return run


@pytest.mark.parametrize("case", READS_AND_WRITES)
def test_weights_that_are_read_are_not_written_over(tmp_path, case):
    verb, given = READS_AND_WRITES[case]
    folder = model(tmp_path / "a")
    assert refused(lambda: check_paths(given(folder), verb)) == "output_is_input"
    check_paths({"start_from": folder, "out": tmp_path / "c", "run": tmp_path / "c"}, verb)


def test_a_table_of_clips_that_is_read_is_not_written_over(tmp_path):
    (tmp_path / "clips.csv").write_text("clip,person,split\na.mp4,one,train\n")
    assert refused(lambda: check_paths({"data": tmp_path, "out": tmp_path}, "train_keypoints")) == "output_is_input"
    check_paths({"data": tmp_path, "out": tmp_path}, "train_pack")


def test_a_file_that_is_read_is_not_written_over_by_one_inside_of_a_folder(tmp_path):
    (tmp_path / "index.html").write_text("clip,person,split\n")
    given = {"split": tmp_path / "index.html", "html": tmp_path}
    assert refused(lambda: check_paths(given, "evaluate_forecast")) == "output_is_input"
    save_keypoints(tmp_path / "a.npz", np.zeros((2, 60), np.float32), np.arange(2.0))
    assert refused(lambda: check_paths({"videos": [tmp_path / "a.npz"], "out": tmp_path}, "landmarks")) == "output_is_input"


TAKEN = {
    "a page": ("evaluate_forecast", "index.html", lambda a: {"html": a}),
    "a recording": ("landmarks", "a.npz", lambda a: {"videos": [Path("a.mp4")], "out": a}),
    "a sequence": ("train_scene", "arm_00001.npz", lambda a: {"sequences": 2, "out": a}),
    "an index": ("train_pack", "index.npz", lambda a: {"data": a / "data", "out": a}),
    "frames": ("train_pack", "frames.bin", lambda a: {"data": a / "data", "out": a}),
    "a table": ("train_keypoints", "clips.csv", lambda a: {"data": a / "data", "out": a}),
    "a configuration": ("train_detector", "config.json", lambda a: {"data": a / "data", "out": a}),
    "weights": ("train_forecaster", "weights.safetensors", lambda a: {"data": a / "data", "out": a}),
    "a folder": ("train_pack", "index.npz/b", lambda a: {"data": a / "data", "out": a}),
}


@pytest.mark.parametrize("content", ["", "the user's own\n", "clip,person,split\nmine.mp4,me,train\n", '{"theme": 1}'])
@pytest.mark.parametrize("case", TAKEN)
def test_a_file_that_the_command_did_not_make_is_kept(tmp_path, case, content):
    verb, name, given = TAKEN[case]
    check_paths(given(tmp_path), verb)
    (tmp_path / name).parent.mkdir(exist_ok=True)
    (tmp_path / name).write_text(content)
    assert refused(lambda: check_paths(given(tmp_path), verb)) == "output_taken"


def test_results_of_earlier_runs_may_be_replaced(tmp_path):
    page_of().write(tmp_path)
    check_paths({"recordings": tmp_path, "html": tmp_path}, "evaluate_forecast")
    write_scene(tmp_path, 2, 0, 4)
    check_paths({"sequences": 2, "out": tmp_path}, "train_scene")
    save_arrays(tmp_path / "index.npz", {"offsets": np.zeros(1)})
    (tmp_path / "frames.bin").write_bytes(b"")
    check_paths({"data": tmp_path, "out": tmp_path}, "train_pack")
    save_keypoints(tmp_path / "a.npz", np.zeros((2, 60), np.float32), np.arange(2.0))
    check_paths({"videos": [Path("x/a.mp4")], "out": tmp_path}, "landmarks")
    (tmp_path / "clips.csv").write_text("clip,person,split\na,a,train\nb,b,val\n")
    check_paths({"data": tmp_path / "data", "out": tmp_path}, "train_keypoints")
    check_paths({"data": tmp_path / "data", "out": model(tmp_path / "model")}, "train_detector")


@pytest.mark.parametrize(
    ("verb", "name", "path"),
    [
        ("animate", "out", "a.mp4"),
        ("landmarks", "out", ""),
        ("landmarks", "out", "new/folder"),
        ("evaluate_forecast", "html", "page"),
        ("evaluate_forecast", "json", "report.json"),
        ("train_generator", "run", "run"),
    ],
)
def test_a_place_that_cannot_be_written_is_refused_before_the_work(tmp_path, monkeypatch, verb, name, path):
    given = {"videos": [], name: tmp_path / path}
    check_paths(given, verb)
    assert list(tmp_path.iterdir()) == []
    monkeypatch.setattr(os, "access", lambda place, need: Path(place) != tmp_path)  # The superuser may write anywhere.
    assert refused(lambda: check_paths(given, verb)) == "unwritable"


def test_a_place_below_a_file_is_refused_and_a_device_is_not(tmp_path):
    (tmp_path / "file").write_text("")
    for path in (tmp_path / "file" / "a.mp4", tmp_path / "file" / "new" / "a.mp4"):
        assert refused(lambda path=path: check_paths({"out": path}, "animate")) == "unwritable"
    check_paths({"json": Path(os.devnull)}, "bench")


def test_a_file_that_is_protected_from_writing_is_refused(tmp_path, monkeypatch):
    (tmp_path / "a.mp4").write_bytes(b"kept")
    check_paths({"out": tmp_path / "a.mp4"}, "animate")
    monkeypatch.setattr(os, "access", lambda place, need: Path(place) == tmp_path)  # The superuser may write anywhere.
    assert refused(lambda: check_paths({"out": tmp_path / "a.mp4"}, "animate")) == "unwritable"
