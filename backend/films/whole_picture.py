"""`motionfan animate --whole-picture`: the portrait follows a clip within the whole picture that it was cropped from."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from backend.core.errors import InputError
from backend.core.recording import Recording
from backend.core.types import CLOCK_HZ
from backend.films.reference import Reference, longest, neutral
from backend.media.images import PortraitImage
from backend.media.paste import paste_back
from backend.media.video import write_video
from backend.pipeline import Pipeline

AT_ONCE = 8
"""Frames drawn as one batch."""


def whole_film(
    pipeline: Pipeline,
    image: PortraitImage,
    recording: Recording,
    out: Path,
    *,
    reference: Reference = "best",
    progress: Callable[[int, int], None] | None = None,
) -> int:
    """Write an MP4 of the whole picture in which the portrait moves as the driver does.

    Args:
        pipeline: the models.
        image: the portrait, with its whole picture.
        recording: the driver; its longest unbroken part is followed.
        out: the file to write; written whole or not at all.
        reference: the driver's neutral moment, as `neutral` takes it.
        progress: called with (frames written, frames in all).

    Returns:
        How many frames were written.

    Raises:
        InputError: `recording_empty`, `reference_outside`, `whole_missing`.
    """
    if image.whole is None or image.crop is None:
        raise InputError("whole_missing", "Of this portrait only the crop is there.", "Load it from its file.")
    segment = longest(recording)
    stream = pipeline.open(pipeline.portrait(image))
    stream.reference = neutral(pipeline, stream.portrait, segment, reference)
    size = len(image.picture)
    still = pipeline.render([(stream, stream.reference.flat()[None])], size)[0][0]
    flats, count = pipeline.keypoints(segment.landmarks).flat(), len(segment.landmarks)
    with write_video(out, CLOCK_HZ) as video:
        for start in range(0, count, AT_ONCE):
            frames = pipeline.render([(stream, flats[start : start + AT_ONCE])], size)[0]
            for picture in paste_back(image.whole, image.crop, frames, still):
                video.write(picture)
            if progress:
                progress(min(start + AT_ONCE, count), count)
    return count
