"""Writes films in which a portrait follows a clip within the whole picture that it was cropped from."""

from __future__ import annotations

from pathlib import Path

from backend.core.errors import InputError
from backend.core.progress import Progress
from backend.core.recording import Recording
from backend.core.types import CLOCK_HZ
from backend.films.reference import ReferenceMoment, longest_segment, neutral_keypoints
from backend.media.images import PortraitImage
from backend.media.paste import paste_back
from backend.media.video_writer import write_video
from backend.pipeline import Pipeline

BATCH = 8
"""Frames rendered at once."""


def write_whole_film(
    pipeline: Pipeline,
    image: PortraitImage,
    recording: Recording,
    out: Path,
    *,
    reference: ReferenceMoment = "best",
    progress: Progress | None = None,
) -> int:
    """Write an MP4 of the whole picture in which the portrait moves as the driver does; return the number of frames.

    Args:
        pipeline: the models.
        image: the portrait, with its whole picture.
        recording: the driver; the film follows its longest segment.
        out: the MP4.
        reference: the driver's reference frame.
        progress: called with (frames written, frames in all).

    Raises:
        InputError: `recording_empty`, `reference_outside`, `whole_missing`.
    """
    if image.whole is None or image.crop is None:
        raise InputError("whole_missing", "For this portrait only the crop is available.", "Load it from its file.")
    segment = longest_segment(recording)
    stream = pipeline.open(pipeline.portrait(image))
    stream.reference = neutral_keypoints(pipeline, stream.portrait, segment, reference)
    size = len(image.picture)
    still = pipeline.render([(stream, stream.reference.flat()[None])], size)[0][0]
    flats, count = pipeline.keypoints(segment.landmarks).flat(), len(segment.landmarks)
    with write_video(out, CLOCK_HZ) as video:
        for start in range(0, count, BATCH):
            frames = pipeline.render([(stream, flats[start : start + BATCH])], size)[0]
            for picture in paste_back(image.whole, image.crop, frames, still):
                video.write(picture)
            if progress:
                progress(min(start + BATCH, count), count)
    return count
