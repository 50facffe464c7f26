"""What the detector learns from: a frame must be rebuilt from another, and keypoints must move as the picture does.

The published models compare features of a VGG network trained on labelled photographs. None is used here: the terms below
are plain pixels, gradients and local structure at several scales, so paintings of hidden places come out softer.
"""

from __future__ import annotations

import torch
from torch import Tensor

from backend.animate.transfer import inverse_2x2, product_2x2
from backend.core.types import Keypoints
from backend.train.detector.tps import ThinPlate


def motion_weight(source: Tensor, driving: Tensor, share: float) -> Tensor:
    """Weights `[F, 1, S, S]`, mean 1, `share` of which lies where two pictures differ and the rest everywhere.

    What moves is often a small part of a scene. Without this it costs little to leave it out, and keypoints gather on the rest.
    """
    change = (driving - source).abs().mean(1, keepdim=True)
    return 1 - share + share * change / change.mean((-1, -2), keepdim=True).clamp_min(1e-3)


def crowding(found: Keypoints, near: float = 0.1) -> Tensor:
    """How much keypoints `[B, N]` sit on one another: mean of exp(-d^2 / (2 near^2)) over pairs; 0 where all are far apart."""
    count = found.count
    squared = (found.value[:, :, None] - found.value[:, None]).square().sum(-1)
    bumps = torch.exp(-0.5 * squared / near**2)
    return (bumps.sum((-1, -2)) - count).mean() / max(count * (count - 1), 1)


def equivariance(found: Keypoints, deformed: Keypoints, plate: ThinPlate) -> tuple[Tensor, Tensor]:
    """How far keypoints are from moving with the picture (FOMM, eq. 8 to 10).

    Args:
        found: keypoints of the pictures, `[B, N]`.
        deformed: keypoints of `plate.deform(pictures)`.
        plate: the deformation T.

    Returns:
        Mean of |kp - T(kp')|, and mean of |1 - J^-1 T'(kp') J'|.
    """
    value = (found.value - plate(deformed.value)).abs().mean()
    carried = product_2x2(plate.jacobian(deformed.value), deformed.jacobian)
    off = product_2x2(inverse_2x2(found.jacobian), carried) - torch.eye(2)
    return value, off.abs().mean()
