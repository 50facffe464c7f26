"""What the video flow draws, as a film or a contact sheet; and the video flow as a film's painter of futures."""

from __future__ import annotations

import itertools
import os
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from backend.core.errors import InputError
from backend.core.progress import Progress, ShareProgress
from backend.core.types import Picture
from backend.films.grid import CaptionedPicture, contact_sheet, scaled, sheet
from backend.films.reference import longest_segment
from backend.media.face_recording import track_face
from backend.media.video_reader import pictures_at
from backend.media.video_writer import check_writable, write_video
from backend.starflow.video import RATE, Drawing, Frames, VideoFlow

CUT = 256
"""Pixels that a clip's frames are cut at before they are made as small as the model's own, as those it learned from were."""


@dataclass(frozen=True)
class Clip:
    """Frames `[T, S, S, 3]`, what to write over them, and how many of the first were given rather than drawn."""

    frames: NDArray[np.uint8]
    caption: str
    given: int = 0

    def over(self, step: int) -> str:
        """What to write over one frame."""
        return "given" if step < self.given else self.caption

    def over_all(self) -> str:
        """What to write over all of them."""
        return self.caption + (
            f"   the first {'one is' if self.given == 1 else f'{self.given} are'} given" if self.given else ""
        )


def painter(flow: VideoFlow, drawing: Drawing) -> Callable[[Picture, int, int, ShareProgress], Picture]:
    """Return what draws futures of pictures of any size for `backend.films.futures`; each time with other noise."""
    times = itertools.count()

    def paint(seen: Picture, count: int, frames: int, progress: ShareProgress) -> Picture:
        anew = replace(drawing, seed=drawing.seed + next(times))
        return flow.futures(scaled(seen, flow.size), count, frames, anew, progress)

    return paint


def last_frames(path: Path, count: int, size: int, progress: Progress | None = None) -> Frames:
    """The last frames `[T, size, size, 3]` of a video's longest part with a face, 12.5 a second, T at most `count`.

    Raises:
        InputError: as `track_face`.
    """
    recording, crop = track_face(path, progress)
    times = longest_segment(recording).timestamps[-count:]
    return scaled(np.stack(list(pictures_at(path, crop, times.tolist(), CUT))), size)


def check_place(out: Path) -> None:
    """Make sure, before long work, that `write_clips` can write there.

    Raises:
        InputError: `imagine_suffix`, `video_unwritable`.
    """
    if out.suffix.lower() not in (".mp4", ".png"):
        raise InputError("imagine_suffix", f"{out} is neither a film nor a picture.", "End the name in .mp4 or .png.")
    check_writable(out.with_suffix(".mp4"))


def write_clips(out: Path, clips: Sequence[Clip], size: int, beside: Clip | None = None) -> int:
    """Show clips of one length side by side as a film, or one below the other, time from left to right, as a picture.

    Args:
        out: `.mp4` or `.png`; written whole or not at all.
        clips: at least one.
        size: side of a tile in pixels.
        beside: what to compare them with, before the others.

    Returns:
        How many frames each shows.
    """
    if out.suffix.lower() == ".png":
        shown = [beside, *clips] if beside else clips
        _save(out, contact_sheet([(scaled(clip.frames, size), clip.over_all()) for clip in shown]))
        return len(clips[0].frames)
    with write_video(out, RATE) as video:
        for step in range(len(clips[0].frames)):
            video.write(sheet(_tiles([beside] if beside else [], step, size), _tiles(clips, step, size)))
    return len(clips[0].frames)


def _tiles(clips: Sequence[Clip], step: int, size: int) -> list[CaptionedPicture]:
    return [(scaled(clip.frames[step], size), clip.over(step)) for clip in clips]


def _save(out: Path, picture: Picture) -> None:
    handle, name = tempfile.mkstemp(prefix=f".{out.stem[:100]}-", suffix=".png", dir=out.parent)
    os.close(handle)
    try:
        Image.fromarray(picture).save(name)
        Path(name).chmod(0o644)
        Path(name).replace(out)
    finally:
        Path(name).unlink(missing_ok=True)
