"""Losses of the detector's keypoints, and the weights of its reconstruction loss.

The published models compare features of a VGG network. Here reconstruction compares pixels, gradients and local structure
at several scales, which needs no labelled photographs; inpainted regions are softer.
"""

from __future__ import annotations

import torch
from torch import Tensor

from backend.animate.transfer import inverse_2x2, product_2x2
from backend.core.types import Keypoints
from backend.train.detector.tps import ThinPlate


def motion_weight(source: Tensor, driving: Tensor, share: float) -> Tensor:
    """Compute loss weights `[F, 1, S, S]` with mean 1.

    With uniform weights, keypoints would ignore moving parts, which are often a small part of a scene.

    Args:
        source: `[F, 3, S, S]`.
        driving: other frames of the same videos.
        share: share of the weight that lies where the two differ; the rest is uniform.
    """
    change = (driving - source).abs().mean(1, keepdim=True)
    return 1 - share + share * change / change.mean((-1, -2), keepdim=True).clamp_min(1e-3)


def crowding(found: Keypoints) -> Tensor:
    """Penalise keypoints `[B, N]` that are close together: mean of exp(-d^2 / (2 * 0.1^2)) over pairs."""
    count = found.count
    squared = (found.value[:, :, None] - found.value[:, None]).square().sum(-1)
    bumps = torch.exp(-0.5 * squared / 0.1**2)
    return (bumps.sum((-1, -2)) - count).mean() / max(count * (count - 1), 1)


def equivariance(found: Keypoints, deformed: Keypoints, plate: ThinPlate) -> tuple[Tensor, Tensor]:
    """Penalise keypoints that do not move with the picture (FOMM, eq. 8 to 10).

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
