"""Clips of the video flow as films or contact sheets, and the video flow as a painter of a film's futures."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from PIL import Image

from backend.core.errors import InputError
from backend.core.files import write_whole
from backend.core.progress import Progress, ShareProgress
from backend.core.types import CLOCK_HZ, Picture
from backend.films.grid import CaptionedPicture, contact_sheet, scaled, sheet
from backend.films.reference import longest_segment
from backend.media.face_recording import track_face
from backend.media.video_reader import pictures_at
from backend.media.video_writer import check_writable, write_video
from backend.starflow.video import SamplingSettings, VideoFlow, VideoFrames

CROP_SIZE = 256
"""Side in pixels at which a clip's faces are cropped before they are scaled to the model's size, as its training data was."""


@dataclass(frozen=True)
class LabelledClip:
    """Frames `[T, S, S, 3]`, the label over them, and how many of the first were given rather than sampled."""

    frames: VideoFrames
    label: str
    given: int = 0

    def frame_label(self, step: int) -> str:
        """The label over one frame."""
        return "given" if step < self.given else self.label

    def row_label(self) -> str:
        """The label over a row of all frames."""
        given = "one is" if self.given == 1 else f"{self.given} are"
        return f"{self.label}   the first {given} given" if self.given else self.label


def painter(flow: VideoFlow, settings: SamplingSettings) -> Callable[[Picture, int, int, ShareProgress], Picture]:
    """Return a painter for `backend.films.futures`, which scales its pictures and uses the next seed at every call."""
    calls = itertools.count()

    def paint(seen: Picture, count: int, frames: int, progress: ShareProgress) -> Picture:
        reseeded = replace(settings, seed=settings.seed + next(calls))
        return flow.futures(scaled(seen, flow.size), count, frames, reseeded, progress)

    return paint


def last_frames(path: Path, count: int, size: int, progress: Progress | None = None) -> VideoFrames:
    """Read the last frames of a video's longest part with a face, 12.5 a second.

    Args:
        path: the video.
        count: how many frames at most.
        size: side of a frame in pixels.
        progress: as in `track_face`.

    Returns:
        `[T, size, size, 3]`.

    Raises:
        InputError: as `track_face`.
    """
    recording, crop = track_face(path, progress)
    times = longest_segment(recording).timestamps[-count:]
    return scaled(np.stack(list(pictures_at(path, crop, times.tolist(), CROP_SIZE))), size)


def check_output(out: Path) -> None:
    """Make sure, before long work, that `write_clips` can write to this path.

    Raises:
        InputError: `imagine_suffix`, `video_unwritable`.
    """
    if out.suffix.lower() not in (".mp4", ".png"):
        raise InputError("imagine_suffix", f"{out} is neither a film nor a picture.", "End the name in .mp4 or .png.")
    check_writable(out.with_suffix(".mp4"))


def write_clips(out: Path, clips: Sequence[LabelledClip], size: int, reference: LabelledClip | None = None) -> None:
    """Write clips of one length, side by side as a film, or as a picture with a row for each and time from left to right.

    Args:
        out: `.mp4` or `.png`; written whole or not at all.
        clips: at least one.
        size: side of a tile in pixels.
        reference: a clip to show before the others.
    """
    first = [reference] if reference else []
    if out.suffix.lower() == ".png":
        rows = [(scaled(clip.frames, size), clip.row_label()) for clip in (*first, *clips)]
        with write_whole(out) as hidden:
            Image.fromarray(contact_sheet(rows)).save(hidden)
        return
    with write_video(out, CLOCK_HZ) as video:
        for step in range(len(clips[0].frames)):
            video.write(sheet(_tiles(first, step, size), _tiles(clips, step, size)))


def _tiles(clips: Sequence[LabelledClip], step: int, size: int) -> list[CaptionedPicture]:
    return [(scaled(clip.frames[step], size), clip.frame_label(step)) for clip in clips]
