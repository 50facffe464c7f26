"""`POST /api/video`: what may be asked, checked and decoded."""

from __future__ import annotations

import io
from typing import Annotated, Literal

import msgspec
import numpy as np
from msgspec import Meta
from numpy.typing import NDArray
from PIL import Image

from backend.core.errors import InputError
from backend.keypoints.captions import MOTIONS
from backend.server.video.weights import VideoWeights

MAX_BYTES = 256 * 1024
MOST_FRAMES = 24
SIDES = (32, 256)
"""Least and largest side of a frame that is sent, in pixels."""

MOST_COUNT, MOST_STEPS = 8, 48
FORMATS = ("JPEG", "PNG")


class VideoRequest(msgspec.Struct, frozen=True):
    """What a client asks for; `frames` is a strip of square pictures side by side, oldest first."""

    task: Literal["futures", "imagine"]
    frames: bytes = b""
    count: Annotated[int, Meta(ge=1, le=MOST_COUNT)] = 4
    steps: Annotated[int, Meta(ge=4, le=MOST_STEPS)] = 16
    caption: Annotated[str, Meta(max_length=200)] = ""
    guidance: Annotated[float, Meta(ge=0, le=3)] = 1.0
    temperature: Annotated[float, Meta(ge=0, le=1.5)] = 0.9
    seed: Annotated[int, Meta(ge=-(2**53), le=2**53)] = 0


def too_large() -> InputError:
    """Return the error for a request of more than `MAX_BYTES`."""
    return InputError(
        "video_too_large", f"A request for video may have {MAX_BYTES // 1024} KB.", "Send fewer or smaller frames, as a JPEG."
    )


def read(body: bytes) -> VideoRequest:
    """Read and check a request; the frames are not yet looked at.

    Raises:
        InputError: `video_request`; `video_caption` for words that are not known; `video_frames` where there are none.
    """
    try:
        wanted = msgspec.json.decode(body, type=VideoRequest)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise InputError("video_request", f"This cannot be drawn: {error}.", "See the limits at /api/video.") from None
    if wanted.caption.strip() and not any(word in wanted.caption.lower() for word in MOTIONS):
        raise InputError("video_caption", "The video flow does not know these words.", f"It knows: {', '.join(MOTIONS)}.")
    if wanted.task == "futures" and not wanted.frames:
        raise InputError("video_frames", "Futures need frames to go on from.", "Send a strip of them, or ask to imagine.")
    return wanted


def context(wanted: VideoRequest, weights: VideoWeights) -> bytes:
    """Decode the frames that the model goes on from, at its size: `[T, S, S, 3]` bytes, T as many as it can use.

    Raises:
        InputError: `video_frames`.
    """
    if wanted.task == "imagine":
        return b""
    return b"".join(frame.tobytes() for frame in cut(wanted.frames, weights.size)[-weights.context :])


def cut(data: bytes, size: int) -> list[NDArray[np.uint8]]:
    """Decode a strip and cut it into frames `[size, size, 3]`.

    Raises:
        InputError: `video_frames`.
    """
    try:
        with Image.open(io.BytesIO(data), formats=FORMATS) as image:
            width, side = image.size
            _check(width, side)
            strip = image.convert("RGB")
    except InputError:
        raise
    except Exception:  # Pillow's decoders raise almost anything on damaged or hostile files.
        raise InputError("video_frames", "The frames cannot be read as a picture.", "Send a JPEG or PNG.") from None
    # Areas, as the model has learned from pictures that were made smaller; a neighbouring frame has no part in it.
    how = Image.Resampling.BOX if side >= size else Image.Resampling.BICUBIC
    return [np.asarray(strip.crop((left, 0, left + side, side)).resize((size, size), how)) for left in range(0, width, side)]


def _check(width: int, side: int) -> None:
    least, most = SIDES
    if not least <= side <= most or width % side or not 1 <= width // side <= MOST_FRAMES:
        raise InputError(
            "video_frames",
            f"A picture of {width} x {side} pixels is not a strip of 1 to {MOST_FRAMES} squares of {least} to {most} pixels.",
            "Send square frames side by side, oldest first.",
        )
