"""Videos are H.264 files that players understand, written whole or not at all."""

import os

import av
import numpy as np
import pytest

from backend.media.video_reader import read_video
from backend.media.video_writer import check_writable, write_video
from tests.media.made import flat, refused, scaled, video


def test_a_picture_survives_the_encoder_nearly_unchanged(tmp_path):
    (frame,) = read_video(video(tmp_path / "a.mp4", [scaled(256)]))
    assert np.abs(frame.picture.astype(int) - scaled(256)).mean() < 4


def test_the_file_is_h264_in_yuv420p_that_can_start_to_play_before_it_is_whole(tmp_path):
    path = video(tmp_path / "a.mp4", [flat(9)] * 3, fps=25)
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        assert (stream.codec_context.name, stream.pix_fmt, stream.average_rate) == ("h264", "yuv420p", 25)
    data = path.read_bytes()
    assert data.index(b"moov") < data.index(b"mdat")


def test_the_last_row_and_column_of_odd_sizes_are_repeated(tmp_path):
    (frame,) = read_video(video(tmp_path / "a.mp4", [flat(200, 63, 95)]))
    assert frame.picture.shape == (64, 96, 3)
    np.testing.assert_allclose(frame.picture, 200, atol=4)


@pytest.mark.parametrize("interruption", [RuntimeError, KeyboardInterrupt])
def test_an_interrupted_writer_leaves_neither_a_file_nor_a_fragment(tmp_path, interruption):
    with pytest.raises(interruption), write_video(tmp_path / "a.mp4", 25) as writer:
        writer.write(flat(1))
        raise interruption
    assert os.listdir(tmp_path) == []


def test_an_earlier_file_stays_until_the_new_one_is_whole(tmp_path):
    path = video(tmp_path / "a.mp4", [flat(1)])
    before = path.read_bytes()
    with write_video(path, 25) as writer:
        writer.write(flat(250))
        assert path.read_bytes() == before
    assert path.read_bytes() != before
    assert os.listdir(tmp_path) == ["a.mp4"]


def test_the_folder_of_a_new_video_is_made_and_the_file_can_be_read_by_others(tmp_path):
    path = video(tmp_path / "deep" / "er" / "a.mp4", [flat(1)])
    assert path.stat().st_mode & 0o044 == 0o044


def test_a_video_without_a_frame_or_without_a_place_is_refused(tmp_path):
    (tmp_path / "file").write_bytes(b"")
    assert refused(lambda: video(tmp_path / "a.mp4", [])) == "video_unwritable"
    assert refused(lambda: video(tmp_path / "file" / "a.mp4", [flat(1)])) == "video_unwritable"


@pytest.mark.parametrize("second", [flat(1, 64, 98), flat(1).astype(np.float32), flat(1)[..., 0]])
def test_a_picture_unlike_the_first_is_refused(tmp_path, second):
    with pytest.raises(ValueError):
        video(tmp_path / "a.mp4", [flat(1), second])


def test_a_place_that_cannot_take_a_film_is_refused_before_there_is_one(tmp_path):
    (tmp_path / "file").touch()
    (tmp_path / "folder.mp4").mkdir()
    for name in ("file/x.mp4", "folder.mp4"):
        assert refused(lambda name=name: check_writable(tmp_path / name)) == "video_unwritable"
        assert refused(lambda name=name: write_video(tmp_path / name, 10).__enter__()) == "video_unwritable"
    for name in ("x.avi", "x"):
        assert refused(lambda name=name: check_writable(tmp_path / name)) == "video_suffix"
    check_writable(tmp_path / "new" / "x.MP4")
    assert list((tmp_path / "new").iterdir()) == []
