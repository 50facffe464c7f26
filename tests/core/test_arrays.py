from __future__ import annotations

import contextlib
import io
import zipfile

import numpy as np
import pytest
from numpy.lib import format as npy

from backend.core import arrays
from backend.core.arrays import load_arrays
from backend.core.errors import InputError
from backend.core.recording import Recording
from backend.core.types import LANDMARKS


def header(shape) -> bytes:
    file = io.BytesIO()
    npy.write_array_header_1_0(file, {"descr": "<f4", "fortran_order": False, "shape": shape})
    return file.getvalue()


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_what_numpy_wrote_is_read(tmp_path, save):
    path = tmp_path / "a.npz"
    wanted = {"x": np.arange(6.0).reshape(2, 3), "name": np.array("clip"), "none": np.zeros((0, 4), np.uint8)}
    save(path, **wanted)
    found = load_arrays(path)
    assert set(found) == set(wanted)
    for name, array in wanted.items():
        np.testing.assert_array_equal(found[name], array)
        assert found[name].dtype == array.dtype


@pytest.mark.parametrize("order", ["C", "F"])
def test_a_single_array_is_read(tmp_path, order):
    path = tmp_path / "a.npy"
    np.save(path, np.asarray(np.arange(12).reshape(3, 4), order=order))
    np.testing.assert_array_equal(load_arrays(path)["array"], np.arange(12).reshape(3, 4))


def test_a_file_that_unpacks_to_too_much_is_refused_before_it_is_unpacked(tmp_path, monkeypatch):
    monkeypatch.setattr(arrays, "MAX_UNPACKED", 1_000_000)
    path = tmp_path / "a.npz"
    np.savez_compressed(path, x=np.zeros(2_000_000, np.uint8))
    assert path.stat().st_size < 10_000
    with pytest.raises(ValueError, match="unpacks to"):
        load_arrays(path)


def test_a_header_that_promises_more_than_there_is_allocates_nothing(tmp_path):
    lying = header((10**12, 3)) + bytes(100)
    (tmp_path / "a.npy").write_bytes(lying)
    with zipfile.ZipFile(tmp_path / "a.npz", "w") as archive:
        archive.writestr("x.npy", lying)
    for name in ("a.npy", "a.npz"):
        with pytest.raises(ValueError, match="larger than it is"):
            load_arrays(tmp_path / name)


@pytest.mark.parametrize("data", [b"", b"words", b"PK\x03\x04", b"\x93NUMPY\x01\x00", b"\x93NUMPY\x09\x00" + bytes(80)])
def test_damaged_files_raise_one_kind_of_error(tmp_path, data):
    path = tmp_path / "a.npz"
    path.write_bytes(data)
    with pytest.raises(ValueError):
        load_arrays(path)


def test_objects_are_refused(tmp_path):
    np.save(tmp_path / "a.npy", np.array([{}], dtype=object), allow_pickle=True)
    with pytest.raises(ValueError, match="objects"):
        load_arrays(tmp_path / "a.npy")


@pytest.mark.parametrize("fill", [0.0, 0.5, 1e4])
def test_a_recording_that_shows_no_face_is_refused(tmp_path, fill):
    Recording(np.full((3, LANDMARKS, 3), fill, np.float32), np.arange(3.0)).save(tmp_path / "a.npz")
    with pytest.raises(InputError) as caught:
        Recording.load(tmp_path / "a.npz")
    assert caught.value.code == "recording_no_face"


def test_a_recording_whose_points_lie_far_outside_is_refused(tmp_path):
    points = np.random.default_rng(0).uniform(-1, 1, (3, LANDMARKS, 3)).astype(np.float32)
    points[1, 5] = 3e4
    Recording(points, np.arange(3.0)).save(tmp_path / "a.npz")
    with pytest.raises(InputError, match="Frame 1 "):
        Recording.load(tmp_path / "a.npz")


@pytest.mark.parametrize("name", ["a.npy", "a.npz"])
def test_any_damage_of_a_header_raises_one_kind_of_error(tmp_path, name):
    whole, random = tmp_path / name, np.random.default_rng(0)
    array = np.arange(12.0).reshape(3, 4)
    if name.endswith("y"):
        np.save(whole, array)
    else:
        np.savez(whole, a=array)
    data, broken = np.frombuffer(whole.read_bytes(), np.uint8), tmp_path / ("broken" + name)
    start = whole.read_bytes().index(b"{'descr'")
    for _ in range(600):
        damaged = data.copy()
        damaged[start + random.integers(0, 70, 8)] = random.choice(np.frombuffer(b"(){}[]'\n,:<f8 \xff", np.uint8), 8)
        broken.write_bytes(damaged.tobytes())
        with contextlib.suppress(ValueError):
            load_arrays(broken)
