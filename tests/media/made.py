"""Pictures and videos for the tests, all made from the public-domain astronaut portrait."""

import io
from functools import cache
from pathlib import Path

import numpy as np
import pytest
import skimage.data
from PIL import Image

from backend.core.errors import InputError
from backend.media.video_writer import write_video

FACE = (178, 71, 271, 178)
"""Where Face Mesh sees the face in the 512 x 512 picture: left, top, right, bottom, to a few pixels."""


@cache
def astronaut():
    return skimage.data.astronaut()


def encoded(picture, kind="PNG", **options):
    image = picture if isinstance(picture, Image.Image) else Image.fromarray(picture)
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def scaled(edge):
    return np.asarray(Image.fromarray(astronaut()).resize((edge, edge), Image.Resampling.LANCZOS))


def placed(picture, height, width, x, y):
    """The picture on a grey canvas, its corner at (x, y)."""
    canvas = np.full((height, width, 3), 120, np.uint8)
    part = picture[: height - y, : width - x]
    canvas[y : y + len(part), x : x + part.shape[1]] = part
    return canvas


def moving(frames, edge=256, sway=12):
    """The head and shoulders of the astronaut, swaying to the right by `sway` pixels and slowly growing."""
    source = Image.fromarray(astronaut())
    for i in range(frames):
        share = i / max(frames - 1, 1)
        side = 300 - 40 * share
        x, y = 75 + 20 * share - sway * share * side / edge, 20 + 10 * share
        yield np.asarray(source.resize((edge, edge), Image.Resampling.BILINEAR, box=(x, y, x + side, y + side)))


def video(path: Path, frames, fps=25.0):
    with write_video(path, fps) as writer:
        for frame in frames:
            writer.write(frame)
    return path


def cut(path):
    """Cut a video file in the middle."""
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    return path


def flat(color, height=64, width=96):
    return np.full((height, width, 3), color, np.uint8)


def refused(call):
    with pytest.raises(InputError) as caught:
        call()
    return caught.value.code
