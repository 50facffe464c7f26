"""Videos -> frames as the video flow was trained on them, and windows of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import simplejpeg
import torch
from numpy.typing import NDArray
from torch import Tensor

from backend.core.errors import InputError
from backend.core.progress import Progress
from backend.core.recording import Recording
from backend.core.types import CLOCK_HZ, FloatArray, Picture
from backend.evaluate.animation.clips import SIZE, Video
from backend.media.crop import SquareCrop
from backend.media.face_recording import track_face
from backend.media.video_reader import pictures_at, read_video

QUALITY = 92
"""Of the JPEGs that a pack keeps its frames as; they are made small as they are decoded."""


@dataclass(frozen=True)
class Footage:
    """A video made ready: every second frame or so (about 12.5 a second, as in a pack), where a face is seen.

    Attributes:
        video: where it comes from.
        recording: landmarks of all its frames with a face, in [-1, 1] of the crop.
        crop: the square of the video that is used.
        frames: `[T, S, S, 3]`.
        times: of them, seconds `[T]`.
        stretches: first frame and one past the last of every part without a gap.
    """

    video: Video
    recording: Recording
    crop: SquareCrop
    frames: Picture
    times: NDArray[np.float64]
    stretches: list[tuple[int, int]]

    def starts(self, length: int) -> list[int]:
        """Where windows of so many frames can begin."""
        return [start for begin, end in self.stretches for start in range(begin, end - length + 1)]


@dataclass(frozen=True)
class Window:
    """A piece of a video without a gap: its frames from `start` on."""

    footage: Footage
    start: int
    length: int

    @property
    def person(self) -> str:
        """Whose face it is."""
        return self.footage.video.person

    @property
    def clip(self) -> str:
        """Name of the video."""
        return self.footage.video.path.stem

    @property
    def frames(self) -> Picture:
        """`[length, S, S, 3]`."""
        return self.footage.frames[self.start : self.start + self.length]

    @property
    def pixels(self) -> Tensor:
        """`[length, 3, S, S]` in [0, 1]."""
        return unit(self.frames)

    @property
    def times(self) -> NDArray[np.float64]:
        """Seconds `[length]`."""
        return self.footage.times[self.start : self.start + self.length]

    @property
    def began(self) -> float:
        """The second at which the part without a gap begins."""
        return next(float(self.footage.times[a]) for a, b in self.footage.stretches if a <= self.start < b)

    @property
    def landmarks(self) -> FloatArray:
        """`[length, 478, 3]`, in [-1, 1] of the crop."""
        recording = self.footage.recording
        found: FloatArray = recording.landmarks[np.searchsorted(recording.timestamps, self.times - 1e-6)]
        return found

    def picture(self, frame: int) -> Picture:
        """One of its frames at full size, `[256, 256, 3]`, read from the video once more."""
        return next(pictures_at(self.footage.video.path, self.footage.crop, [float(self.times[frame])], SIZE))


def open_footage(video: Video, size: int, progress: Progress | None = None) -> Footage:
    """Follow the face through a video and take frames as a pack does.

    A square video is taken as it is; others are cut to a square around the face.

    Args:
        video: the file.
        size: S, edge of the frames in pixels: 256 or a JPEG fraction of it.
        progress: see `track_face`.

    Raises:
        InputError: it cannot be read or shows no face.
    """
    recording, crop = track_face(video.path, progress)
    height, width = next(read_video(video.path)).picture.shape[:2]
    if height == width:
        whole = SquareCrop(0, 0, width)
        recording = Recording(whole.apply(crop.undo(recording.landmarks)), recording.timestamps, recording.source)
        crop = whole
    step = float(np.median(np.diff(recording.timestamps))) if len(recording.timestamps) > 1 else 1 / CLOCK_HZ
    every = max(1, round(1 / (step * CLOCK_HZ)))
    seen = set(recording.timestamps.tolist())
    kept = [
        (shrink(crop.cut(frame.picture, SIZE), size), frame.t)
        for index, frame in enumerate(read_video(video.path))
        if index % every == 0 and frame.t in seen
    ]
    if not kept:
        raise InputError("video_short", f"{video.path.name} shows a face too briefly.", "Take a longer video.")
    times = np.array([t for _, t in kept])
    gaps = np.flatnonzero(np.diff(times) > 1.5 * every * step) + 1
    edges = [0, *gaps.tolist(), len(times)]
    return Footage(video, recording, crop, np.stack([f for f, _ in kept]), times, list(zip(edges, edges[1:], strict=False)))


def shrink(picture: Picture, size: int) -> Picture:
    """Make a picture small as a pack does it, by decoding a JPEG of it at less than its size: `[size, size, 3]`.

    Raises:
        InputError: `pack_size`: there is no such fraction.
    """
    data = simplejpeg.encode_jpeg(np.ascontiguousarray(picture), quality=QUALITY, colorsubsampling="444")
    small: Picture = simplejpeg.decode_jpeg(data, min_height=size, min_width=size)
    if len(small) != size:
        raise InputError("pack_size", f"Frames cannot be made {size} pixels small.")
    return small


def spread(footage: Sequence[Footage], length: int, per_clip: int) -> list[Window]:
    """Windows evenly spread over every video; one that is too short has none."""
    found = []
    for part in footage:
        starts = part.starts(length)
        places = np.unique(np.linspace(0, len(starts) - 1, per_clip).astype(int)) if starts else ()
        found += [Window(part, starts[place], length) for place in places]
    return found


def one_each(windows: Sequence[Window], most: int, seed: int) -> list[Window]:
    """Some of the windows, at most so many: one of each person, drawn at random, before there is a second one of anybody."""
    random = np.random.default_rng(seed)
    order = [windows[i] for i in random.permutation(len(windows))]
    turns: dict[str, int] = {}
    ranked: list[tuple[int, int]] = []
    for window in order:
        turns[window.person] = turns.get(window.person, -1) + 1
        ranked.append((turns[window.person], len(ranked)))
    return [order[place] for _, place in sorted(ranked)[:most]]


def unit(frames: Picture) -> Tensor:
    """`[..., S, S, 3]` uint8 -> `[..., 3, S, S]` in [0, 1]."""
    return torch.from_numpy(np.ascontiguousarray(frames)).movedim(-1, -3).float() / 255


def source(seed: int, number: int) -> torch.Generator:
    """Noise for one window of many."""
    return torch.Generator().manual_seed(seed * 1_000_003 + number)
