"""Pictures and films of a report as data URIs, so that the page needs no other file."""

from __future__ import annotations

import base64
import tempfile
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import simplejpeg
from numpy.typing import NDArray

from backend.media.video_writer import write_video

JPEG_QUALITY = 88


def jpeg_uri(picture: NDArray[np.uint8]) -> str:
    """Return a picture `[height, width, 3]` as a data URI."""
    data = simplejpeg.encode_jpeg(np.ascontiguousarray(picture), quality=JPEG_QUALITY)
    return "data:image/jpeg;base64," + base64.b64encode(data).decode()


def film_uri(frames: Iterable[NDArray[np.uint8]], fps: float) -> str:
    """Return frames `[height, width, 3]` as an MP4 film in a data URI."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "film.mp4"
        with write_video(path, fps) as writer:
            for frame in frames:
                writer.write(frame)
        return "data:video/mp4;base64," + base64.b64encode(path.read_bytes()).decode()
