"""Samples clips with the video model from a caption, a portrait or a clip, and writes them as a film or a contact sheet."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from PIL import Image

from backend.core.errors import InputError
from backend.core.files import save_whole
from backend.core.progress import Progress, StageProgress
from backend.core.types import CLOCK_HZ, Picture
from backend.films.grid import CaptionedPicture, contact_sheet, scaled, sheet
from backend.films.reference import longest_segment
from backend.keypoints.captions import parse_caption
from backend.media.face_tracker import track_face
from backend.media.video_reader import check_video, pictures_at
from backend.media.video_writer import check_writable, write_video
from backend.starflow.video import SamplingSettings, VideoFlow

CROP_SIZE = 256
"""Side in pixels of the crop that is then scaled to the model's size, as in its training data."""


@dataclass(frozen=True)
class ImagineRequest:
    """What `imagine_clips` writes.

    Attributes:
        out: `.mp4` or `.png`.
        settings: of the sampling.
        portrait: a square picture to continue, or with an edit the new first frame.
        clip: a video whose end is continued or edited.
        edit: `retold` samples the clip again under the new caption or from the portrait; None continues it.
        count: number of clips; by default 4, or 1 for an edit.
        seconds: of each clip.
        size: side of a tile in pixels.
    """

    out: Path
    settings: SamplingSettings
    portrait: Picture | None = None
    clip: Path | None = None
    edit: str | None = None
    count: int | None = None
    seconds: float = 1.28
    size: int = 192

    @property
    def frames(self) -> int:
        """Frames of each clip, at least 2."""
        return max(2, round(self.seconds * CLOCK_HZ))


def check_request(request: ImagineRequest) -> None:
    """Check, before long work, what needs no model.

    Raises:
        InputError: `edit_unknown`, `edit_clip`, `imagine_twofold`, `imagine_suffix`, `video_unwritable`, `video_caption`; as
            `check_video`.
    """
    if request.edit not in (None, "retold"):
        raise InputError("edit_unknown", f"{request.edit!r} is no edit.", "Give retold.")
    if request.edit and not request.clip:
        raise InputError("edit_clip", "An edit needs a clip.", "Name a video with --clip.")
    if request.portrait is not None and request.clip and not request.edit:
        message = "A portrait and a clip go together only if the clip is retold."
        raise InputError("imagine_twofold", message, "Leave one of them out.")
    if request.out.suffix.lower() not in (".mp4", ".png"):
        raise InputError("imagine_suffix", f"{request.out} is neither a film nor a picture.", "End the name in .mp4 or .png.")
    check_writable(request.out, (".mp4", ".png"))
    parse_caption(request.settings.caption)
    if request.clip:
        check_video(request.clip)


@dataclass(frozen=True)
class LabelledClip:
    """Frames `[T, S, S, 3]`, their label, and how many of the first were given rather than sampled."""

    frames: Picture
    label: str
    given: int = 0

    def frame_label(self, step: int) -> str:
        """Return the label of one frame."""
        return "given" if step < self.given else self.label

    def row_label(self) -> str:
        """Return the label of a row of all frames."""
        given = "one is" if self.given == 1 else f"{self.given} are"
        return f"{self.label}   the first {given} given" if self.given else self.label


def imagine_clips(flow: VideoFlow, request: ImagineRequest, progress: StageProgress) -> tuple[list[LabelledClip], float]:
    """Sample clips and write them; return them and the seconds that sampling took.

    Args:
        flow: the model.
        request: checked by `check_request`.
        progress: called while the clip is read and while clips are sampled.

    Raises:
        InputError: `imagine_seconds` for an edit longer than the model's window; as `last_frames`.
    """
    frames, limit = request.frames, flow.model.config.frames / CLOCK_HZ
    if request.edit and frames > flow.model.config.frames:
        raise InputError("imagine_seconds", f"A clip of at most {limit:.2f} s can be edited.", f"Give --seconds {limit:.2f}.")
    start = None if request.portrait is None else scaled(request.portrait, flow.size)
    seen = None if start is None else start[None]
    if clip := request.clip:
        length = frames if request.edit else flow.context
        seen = last_frames(clip, length, flow.size, lambda done, total: progress(clip.name, done, total))
    began = time.monotonic()
    clips = _sample(flow, request, seen, start, progress)
    sampling_s = time.monotonic() - began
    reference = None
    if request.edit and seen is not None:
        reference = LabelledClip(seen, "clip")
    elif seen is not None and request.out.suffix.lower() != ".png":  # In a contact sheet, every row begins with these frames.
        still = np.concatenate([seen, np.repeat(seen[-1:], frames, 0)])
        reference = LabelledClip(still, "clip" if clip else "portrait")
    _write(request.out, [reference] if reference else [], clips, request.size)
    return clips, sampling_s


def _sample(
    flow: VideoFlow, request: ImagineRequest, seen: Picture | None, start: Picture | None, progress: StageProgress
) -> list[LabelledClip]:
    settings, frames, caption = request.settings, request.frames, request.settings.caption.strip()
    count = request.count or (1 if request.edit else 4)

    def report(share: float) -> None:
        progress("sampling", round(share * count * frames), count * frames)

    if seen is None:
        sampled, label, given = list(flow.imagine(count, frames, settings, report)), caption or "video model", 0
    elif not request.edit:
        futures = flow.futures(seen, count, frames, settings, report)
        sampled, label, given = [np.concatenate([seen, future]) for future in futures], caption or "video model", len(seen)
    else:
        sampled, label, given = [], f"retold: {caption}".removesuffix(": "), 1
        for i in range(count):
            sampled.append(flow.edit(seen, replace(settings, seed=settings.seed + i), start))
            report((i + 1) / count)
    return [LabelledClip(frames, f"{i + 1} {label}", given) for i, frames in enumerate(sampled)]


def last_frames(path: Path, count: int, size: int, progress: Progress | None = None) -> Picture:
    """Read the last frames `[T, size, size, 3]` of a video's longest part with a face, 12.5 a second.

    Args:
        path: the video.
        count: maximum of frames.
        size: side of a frame in pixels.
        progress: as in `track_face`.

    Raises:
        InputError: as `track_face`.
    """
    recording, crop = track_face(path, progress)
    times = longest_segment(recording).timestamps[-count:]
    return scaled(np.stack(list(pictures_at(path, crop, times.tolist(), CROP_SIZE))), size)


def _write(out: Path, known: Sequence[LabelledClip], clips: Sequence[LabelledClip], size: int) -> None:
    """Write clips beside known ones as a film, or below them as a contact sheet."""
    if out.suffix.lower() == ".png":
        rows = [(scaled(clip.frames, size), clip.row_label()) for clip in (*known, *clips)]
        save_whole(out, lambda file: Image.fromarray(contact_sheet(rows)).save(file, "PNG"))
        return
    with write_video(out, CLOCK_HZ) as video:
        for step in range(len(clips[0].frames)):
            video.write(sheet(_tiles(known, step, size), _tiles(clips, step, size)))


def _tiles(clips: Sequence[LabelledClip], step: int, size: int) -> list[CaptionedPicture]:
    return [(scaled(clip.frames[step], size), clip.frame_label(step)) for clip in clips]
