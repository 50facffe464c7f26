"""The payload of a sheet in the way `keypoints`: bytes <-> `PortraitMotion`.

After the fan, all as f16, little-endian, in the portrait's coordinates (after motion transfer):

1. the portrait's own keypoints `[6N]`.
2. the present `[6N]`.
3. the futures of the round `[K, H, 6N]`, whose shape is the head's `paths`; without futures K and H are 0. They do not change
   during a round, so they come once, and again when the client asks for its way.
"""

from __future__ import annotations

import numpy as np

from backend.core.errors import InputError
from backend.core.types import PortraitMotion
from backend.server.protocol import SheetHead

MAX_VALUE = 64.0
"""Crop units; larger numbers, which no face has, are clipped, because half precision ends at 65,504."""

MAX_FUTURES, MAX_HORIZON, MAX_FLAT = 32, 24, 6 * 64
"""Largest numbers that `unpack_keypoints` accepts: futures, their steps, and numbers of flat keypoints."""


def pack_keypoints(motion: PortraitMotion) -> tuple[tuple[int, int, int], bytes]:
    """Return the shape of the futures, 0, 0 and 6N without them, and the payload."""
    size = len(motion.source)
    paths = np.zeros((0, 0, size), np.float32) if motion.paths is None else motion.paths
    values = np.concatenate([motion.source, motion.present, paths.ravel()])
    k, h = paths.shape[:2]
    return (k, h, size), np.clip(values, -MAX_VALUE, MAX_VALUE).astype("<f2").tobytes()


def unpack_keypoints(head: SheetHead, payload: bytes) -> PortraitMotion:
    """Return the keypoints of a sheet, whose payload follows the fan.

    Raises:
        InputError: `keypoints_invalid` if head and payload do not fit each other, or hold what no face has.
    """
    k, h, size = head.paths
    if not (0 <= k <= MAX_FUTURES and 0 <= h <= MAX_HORIZON and 6 <= size <= MAX_FLAT) or size % 6:
        raise _invalid("its head has impossible sizes")
    if len(payload) != 2 * size * (2 + k * h):
        raise _invalid("it has another size than its head says")
    values = np.frombuffer(payload, "<f2").astype(np.float32)
    if not (np.abs(values) <= MAX_VALUE).all():
        raise _invalid("they are not finite, or far outside the picture")
    source, present, paths = np.split(values, [size, 2 * size])
    return PortraitMotion(source, present, paths.reshape(k, h, size) if k * h else None)


def _invalid(reason: str) -> InputError:
    return InputError("keypoints_invalid", f"A sheet's keypoints cannot be read: {reason}.")
