"""Video files -> pictures with times, and back; faces in video -> landmark recordings."""

from __future__ import annotations

import contextlib
import errno
import math
import os
import tempfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from av.container import InputContainer
from av.video.reformatter import Colorspace
from av.video.stream import VideoStream
from numpy.typing import NDArray

from backend.core.errors import InputError
from backend.core.recording import Recording
from backend.core.types import FloatArray
from backend.media.crop import SquareCrop
from backend.media.follow import FaceFollower

VIDEO_SUFFIXES = (".mp4", ".mov", ".mkv", ".webm", ".avi", ".m4v", ".mpg", ".mpeg")
"""What files of a folder are taken for videos, in lower case."""

REPLACE_S = 0.5
"""After so long without the face last seen, another face may take its place; forecasts begin anew after such a gap."""

SAME_TIME_S = 1e-3
"""Times closer than this are the same frame's."""

FARTHEST_JUMP = 0.5
"""A face whose centre moves further between frames than this share of its size is another face."""

LARGEST_GROWTH = 1.4
"""A face that grows or shrinks by more than this factor between frames is another face."""


@dataclass(frozen=True)
class VideoFrame:
    """One decoded frame.

    Attributes:
        picture: `[height, width, 3]` uint8 RGB, upright, with square pixels.
        t: seconds since the first frame.
    """

    picture: NDArray[np.uint8]
    t: float


def read_video(path: Path) -> Iterator[VideoFrame]:
    """Decode a video frame by frame, at the times that the file gives, turned upright.

    Damaged stretches are passed over. Times increase strictly: a frame that does not advance is left out.

    Raises:
        InputError: `video_missing`, `video_unreadable` (not a video, or nothing in it decodes), `video_empty` (no picture).
    """
    path = Path(path)
    with _opened(path) as (container, stream):
        step = float(1 / stream.average_rate) if stream.average_rate else 0.04
        start: float | None = None
        last, damaged = -math.inf, False
        for frame in _decoded(container, stream):
            if frame is None:
                damaged = True
                continue
            following = 0.0 if start is None else start + last + step
            t = following if frame.pts is None else frame.time
            start = t if start is None else start
            if t - start <= last:
                continue
            last = t - start
            yield VideoFrame(_upright(frame, stream.sample_aspect_ratio), last)
    if start is None and damaged:
        raise _unreadable(path)
    if start is None:
        raise InputError("video_empty", f"{path} holds no picture.", "Choose a file with a video track.")


@contextlib.contextmanager
def _opened(path: Path) -> Iterator[tuple[InputContainer, VideoStream]]:
    if not path.is_file():
        raise InputError("video_missing", f"There is no video at {path}.", "Check the name.")
    try:
        container = av.open(str(path), metadata_errors="replace")
    except (av.FFmpegError, OSError, ValueError):
        raise _unreadable(path) from None
    with container:
        if not container.streams.video and not container.streams.audio:
            raise _unreadable(path)
        if not container.streams.video:
            raise InputError("video_empty", f"{path} holds no picture.", "Choose a file with a video track.")
        yield container, container.streams.video[0]


def _unreadable(path: Path) -> InputError:
    return InputError(
        "video_unreadable", f"{path} cannot be read as a video.", "Convert it to an H.264 MP4, or download it again."
    )


def _decoded(container: InputContainer, stream: VideoStream) -> Iterator[av.VideoFrame | None]:
    """Frames in the order of showing; None for a packet that does not decode."""
    packets = container.demux(stream)
    while True:
        try:
            packet = next(packets)
        except StopIteration:
            return
        except av.FFmpegError:
            yield None
            return
        try:
            yield from packet.decode()
        except av.FFmpegError:
            yield None


def _upright(frame: av.VideoFrame, aspect: Fraction | None) -> NDArray[np.uint8]:
    """RGB with square pixels, after the rotation that the file asks for."""
    width = round(frame.width * aspect) if aspect else frame.width
    picture = frame.to_ndarray(format="rgb24", width=width, height=frame.height)
    return np.ascontiguousarray(np.rot90(picture, round(frame.rotation / 90)))


class VideoWriter:
    """Frames -> one H.264 file; made by `write_video`.

    Attributes:
        frames: pictures written so far.
    """

    def __init__(self, path: Path, fps: float) -> None:
        self.frames = 0
        self._container = av.open(str(path), "w", format="mp4", options={"movflags": "+faststart"})
        self._stream = self._container.add_stream("libx264", rate=Fraction(fps).limit_denominator(1001))
        self._stream.pix_fmt = "yuv420p"
        self._stream.options = {"crf": "18", "preset": "medium"}
        context = self._stream.codec_context
        context.colorspace = context.color_primaries = context.color_trc = 1  # BT.709, which players assume
        context.color_range = 1
        self._shape: tuple[int, ...] | None = None

    def write(self, picture: NDArray[np.uint8]) -> None:
        """Append one `[height, width, 3]` uint8 RGB picture; all have the same shape. An odd edge is doubled.

        Raises:
            ValueError: the shape is not the first picture's, or not that of a picture.
        """
        if picture.dtype != np.uint8 or picture.ndim != 3 or picture.shape[2] != 3:
            raise ValueError(f"a picture is uint8 [height, width, 3], not {picture.dtype} {picture.shape}")
        if self._shape is None:
            self._shape = picture.shape
            self._stream.height, self._stream.width = (length + length % 2 for length in picture.shape[:2])
        if picture.shape != self._shape:
            raise ValueError(f"a video of {self._shape} cannot take a picture of {picture.shape}")
        even = np.pad(picture, [(0, picture.shape[0] % 2), (0, picture.shape[1] % 2), (0, 0)], mode="edge")
        frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(even), format="rgb24")
        frame = frame.reformat(format="yuv420p", dst_colorspace=Colorspace.ITU709)
        self._container.mux(self._stream.encode(frame))
        self.frames += 1

    def close(self, *, whole: bool) -> None:
        """Finish the file; `whole` also writes what the encoder still holds."""
        if whole and self.frames:
            self._container.mux(self._stream.encode(None))
        self._container.close()


@contextlib.contextmanager
def write_video(path: Path, fps: float) -> Iterator[VideoWriter]:
    """Write an H.264 (yuv420p, BT.709) MP4 that appears under its name only when it is whole.

    Args:
        path: the file to make or replace; its folder is made.
        fps: frames per second, above 0.

    Raises:
        InputError: `video_unwritable`: the place cannot be written, or no frame was.
    """
    path = Path(path)
    temporary = _beside(path)
    try:
        writer = VideoWriter(temporary, fps)
        try:
            yield writer
        except BaseException:
            writer.close(whole=False)
            raise
        writer.close(whole=True)
        if not writer.frames:
            raise InputError("video_unwritable", f"No frame came for {path}.")
        temporary.chmod(0o644)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def mean_rate(path: Path) -> tuple[int, float]:
    """Decode a video once: its frames, and how many a second there are on average (25 where there is one alone).

    Raises:
        InputError: as `read_video`.
    """
    times = [frame.t for frame in read_video(path)]
    return len(times), (len(times) - 1) / times[-1] if times[-1] else 25.0


def check_video(path: Path) -> None:
    """Open a video and close it again.

    Raises:
        InputError: `video_missing`, `video_unreadable`, `video_empty`.
    """
    with _opened(Path(path)):
        pass


def check_writable(path: Path) -> None:
    """Make sure, before long work, that `write_video` can write there.

    Raises:
        InputError: `video_suffix` (not named as an MP4), `video_unwritable`.
    """
    if path.suffix.lower() != ".mp4":
        raise InputError("video_suffix", f"{path} is not the name of an MP4.", "End the name in .mp4.")
    _beside(path).unlink()


def _beside(path: Path) -> Path:
    """Make an empty file in the folder where `path` is to appear; the folder is made."""
    try:
        if path.is_dir():
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=f".{path.stem[:100]}-", suffix=".mp4", dir=path.parent)
    except OSError as error:
        raise InputError("video_unwritable", f"{path} cannot be written: {error.strerror}.", "Choose another place.") from None
    os.close(handle)
    return Path(name)


def landmark_recording(path: Path, progress: Callable[[int, int | None], None] | None = None) -> Recording:
    """Follow the face through a video; `follow_face` without the square."""
    return follow_face(path, progress)[0]


def follow_face(path: Path, progress: Callable[[int, int | None], None] | None = None) -> tuple[Recording, SquareCrop]:
    """Follow the face through a video, and say in which square of it.

    The square is held for the whole video: around the face's median place and size. Frames without a face are left out, and
    so are those where the tracker has jumped to another one, until the first is back or `REPLACE_S` have gone by.

    Args:
        path: the video.
        progress: called with (frames read, frames in all or None where the file does not say) after every frame.

    Raises:
        InputError: as `read_video`; `video_no_face` where no frame shows a face.
    """
    path = Path(path)
    total = _frame_count(path)
    faces: list[FloatArray] = []
    times: list[float] = []
    height = width = 0
    with FaceFollower() as follow:
        for index, frame in enumerate(read_video(path)):
            height, width = frame.picture.shape[:2]
            face = follow(frame.picture, frame.t)
            if face is not None and (not faces or frame.t - times[-1] > REPLACE_S or _same_face(faces[-1], face)):
                faces.append(face)
                times.append(frame.t)
            if progress:
                progress(index + 1, total)
    if not faces:
        raise InputError("video_no_face", f"No face was found in {path}.", "Choose a video in which one face is well visible.")
    crop = SquareCrop.around(np.median(np.stack(faces), axis=0), width, height)
    return Recording(crop.apply(np.stack(faces)), np.array(times), path.name), crop


def pictures_at(path: Path, crop: SquareCrop, times: Iterable[float], size: int) -> Iterator[NDArray[np.uint8]]:
    """Read a video once more and return its square `[size, size, 3]` at each of `times` (seconds, increasing).

    Of the frames, the first at or after a time is taken; past the end, the last.
    """
    frames = read_video(path)
    frame = next(frames)
    for t in times:
        while frame.t < t - SAME_TIME_S and (following := next(frames, None)) is not None:
            frame = following
        yield crop.cut(frame.picture, size)


def _frame_count(path: Path) -> int | None:
    with _opened(path) as (_, stream):
        return stream.frames or None


def _same_face(before: FloatArray, after: FloatArray) -> bool:
    """Whether two faces `[478, 3]` in pixels, a frame apart, can be one."""
    size, grown = (float(np.ptp(face[:, :2], axis=0).max()) for face in (before, after))
    jump = float(np.linalg.norm(before[:, :2].mean(0) - after[:, :2].mean(0)))
    return jump < FARTHEST_JUMP * size and size < LARGEST_GROWTH * grown and grown < LARGEST_GROWTH * size
