import os
import struct
from fractions import Fraction

import av
import numpy as np
import pytest

from backend.core.errors import InputError
from backend.media.crop import SquareCrop
from backend.media.video import check_writable, landmark_recording, pictures_at, read_video, write_video
from tests.media.made import astronaut, moving, placed, scaled, video


def flat(color, height=64, width=96):
    return np.full((height, width, 3), color, np.uint8)


def refused(call):
    with pytest.raises(InputError) as caught:
        call()
    return caught.value.code


def test_what_is_written_is_read_again_in_order_in_colour_and_in_time(tmp_path):
    colours = [(200, 30, 30), (30, 200, 30), (30, 30, 200), (120, 120, 120), (250, 250, 250)]
    frames = list(read_video(video(tmp_path / "a.mp4", [flat(c) for c in colours], fps=12.5)))
    np.testing.assert_allclose([frame.t for frame in frames], 0.08 * np.arange(5), atol=1e-3)
    for frame, colour in zip(frames, colours, strict=True):
        assert frame.picture.dtype == np.uint8 and frame.picture.shape == (64, 96, 3)
        np.testing.assert_allclose(frame.picture[8:-8, 8:-8].mean((0, 1)), colour, atol=6)


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


def test_odd_sizes_are_doubled_at_the_edge(tmp_path):
    (frame,) = read_video(video(tmp_path / "a.mp4", [flat(200, 63, 95)]))
    assert frame.picture.shape == (64, 96, 3)
    np.testing.assert_allclose(frame.picture, 200, atol=4)


def test_an_interrupted_writer_leaves_neither_a_file_nor_a_fragment(tmp_path):
    with pytest.raises(RuntimeError), write_video(tmp_path / "a.mp4", 25) as writer:
        writer.write(flat(1))
        raise RuntimeError
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


def uneven(path, times):
    """A video whose frames come at these times in seconds."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=30)
        stream.width, stream.height, stream.pix_fmt = 64, 64, "yuv420p"
        stream.codec_context.time_base = Fraction(1, 1000)
        for i, t in enumerate(times):
            frame = av.VideoFrame.from_ndarray(flat(40 * i, 64, 64), format="rgb24")
            frame.pts, frame.time_base = round(1000 * t), Fraction(1, 1000)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


@pytest.mark.parametrize("start", [0.0, 2.5])
def test_uneven_times_are_taken_from_the_file_counted_from_the_first_frame(tmp_path, start):
    times = [0.0, 0.033, 0.2, 0.21, 1.5]
    frames = list(read_video(uneven(tmp_path / "a.mkv", [start + t for t in times])))
    np.testing.assert_allclose([frame.t for frame in frames], times, atol=2e-3)
    assert [round(float(frame.picture.mean()) / 40) for frame in frames] == [0, 1, 2, 3, 4]


def turned(path, degrees):
    """Write a display matrix into the file's track header, as phones do: turn by `degrees` clockwise to show."""
    data = bytearray(path.read_bytes())
    a, b, c, d = {90: (0, 1, -1, 0), 180: (-1, 0, 0, -1), 270: (0, -1, 1, 0)}[degrees]
    matrix = struct.pack(">9i", a << 16, b << 16, 0, c << 16, d << 16, 0, 0, 0, 1 << 30)
    at = data.index(b"tkhd") + 4 + 40
    data[at : at + 36] = matrix
    path.write_bytes(data)
    return path


@pytest.mark.parametrize("degrees", [90, 180, 270])
def test_a_phones_rotation_is_undone(tmp_path, degrees):
    upright = np.zeros((64, 96, 3), np.uint8)
    upright[:16, :24] = (250, 20, 20)
    stored = np.rot90(upright, degrees // 90)
    (frame,) = read_video(turned(video(tmp_path / "a.mp4", [np.ascontiguousarray(stored)]), degrees))
    assert frame.picture.shape == upright.shape
    assert frame.picture[4:12, 4:20, 0].mean() > 200 > 50 > frame.picture[40:, 60:, 0].mean()


def test_pixels_that_are_not_square_are_made_so(tmp_path):
    path = tmp_path / "a.mp4"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=25)
        stream.width, stream.height, stream.pix_fmt = 64, 64, "yuv420p"
        stream.codec_context.sample_aspect_ratio = Fraction(3, 2)
        container.mux(stream.encode(av.VideoFrame.from_ndarray(flat(9, 64, 64), format="rgb24")))
        container.mux(stream.encode(None))
    (frame,) = read_video(path)
    assert frame.picture.shape == (64, 96, 3)


def test_missing_broken_and_silent_files_are_told_apart(tmp_path):
    (tmp_path / "words.mp4").write_text("This is no video. " * 50)
    (tmp_path / "empty.mp4").write_bytes(b"")
    whole = video(tmp_path / "whole.mp4", list(moving(10))).read_bytes()
    (tmp_path / "head.mp4").write_bytes(whole[:200])
    with av.open(str(tmp_path / "sound.wav"), "w") as container:
        stream = container.add_stream("pcm_s16le", rate=8000)
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 800), np.int16), format="s16", layout="mono")
        frame.sample_rate = 8000
        container.mux(stream.encode(frame))
    assert refused(lambda: list(read_video(tmp_path / "nothing.mp4"))) == "video_missing"
    assert refused(lambda: list(read_video(tmp_path))) == "video_missing"
    for name in ("words.mp4", "empty.mp4", "head.mp4"):
        assert refused(lambda name=name: list(read_video(tmp_path / name))) == "video_unreadable"
    assert refused(lambda: list(read_video(tmp_path / "sound.wav"))) == "video_empty"


def test_a_video_cut_off_in_the_middle_gives_the_frames_that_are_there(tmp_path):
    path = video(tmp_path / "a.mp4", list(moving(40)))
    path.write_bytes(path.read_bytes()[: path.stat().st_size * 2 // 3])
    frames = list(read_video(path))
    assert 5 < len(frames) < 40
    assert (np.diff([frame.t for frame in frames]) > 0).all()


def test_a_video_in_which_nothing_decodes_is_unreadable(tmp_path):
    path = video(tmp_path / "a.mp4", list(moving(5)))
    data = bytearray(path.read_bytes())
    at = data.index(b"mdat") + 4
    data[at:] = bytes(len(data) - at)
    path.write_bytes(data)
    assert refused(lambda: list(read_video(path))) == "video_unreadable"


def test_a_face_is_followed_into_a_recording_of_crop_coordinates(tmp_path):
    calls = []
    path = video(tmp_path / "talk.mp4", moving(20), fps=25)
    recording = landmark_recording(path, lambda done, total: calls.append((done, total)))
    assert len(recording.landmarks) == 20 and recording.source == "talk.mp4"
    np.testing.assert_allclose(recording.timestamps, 0.04 * np.arange(20), atol=1e-3)
    share = np.ptp(recording.landmarks[..., :2], axis=1).max(-1) / 2
    assert (share > 0.3).all() and (share < 0.75).all()
    assert recording.landmarks[-1, 1, 0] > recording.landmarks[0, 1, 0]
    assert calls == [(i, 20) for i in range(1, 21)]


def test_a_small_face_in_a_wide_picture_is_found_and_framed(tmp_path):
    frames = [placed(scaled(560), 540, 960, 420 + 3 * i, 0) for i in range(8)]
    recording = landmark_recording(video(tmp_path / "a.mp4", frames))
    assert len(recording.landmarks) == 8
    share = np.ptp(recording.landmarks[..., :2], axis=1).max(-1) / 2
    np.testing.assert_allclose(share, 0.53, atol=0.06)
    assert (np.diff(recording.landmarks[:, 1, 0]) > 0).all()


def test_frames_in_which_the_tracker_jumps_to_another_face_are_left_out(tmp_path):
    left, right = placed(scaled(400), 400, 800, 0, 0), placed(scaled(400), 400, 800, 400, 0)
    frames = [left] * 6 + [right] * 5 + [left] * 4
    recording = landmark_recording(video(tmp_path / "a.mp4", frames))
    assert len(recording.landmarks) < 15
    assert np.ptp(recording.landmarks[:, 1, 0]) < 0.2


def test_a_video_without_a_face_says_so(tmp_path):
    path = video(tmp_path / "a.mp4", [astronaut()[300:, 300:]] * 3)
    assert refused(lambda: landmark_recording(path)) == "video_no_face"


def test_pictures_at_times_are_the_frames_then_shown_and_the_last_past_the_end(tmp_path):
    path = video(tmp_path / "a.mp4", [flat((20 * i, 0, 0), 64, 64) for i in range(10)], fps=25)
    shown = list(pictures_at(path, SquareCrop(0, 0, 64), [0.0, 0.08, 0.08, 0.3, 9.0], 32))
    assert all(picture.shape == (32, 32, 3) for picture in shown)
    np.testing.assert_allclose([picture[..., 0].mean() for picture in shown], [0, 40, 40, 160, 180], atol=6)


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
