"""Videos are decoded upright, in order and in time; files that cannot be read are refused."""

import struct
import tracemalloc
import warnings
from fractions import Fraction

import av
import numpy as np
import pytest
from PIL import Image

from backend.media import video_reader
from backend.media.crop import SquareCrop
from backend.media.video_reader import DamagedVideoWarning, check_video, frame_count, pictures_at, read_video
from tests.media.made import flat, moving, refused, video


def test_frames_are_read_back_in_order_in_colour_and_in_time(tmp_path):
    colours = [(200, 30, 30), (30, 200, 30), (30, 30, 200), (120, 120, 120), (250, 250, 250)]
    frames = list(read_video(video(tmp_path / "a.mp4", [flat(c) for c in colours], fps=12.5)))
    np.testing.assert_allclose([frame.t for frame in frames], 0.08 * np.arange(5), atol=1e-3)
    for frame, colour in zip(frames, colours, strict=True):
        assert frame.picture.dtype == np.uint8 and frame.picture.shape == (64, 96, 3)
        np.testing.assert_allclose(frame.picture[8:-8, 8:-8].mean((0, 1)), colour, atol=6)


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


def test_missing_broken_and_pictureless_files_have_different_errors(tmp_path):
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
    with pytest.warns(DamagedVideoWarning, match="cut off: it says 1.6 s"):
        frames = list(read_video(path))
    assert 5 < len(frames) < 40
    assert (np.diff([frame.t for frame in frames]) > 0).all()


def test_damage_in_the_middle_is_named(tmp_path):
    path = video(tmp_path / "a.mp4", list(moving(40)))
    data = bytearray(path.read_bytes())
    begin = data.index(b"mdat") + 4
    middle = begin + (len(data) - begin) // 2
    data[middle : middle + 3000] = bytes(3000)
    path.write_bytes(data)
    with pytest.warns(DamagedVideoWarning, match="damaged"):
        assert list(read_video(path))


def test_a_whole_video_gives_no_warning(tmp_path):
    path = video(tmp_path / "a.mp4", list(moving(40)))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert len(list(read_video(path))) == 40


def test_a_video_in_which_nothing_decodes_is_unreadable(tmp_path):
    path = video(tmp_path / "a.mp4", list(moving(5)))
    data = bytearray(path.read_bytes())
    at = data.index(b"mdat") + 4
    data[at:] = bytes(len(data) - at)
    path.write_bytes(data)
    assert refused(lambda: list(read_video(path))) == "video_unreadable"


def test_pictures_at_times_are_the_frames_displayed_then_and_the_last_past_the_end(tmp_path):
    path = video(tmp_path / "a.mp4", [flat((20 * i, 0, 0), 64, 64) for i in range(10)], fps=25)
    shown = list(pictures_at(path, SquareCrop(0, 0, 64), [0.0, 0.08, 0.08, 0.3, 9.0], 32))
    assert all(picture.shape == (32, 32, 3) for picture in shown)
    np.testing.assert_allclose([picture[..., 0].mean() for picture in shown], [0, 40, 40, 160, 180], atol=6)


def with_aspect(path, aspect):
    """A small grey video whose pixels are `aspect` times as wide as high."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=25)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        stream.codec_context.sample_aspect_ratio = aspect
        for _ in range(3):
            container.mux(stream.encode(av.VideoFrame.from_ndarray(np.full((48, 64, 3), 90, np.uint8), format="rgb24")))
        container.mux(stream.encode(None))
    return path


def test_pictures_that_would_fill_the_memory_are_refused_before_they_are_decoded(tmp_path):
    Image.new("1", (10_000, 5001)).save(tmp_path / "a.png")
    tracemalloc.start()
    try:
        for read in (check_video, lambda path: next(read_video(path)), frame_count):
            assert refused(lambda read=read: read(tmp_path / "a.png")) == "video_too_large"
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 1_000_000


def test_pixels_of_any_shape_give_a_picture_and_count_as_it_is_shown(tmp_path, monkeypatch):
    for aspect, width in ((Fraction(2), 128), (Fraction(1, 20), 3), (Fraction(20), 1280)):
        path = with_aspect(tmp_path / "a.mp4", aspect)
        assert next(read_video(path)).picture.shape == (48, width, 3)
    monkeypatch.setattr(video_reader, "MAX_FRAME_PIXELS", 48 * 1279)
    assert refused(lambda: list(read_video(path))) == "video_too_large"


def test_a_video_of_an_unknown_codec_is_unreadable(tmp_path):
    path = video(tmp_path / "a.mp4", moving(3))
    path.write_bytes(path.read_bytes().replace(b"avc1", b"zzz9").replace(b"avcC", b"zzzC"))
    for read in (check_video, frame_count, lambda path: next(read_video(path))):
        assert refused(lambda read=read: read(path)) == "video_unreadable"
