"""Checks and decodes the body of `POST /api/video`."""

from __future__ import annotations

import io
from typing import Annotated, Literal

import msgspec
import numpy as np
from msgspec import Meta
from numpy.typing import NDArray
from PIL import Image

from backend.core.errors import InputError
from backend.core.json import decode_json
from backend.keypoints.captions import parse_caption

MAX_BYTES = 256 * 1024
MAX_FRAMES = 24
MIN_SIDE, MAX_SIDE = 32, 256
"""Range of the side of a frame in the request, in pixels."""

MAX_COUNT, MAX_STEPS = 8, 48
FORMATS = ("JPEG", "PNG")


class VideoRequest(msgspec.Struct, frozen=True):
    """What a client asks for; `frames` is a strip of square pictures side by side, oldest first."""

    task: Literal["futures", "imagine"]
    frames: bytes = b""
    count: Annotated[int, Meta(ge=1, le=MAX_COUNT)] = 4
    steps: Annotated[int, Meta(ge=4, le=MAX_STEPS)] = 16
    caption: Annotated[str, Meta(max_length=200)] = ""
    guidance: Annotated[float, Meta(ge=0, le=3)] = 1.0
    temperature: Annotated[float, Meta(ge=0, le=1.5)] = 0.9
    seed: Annotated[int, Meta(ge=-(2**53), le=2**53)] = 0


_REQUEST = msgspec.json.Decoder(VideoRequest)


def decode_request(body: bytes) -> VideoRequest:
    """Decode and check a request, except for its frames.

    Raises:
        InputError: `video_request`; `video_caption` for unknown words; `video_frames` if there are none to continue.
    """
    request = decode_json(
        body, _REQUEST, InputError("video_request", "This cannot be generated", "See the limits at /api/video.")
    )
    parse_caption(request.caption)
    if request.task == "futures" and not request.frames:
        raise InputError("video_frames", "Futures need frames to continue.", "Send a strip of them, or ask to imagine.")
    return request


def split_strip(data: bytes, size: int) -> list[NDArray[np.uint8]]:
    """Decode a strip and cut it into frames `[size, size, 3]`; raises `video_frames`."""
    try:
        with Image.open(io.BytesIO(data), formats=FORMATS) as image:
            width, side = image.size
            _check_strip(width, side)
            strip = image.convert("RGB")
    except InputError:
        raise
    except Exception:  # Pillow's decoders raise almost anything on damaged or hostile files.
        raise InputError("video_frames", "The frames cannot be read as a picture.", "Send a JPEG or PNG.") from None
    # BOX averages areas, as for the training data. Frames are cropped first, so that no neighbour bleeds in.
    resampling = Image.Resampling.BOX if side >= size else Image.Resampling.BICUBIC
    return [np.asarray(strip.crop((x, 0, x + side, side)).resize((size, size), resampling)) for x in range(0, width, side)]


def _check_strip(width: int, side: int) -> None:
    if not MIN_SIDE <= side <= MAX_SIDE or width % side or not 1 <= width // side <= MAX_FRAMES:
        limits = f"1 to {MAX_FRAMES} squares of {MIN_SIDE} to {MAX_SIDE} pixels"
        message = f"A picture of {width} x {side} pixels is not a strip of {limits}."
        raise InputError("video_frames", message, "Send square frames side by side, oldest first.")
