"""How much of the networks' change a frame gets: none at the portrait's own keypoints, where the portrait itself is shown."""

from __future__ import annotations

from torch import Tensor

from backend.core.types import Keypoints

FULL_DISTANCE = 0.03
"""Distance of keypoints in crop units from which on a frame is the networks' alone: a trembling face stays below a third of it,
speech and blinks exceed it."""


def fade(source: Keypoints, driving: Keypoints) -> Tensor:
    """Return `[F]` in [0, 1]: a smoothstep of how far the keypoint that moved most lies from the portrait's.

    The distance of a keypoint is the root mean square of the differences of its six numbers.

    Args:
        source: the portrait's keypoints `[F, N]`.
        driving: the frames' keypoints `[F, N]`.
    """
    moved = (driving.value - source.value).square().sum(-1)
    shaped = (driving.jacobian - source.jacobian).square().sum((-1, -2))
    distance = ((moved + shaped) / 6).amax(-1).sqrt()
    share = (distance / FULL_DISTANCE).clamp(max=1)
    return share * share * (3 - 2 * share)
