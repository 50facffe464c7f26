"""Reads video files as frames with their times."""

from __future__ import annotations

import contextlib
import math
import warnings
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import av
import numpy as np
from av.container import InputContainer
from av.video.stream import VideoStream

from backend.core.errors import InputError, reason
from backend.core.types import Picture
from backend.media.crop import SquareCrop

VIDEO_SUFFIXES = (".mp4", ".mov", ".mkv", ".webm", ".avi", ".m4v", ".mpg", ".mpeg")
"""Lower-case endings of the names of videos in a folder."""

MAX_FRAME_PIXELS = 50_000_000
"""Of a frame, as of a portrait; 8K video has 33 million. A small file may hold pictures that take gigabytes."""

SAME_TIME_S = 1e-3
"""Times closer than this belong to the same frame."""


MAX_MISSING_S, MAX_MISSING_SHARE = 0.5, 0.05
"""Seconds, and part of its length, by which a whole video may end before it says: its sound may be longer."""


class DamagedVideoWarning(UserWarning):
    """A video lacks a part; the rest is used.

    Attributes:
        note: which video and what is wrong with it, without its folder.
    """

    def __init__(self, path: Path, fault: str) -> None:
        super().__init__(f"{path} {fault}")
        self.note = f"{path.name} {fault}"


@dataclass(frozen=True)
class VideoFrame:
    """An upright picture `[height, width, 3]` with square pixels, and its time in seconds since the first frame."""

    picture: Picture
    t: float


def read_video(path: Path) -> Iterator[VideoFrame]:
    """Decode a video frame by frame, upright, at the times that the file states.

    Damaged packets are skipped, with a `DamagedVideoWarning` at the end, also where the video ends before it says. Times
    increase strictly: a frame that does not advance is dropped.

    Raises:
        InputError: `video_missing`, `video_unreadable` (not a video, or nothing in it decodes), `video_empty` (no picture),
            `video_too_large` (more than `MAX_FRAME_PIXELS`).
    """
    with _opened(path) as (container, stream):
        step = float(1 / stream.average_rate) if stream.average_rate else 0.04
        stated = float(stream.duration * stream.time_base) if stream.duration and stream.time_base else 0.0
        start: float | None = None
        last, damaged = -math.inf, 0
        for frame in _decoded(container, stream):
            damaged += frame is None or frame.is_corrupt
            if frame is None:
                continue
            following = 0.0 if start is None else start + last + step
            t = following if frame.pts is None else frame.time
            start = t if start is None else start
            if t - start > last:
                last = t - start
                _check_size(path, _shown_width(frame.width, stream), frame.height)
                yield VideoFrame(_upright(frame, _shown_width(frame.width, stream)), last)
    if start is None:
        raise _unreadable(path) if damaged else _empty(path)
    if stated - (last + step) > max(MAX_MISSING_S, MAX_MISSING_SHARE * stated):
        _warn(path, f"is cut off: it says {stated:.1f} s, but its pictures end after {last + step:.1f} s.")
    elif damaged:
        _warn(path, f"is damaged: {damaged} of its frames are missing or broken.")


def _warn(path: Path, fault: str) -> None:
    # Without a registry of warnings that were shown, so that every reader of the video can note it.
    warnings.warn_explicit(DamagedVideoWarning(path, fault), DamagedVideoWarning, __name__, 1)


@contextlib.contextmanager
def _opened(path: Path) -> Iterator[tuple[InputContainer, VideoStream]]:
    if not path.is_file():
        raise InputError("video_missing", f"There is no video at {path}.", "Check the name.")
    try:
        container = av.open(str(path), metadata_errors="replace")
    except PermissionError as error:
        raise InputError("video_unreadable", f"{path} cannot be read ({reason(error)}).", "Change its permissions.") from None
    except (av.FFmpegError, OSError, ValueError):
        raise _unreadable(path) from None
    with container:
        if not container.streams.video:
            raise _empty(path) if container.streams.audio else _unreadable(path)
        stream = container.streams.video[0]
        if stream.codec_context is None:  # There is no decoder for what the file states, and no size.
            raise _unreadable(path)
        _check_size(path, _shown_width(stream.width, stream), stream.height)
        yield container, stream


def _check_size(path: Path, width: int, height: int) -> None:
    if width * height > MAX_FRAME_PIXELS:
        message = f"The pictures of {path} have more than {MAX_FRAME_PIXELS // 1_000_000} megapixels."
        raise InputError("video_too_large", message, "Scale the video down.")


def _unreadable(path: Path) -> InputError:
    hint = "Convert it to an H.264 MP4, or download it again."
    return InputError("video_unreadable", f"{path} cannot be read as a video.", hint)


def _empty(path: Path) -> InputError:
    return InputError("video_empty", f"{path} holds no picture.", "Choose a file with a video track.")


def _decoded(container: InputContainer, stream: VideoStream) -> Iterator[av.VideoFrame | None]:
    """Yield frames in display order; None for a packet that does not decode."""
    try:
        for packet in container.demux(stream):
            try:
                yield from packet.decode()
            except av.FFmpegError:
                yield None
    except av.FFmpegError:
        yield None


def _shown_width(width: int, stream: VideoStream) -> int:
    """Return the width with square pixels of a picture that is stored with `width`."""
    aspect = stream.sample_aspect_ratio
    return max(1, round(width * aspect)) if aspect else width


def _upright(frame: av.VideoFrame, width: int) -> Picture:
    """Return RGB with square pixels, `width` of them in a row before it is rotated as the file asks."""
    picture = frame.to_ndarray(format="rgb24", width=width, height=frame.height)
    return np.ascontiguousarray(np.rot90(picture, round(frame.rotation / 90)))


def mean_rate(path: Path) -> tuple[int, float]:
    """Decode a video; return its number of frames and mean frames per second (25 for a single frame)."""
    times = [frame.t for frame in read_video(path)]
    return len(times), (len(times) - 1) / times[-1] if times[-1] else 25.0


def check_video(path: Path) -> None:
    """Check that a video opens, or raise as `read_video`."""
    with _opened(path):
        pass


def pictures_at(path: Path, crop: SquareCrop, times: Iterable[float], size: int) -> Iterator[Picture]:
    """Read a video and yield a square of the first frame at or after each time; past the end, the last frame.

    Args:
        path: the video.
        crop: the square in pixels.
        times: seconds, increasing.
        size: side of the pictures `[size, size, 3]`.
    """
    frames = read_video(path)
    frame = next(frames)
    for t in times:
        while frame.t < t - SAME_TIME_S and (following := next(frames, None)) is not None:
            frame = following
        yield crop.cut(frame.picture, size)


def frame_count(path: Path) -> int | None:
    """Return the number of frames that the file states, or None where it states none."""
    with _opened(path) as (_, stream):
        return stream.frames or None
