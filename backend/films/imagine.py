"""Clips that the video flow samples from a caption, a portrait or a clip, written as a film or a contact sheet."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from backend.core.errors import InputError
from backend.core.progress import StageProgress
from backend.core.types import CLOCK_HZ, Picture
from backend.films.clips import LabelledClip, check_output, last_frames, write_clips
from backend.films.grid import scaled
from backend.keypoints.captions import parse_known
from backend.media.video_reader import check_video
from backend.starflow.video import SamplingSettings, VideoFlow, VideoFrames


@dataclass(frozen=True)
class ImagineRequest:
    """What `imagine_clips` shall write.

    Attributes:
        out: `.mp4` or `.png`.
        settings: of the samples.
        portrait: a square picture to continue, or with an edit the new first frame; None for none.
        clip: a video whose end is continued or edited; None for none.
        edit: `retold` samples the clip again under the new caption or from the portrait; None continues.
        count: clips to sample; None for 4, or 1 edit.
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
    """Check all that can be checked without the model, before long work.

    Raises:
        InputError: `edit_unknown`, `edit_clip`, `imagine_twofold`, `video_caption`; as `check_output` and `check_video`.
    """
    if request.edit not in (None, "retold"):
        raise InputError("edit_unknown", f"{request.edit!r} is no edit.", "Give retold.")
    if request.edit and not request.clip:
        raise InputError("edit_clip", "An edit needs a clip.", "Name a video with --clip.")
    if request.portrait is not None and request.clip and not request.edit:
        raise InputError(
            "imagine_twofold", "A portrait and a clip go together only where the clip is retold.", "Leave one of them out."
        )
    check_output(request.out)
    parse_known(request.settings.caption)
    if request.clip:
        check_video(request.clip)


def imagine_clips(flow: VideoFlow, request: ImagineRequest, progress: StageProgress) -> tuple[list[LabelledClip], float]:
    """Sample clips and write them.

    Args:
        flow: the model.
        request: checked by `check_request`.
        progress: called while the clip is read and while clips are sampled.

    Returns:
        The clips, and the seconds that sampling took.

    Raises:
        InputError: `imagine_seconds` for an edit longer than the model's window; as `last_frames` and `write_clips`.
    """
    frames, limit = request.frames, flow.model.config.frames / CLOCK_HZ
    if request.edit and frames > flow.model.config.frames:
        raise InputError("imagine_seconds", f"A clip of at most {limit:.2f} s can be edited.", f"Give --seconds {limit:.2f}.")
    start = seen = None if request.portrait is None else scaled(request.portrait[None], flow.size)
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
    write_clips(request.out, clips, request.size, reference)
    return clips, sampling_s


def _sample(
    flow: VideoFlow, request: ImagineRequest, seen: VideoFrames | None, start: VideoFrames | None, progress: StageProgress
) -> list[LabelledClip]:
    settings, frames, caption = request.settings, request.frames, request.settings.caption.strip()
    count = request.count or (1 if request.edit else 4)

    def report(share: float) -> None:
        progress("sampling", round(share * count * frames), count * frames)

    if seen is None:
        sampled, label, given = list(flow.imagine(count, frames, settings, report)), caption or "video flow", 0
    elif not request.edit:
        futures = flow.futures(seen, count, frames, settings, report)
        sampled, label, given = [np.concatenate([seen, one]) for one in futures], caption or "video flow", len(seen)
    else:
        sampled, label, given = [], f"retold: {caption}".removesuffix(": "), 1
        for i in range(count):
            reseeded = replace(settings, seed=settings.seed + i)
            sampled.append(flow.edit(seen, reseeded, None if start is None else start[0]))
            report((i + 1) / count)
    return [LabelledClip(one, f"{i + 1} {label}", given) for i, one in enumerate(sampled)]
