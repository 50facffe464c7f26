"""A pack is whole or refused."""

import shutil

import numpy as np
import pytest

from backend.core.arrays import load_arrays, save_arrays
from backend.core.errors import InputError
from backend.train.data.pack import FRAMES, INDEX, Pack, pack
from tests.media.made import flat, video


@pytest.fixture
def copied(packed, tmp_path):
    return shutil.copytree(packed, tmp_path / "pack")


def contents(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def clips(folder, names):
    (folder / "clips").mkdir(parents=True)
    (folder / "clips.csv").write_text("clip,person,split\n" + "".join(f"{name},{name},train\n" for name in names))
    return folder


def test_frames_are_those_of_the_clip_in_order(copied):
    found = Pack(copied)
    assert len(found) == 20 and found.landmarks.shape == (20, 478, 3)
    assert found.picture(0).shape == (256, 256, 3) and found.picture(19, 64).shape == (64, 64, 3)
    assert sorted(found.clips(held_out=True, min_frames=2)) == ["two"]


@pytest.mark.parametrize(
    "change",
    [
        lambda arrays: arrays.pop("person"),
        lambda arrays: arrays.update(offsets=arrays["offsets"][:-1]),
        lambda arrays: arrays.update(landmarks=arrays["landmarks"][:, :7]),
        lambda arrays: arrays.update(clip=arrays["clip"] + 5),
        lambda arrays: arrays.update(offsets=arrays["offsets"][::-1]),
    ],
)
def test_an_index_that_does_not_fit_is_refused_at_once(copied, change):
    arrays = load_arrays(copied / INDEX)
    change(arrays)
    save_arrays(copied / INDEX, arrays)
    with pytest.raises(InputError) as caught:
        Pack(copied)
    assert caught.value.code == "pack_damaged"


def halved(data):
    return data[: len(data) // 2]


@pytest.mark.parametrize(
    ("name", "damage"),
    [
        (INDEX, lambda data: b""),
        (INDEX, halved),
        (FRAMES, lambda data: b""),
        (FRAMES, halved),
        (FRAMES, lambda data: data + b"x"),
    ],
)
def test_a_damaged_or_cut_file_is_refused_at_once(copied, name, damage):
    (copied / name).write_bytes(damage((copied / name).read_bytes()))
    with pytest.raises(InputError) as caught:
        Pack(copied)
    assert caught.value.code == "pack_damaged"


def test_an_index_with_objects_of_python_is_not_unpacked(copied):
    np.savez(copied / INDEX, offsets=np.array([{}], object))
    with pytest.raises(InputError) as caught:
        Pack(copied)
    assert caught.value.code == "pack_damaged"


def test_a_pack_that_fails_midway_leaves_the_old_one_as_it_was(copied, tmp_path):
    data = clips(tmp_path / "data", ["a.mp4", "b.mp4"])
    video(data / "clips" / "a.mp4", [np.asarray(flat((90, 90, 90), 256, 256))] * 4)
    (data / "clips" / "b.mp4").write_bytes(b"no video")
    before = contents(copied)
    with pytest.raises(InputError) as caught:
        pack(data, copied)
    assert caught.value.code == "video_unreadable" and contents(copied) == before


def test_clips_without_a_face_make_no_pack(tmp_path):
    data = clips(tmp_path / "data", ["a.mp4"])
    video(data / "clips" / "a.mp4", [np.asarray(flat((90, 90, 90), 256, 256))] * 4)
    with pytest.raises(InputError) as caught:
        pack(data, tmp_path / "out")
    assert caught.value.code == "data_empty" and list((tmp_path / "out").iterdir()) == []


def test_a_damaged_frame_is_named_where_it_is_read(copied):
    data = bytearray((copied / FRAMES).read_bytes())
    data[: len(data) // 40] = bytes(len(data) // 40)
    (copied / FRAMES).write_bytes(data)
    found = Pack(copied)
    assert found.picture(19).shape == (256, 256, 3)
    with pytest.raises(InputError, match="Frame 0 ") as caught:
        found.picture(0)
    assert caught.value.code == "pack_damaged"
