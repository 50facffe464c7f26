"""Decodes the landmarks of a portrait whose picture stays in the visitor's browser."""

from __future__ import annotations

from typing import Annotated

import msgspec
import numpy as np

from backend.core.errors import InputError
from backend.core.types import LANDMARKS, FloatArray
from backend.server.live.landmark_stream import check_landmarks
from backend.server.protocol import COORDINATE_LIMIT

MAX_LANDMARK_BYTES = 64 * 1024
"""Size of a body: 478 points with 17 digits a number take less than 35 KB."""


Coordinate = Annotated[float, msgspec.Meta(ge=-COORDINATE_LIMIT, le=COORDINATE_LIMIT)]


Point = tuple[Coordinate, Coordinate, Coordinate]


class PortraitLandmarks(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The body of `PUT /api/sessions/{id}/landmarks`: 478 points x, y, z in [-1, 1] of the portrait's crop."""

    landmarks: Annotated[list[Point], msgspec.Meta(min_length=LANDMARKS, max_length=LANDMARKS)]


def decode_landmarks(body: bytes) -> FloatArray:
    """Return the landmarks `[478, 3]` of a body of JSON.

    Raises:
        InputError: `landmarks_invalid` if it holds anything else; as `check_landmarks`.
    """
    try:
        given = msgspec.json.decode(body, type=PortraitLandmarks)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        hint = f'Send {{"landmarks": [[x, y, z], ...]}} with {LANDMARKS} points.'
        raise InputError("landmarks_invalid", f"The portrait's landmarks cannot be read: {error}.", hint) from None
    landmarks = np.array(given.landmarks, np.float32)
    check_landmarks(landmarks)
    return landmarks
