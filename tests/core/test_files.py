"""Files are whole or as they were: also on a full disk, through links, and where a pipe takes them."""

import os
import resource
import threading
from pathlib import Path

import numpy as np
import pytest
import torch

from backend.animate.fomm.checkpoint import load_checkpoint
from backend.cli.options import portrait_named
from backend.core import files
from backend.core.arrays import load_arrays, save_arrays
from backend.core.clip_table import read_table
from backend.core.errors import InputError, ModelError
from backend.core.files import read_bytes, require_file, save_whole, write_whole
from backend.core.recording import Recording
from backend.core.weights import CONFIG, WEIGHTS, fingerprint, load_model, save_model
from backend.films.imagine import LabelledClip, _write
from backend.forecast.displacement_bank import load_bank, save_bank
from backend.forecast.gru_nf import ForecasterConfig
from backend.media.video_reader import read_video
from backend.train.data.pack import Pack
from backend.train.detector.arm_scene import write_scene
from backend.train.detector.tfrecord import read_records

NOISE = np.random.default_rng(0).integers(0, 256, (2, 64, 64, 3), np.uint8)

WRITERS = {
    "text": lambda folder: write_text(folder / "a.txt", "x" * 100_000),
    "arrays": lambda folder: save_arrays(folder / "a.npz", {"a": NOISE}, compressed=False),
    "compressed arrays": lambda folder: save_arrays(folder / "a.npz", {"a": NOISE}),
    "checkpoint": lambda folder: save_whole(folder / "a.pt", lambda file: torch.save(torch.rand(50_000), file)),
    "weights": lambda folder: save_model(folder, torch.nn.Linear(300, 300), ForecasterConfig()),
    "displacements": lambda folder: save_bank(folder, torch.rand(300, 24, 60)),
    "scene": lambda folder: write_scene(folder, 1, 0, 4),
    "picture": lambda folder: _write(folder / "a.png", [], [LabelledClip(NOISE, "a")], 64),
}


def write_text(path, text):
    with write_whole(path) as hidden:
        hidden.write_text(text)


def contents(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.fixture
def small_disk():
    """Let no file grow beyond 2 kB, as on a full disk; `yield` switches it on."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    yield lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (2048, hard))
    resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.parametrize("writer", WRITERS)
def test_a_full_disk_is_said_by_the_system_and_leaves_every_file_as_it_was(tmp_path, small_disk, writer):
    WRITERS[writer](tmp_path)
    for path in tmp_path.iterdir():
        path.write_bytes(b"old")
    before = contents(tmp_path)
    small_disk()
    with pytest.raises(OSError) as caught:
        WRITERS[writer](tmp_path)
    assert caught.value.errno, "an error of a library has no number, and would be shown with its traceback"
    assert contents(tmp_path) == before


def test_weights_never_stand_beside_the_configuration_of_others(tmp_path, monkeypatch):
    save_model(tmp_path, torch.nn.Linear(3, 3), ForecasterConfig())
    before = contents(tmp_path)
    with pytest.raises(TypeError):
        save_model(tmp_path, torch.nn.Linear(4, 4), ForecasterConfig(), {"report": object()})
    assert contents(tmp_path) == before and set(before) == {WEIGHTS, CONFIG}


def test_a_link_stays_a_link_and_what_it_leads_to_is_replaced(tmp_path):
    (tmp_path / "real").mkdir()
    (tmp_path / "link.txt").symlink_to(tmp_path / "real" / "a.txt")
    for text in ("one", "two"):
        write_text(tmp_path / "link.txt", text)
        assert (tmp_path / "link.txt").is_symlink() and (tmp_path / "real" / "a.txt").read_text() == text
    assert len(list((tmp_path / "real").iterdir())) == 1


def test_a_pipe_gets_the_bytes_and_stays_a_pipe(tmp_path):
    pipe, got = tmp_path / "a.txt", []
    os.mkfifo(pipe)
    reader = threading.Thread(target=lambda: got.append(pipe.read_text()))
    reader.start()
    write_text(pipe, "whole")
    reader.join(30)
    assert got == ["whole"] and pipe.is_fifo() and list(tmp_path.iterdir()) == [pipe]


def test_a_device_is_written_to_and_not_replaced():
    write_text(Path(os.devnull), "x")
    assert Path(os.devnull).is_char_device()


def test_arrays_come_back_as_they_were(tmp_path):
    arrays = {"a": np.arange(6, dtype=np.int16).reshape(2, 3), "b": np.array("name"), "c": np.array(12.5)}
    save_arrays(tmp_path / "a.npz", arrays)
    found = load_arrays(tmp_path / "a.npz")
    assert found.keys() == arrays.keys()
    for name, array in arrays.items():
        assert found[name].dtype == array.dtype
        np.testing.assert_array_equal(found[name], array)


READERS = {
    "arrays": (load_arrays, OSError),
    "recording": (Recording.load, InputError),
    "table": (read_table, InputError),
    "portrait": (lambda path: portrait_named(str(path)), InputError),
    "checkpoint": (load_checkpoint, ModelError),
    "tfrecord": (lambda path: next(read_records(path)), InputError),
    "video": (lambda path: next(read_video(path)), InputError),
    "configuration": (lambda path: load_model(beside(path, CONFIG), "generator", dict), ModelError),
    "weights": (lambda path: load_model(beside(path, WEIGHTS), "generator", lambda _: torch.nn.Linear(1, 1)), ModelError),
    "fingerprint": (lambda path: fingerprint(beside(path, WEIGHTS)), ModelError),
    "displacements": (lambda path: load_bank(beside(path, "motion.safetensors")), ModelError),
    "index": (lambda path: Pack(beside(path, "index.npz")), InputError),
    "frames": (lambda path: Pack(beside(path, "frames.bin")), InputError),
}


def beside(path, name):
    """A folder in which `name` leads to `path`, and what else is needed is whole."""
    folder = path.parent / "model"
    folder.mkdir()
    (folder / CONFIG).write_text('{"architecture": {}}')
    save_arrays(folder / "index.npz", {name: np.zeros(1) for name in ("offsets", "landmarks", "clip", "person", "held_out")})
    (folder / name).unlink(missing_ok=True)
    (folder / name).symlink_to(path)
    return folder


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize("kind", ["pipe", "endless", "folder"])
def test_what_is_no_file_is_refused_and_not_waited_for(tmp_path, reader, kind):
    read, error = READERS[reader]
    path = tmp_path / kind
    {"pipe": os.mkfifo, "endless": lambda link: link.symlink_to("/dev/zero"), "folder": os.mkdir}[kind](path)
    with pytest.raises(error):
        read(path)


def test_a_file_above_the_limit_is_not_read(tmp_path, monkeypatch):
    monkeypatch.setattr(files, "MAX_READ", 10)
    (tmp_path / "a").write_bytes(b"x" * 10)
    assert len(read_bytes(tmp_path / "a")) == 10 and require_file(tmp_path / "a") == tmp_path / "a"
    (tmp_path / "a").write_bytes(b"x" * 11)
    with pytest.raises(OSError, match="larger than"):
        read_bytes(tmp_path / "a")
    with (tmp_path / "sparse").open("wb") as file:
        file.truncate(10**12)
    with pytest.raises(OSError, match="larger than"):
        read_bytes(tmp_path / "sparse")


@pytest.mark.parametrize(("mask", "mode"), [(0o077, 0o600), (0o022, 0o644)])
def test_a_new_file_has_the_permissions_of_the_user_s_files_and_an_old_one_keeps_its_own(tmp_path, mask, mode):
    old = os.umask(mask)
    try:
        write_text(tmp_path / "a.txt", "new")
        assert (tmp_path / "a.txt").stat().st_mode & 0o777 == mode
        (tmp_path / "a.txt").chmod(0o640)
        write_text(tmp_path / "a.txt", "newer")
        assert (tmp_path / "a.txt").stat().st_mode & 0o777 == 0o640 and (tmp_path / "a.txt").read_text() == "newer"
    finally:
        os.umask(old)


@pytest.mark.parametrize("name", ["ü" * 100 + ".txt", "\N{BALLOON}" * 60, "a" * 251 + ".txt", ".txt", "a", "a." + "b" * 250])
def test_every_name_that_a_file_can_have_can_be_written(tmp_path, name):
    write_text(tmp_path / name, "x")
    assert [path.name for path in tmp_path.iterdir()] == [name]
