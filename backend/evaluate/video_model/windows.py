"""Read videos as frames like those that the video model was trained on, and choose windows of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import simplejpeg
import torch
from numpy.typing import NDArray
from torch import Tensor

from backend.core.errors import InputError
from backend.core.frames import FrameList
from backend.core.pixels import to_tensor
from backend.core.recording import Recording
from backend.core.types import CLOCK_HZ, FloatArray, Picture
from backend.evaluate.common.progress import CountProgress, counted
from backend.evaluate.common.videos import SIZE, HeldOutVideo, evenly_spaced, follow_square
from backend.media.crop import SquareCrop
from backend.media.video_reader import pictures_at, read_video
from backend.starflow.model import StarFlow

QUALITY = 92
"""JPEG quality of a training pack, which keeps frames as JPEGs and scales them down as it decodes them."""


@dataclass(frozen=True)
class FaceVideo:
    """The frames of a video that show a face, at about 12.5 Hz as in a training pack."""

    file: HeldOutVideo
    recording: Recording  # landmarks of all its frames with a face, in [-1, 1] of the crop
    crop: SquareCrop  # the square of the video that is used
    frames: Picture  # `[T, S, S, 3]`
    times: NDArray[np.float64]  # of them, seconds `[T]`
    stretches: list[tuple[int, int]]  # first frame and one past the last of every part without a gap


class VideoWindow:
    """`length` frames of a video from `start` on, without a gap."""

    def __init__(self, video: FaceVideo, start: int, length: int) -> None:
        part, recording = slice(start, start + length), video.recording
        self.video, self.start, self.length = video, start, length
        self.person, self.clip = video.file.person, video.file.name
        self.frames = video.frames[part]  # `[length, S, S, 3]`
        self.times = video.times[part]  # seconds
        self.began = next(float(video.times[a]) for a, b in video.stretches if a <= start < b)  # of the part without a gap
        # `[length, 478, 3]`, in [-1, 1] of the crop
        self.landmarks: FloatArray = recording.landmarks[np.searchsorted(recording.timestamps, self.times - 1e-6)]

    @property
    def pixels(self) -> Tensor:
        """`[length, 3, S, S]` in [0, 1]."""
        return to_tensor(self.frames)

    def picture(self, frame: int) -> Picture:
        """Read one of its frames at full size, `[256, 256, 3]`."""
        return next(pictures_at(self.video.file.path, self.video.crop, [float(self.times[frame])], SIZE))


def read_face_video(file: HeldOutVideo, size: int) -> FaceVideo:
    """Follow the face through a video and take frames `[S, S, 3]` as a training pack does; S is 256 or a JPEG fraction of it.

    Raises:
        InputError: it cannot be read or shows no face.
    """
    recording, crop = follow_square(file.path)
    step = float(np.median(np.diff(recording.timestamps))) if len(recording.timestamps) > 1 else 1 / CLOCK_HZ
    every = max(1, round(1 / (step * CLOCK_HZ)))
    seen = set(recording.timestamps.tolist())
    frames, kept = FrameList((size, size, 3), np.uint8), []
    for index, frame in enumerate(read_video(file.path)):
        if index % every == 0 and frame.t in seen:
            frames.append(shrink(crop.cut(frame.picture, SIZE), size))
            kept.append(frame.t)
    if not kept:
        raise InputError("video_short", f"{file.path.name} shows a face too briefly.", "Take a longer video.")
    times = np.array(kept)
    gaps = np.flatnonzero(np.diff(times) > 1.5 * every * step) + 1
    edges = [0, *gaps.tolist(), len(times)]
    return FaceVideo(file, recording, crop, frames.stack(), times, list(zip(edges, edges[1:], strict=False)))


def shrink(picture: Picture, size: int) -> Picture:
    """Scale a picture to `[size, size, 3]` as a training pack does, by decoding a JPEG of it at a fraction of its size.

    Raises `pack_size` if there is no such fraction.
    """
    data = simplejpeg.encode_jpeg(np.ascontiguousarray(picture), quality=QUALITY, colorsubsampling="444")
    small: Picture = simplejpeg.decode_jpeg(data, min_height=size, min_width=size)
    if len(small) != size:
        raise InputError("pack_size", f"Frames cannot be made {size} pixels small.")
    return small


def spaced_windows(videos: Sequence[FaceVideo], length: int, per_clip: int) -> list[VideoWindow]:
    """Choose evenly spaced windows of every video.

    Args:
        videos: the videos; one that is too short has no window.
        length: frames of a window.
        per_clip: windows of each video, at most.
    """
    found = []
    for video in videos:
        starts = [start for begin, end in video.stretches for start in range(begin, end - length + 1)]
        found += [VideoWindow(video, starts[place], length) for place in evenly_spaced(len(starts), per_clip)]
    return found


def select_by_person(windows: Sequence[VideoWindow], count: int, seed: int) -> list[VideoWindow]:
    """Choose windows at random: one of each person before a second one of any.

    Args:
        windows: all windows.
        count: how many, at most.
        seed: of the choice.
    """
    order = [windows[i] for i in np.random.default_rng(seed).permutation(len(windows))]
    people = [window.person for window in order]
    ranks = [people[:place].count(person) for place, person in enumerate(people)]
    return [order[place] for place in np.argsort(ranks, kind="stable")[:count]]


@dataclass(frozen=True)
class WindowSet:
    """Windows that a section of the report measures; iterating over it numbers them and reports progress."""

    windows: Sequence[VideoWindow]
    seed: int = 0  # of everything random
    progress: CountProgress = lambda done, total: None  # called with windows done and all

    def __iter__(self) -> Iterator[tuple[int, VideoWindow]]:
        return counted(self.windows, self.progress)


def window_noise(seed: int, number: int) -> torch.Generator:
    """Return the noise generator of window `number`."""
    return torch.Generator().manual_seed(seed * 1_000_003 + number)


def encode_noisy(model: StarFlow, pixels: Tensor, noise: torch.Generator) -> tuple[Tensor, Tensor]:
    """Return the latents `[1, T, H, W, C]` of frames, and the same with the flow's noise, on the model's device.

    Args:
        model: the video model.
        pixels: frames `[T, 3, S, S]` in [0, 1].
        noise: generator of the noise.
    """
    device = next(model.parameters()).device
    latents = model.autoencoder.encode(pixels.to(device))[None]
    return latents, latents + model.flow.config.noise * torch.randn(latents.shape, generator=noise).to(device)
