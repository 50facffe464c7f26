"""What the detector learns from: a frame must be rebuilt from another, and keypoints must move as the picture does.

The published models compare features of a VGG network trained on labelled photographs. None is used here: the terms below
are plain pixels, gradients and local structure at several scales, so paintings of hidden places come out softer.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

from backend.animate.transfer import inverse_2x2, product_2x2
from backend.train.tps import ThinPlate
from backend.types import Keypoints


def reconstruction(prediction: Tensor, target: Tensor, weight: Tensor | None = None, scales: int = 3) -> Tensor:
    """L1 of colours, L1 of gradients and 1 - SSIM (weight 0.1), mean over `scales` halvings; pictures `[F, 3, S, S]`.

    `weight [F, 1, S, S]` says where the two L1 count for how much.
    """
    weight = torch.ones_like(target[:, :1]) if weight is None else weight
    total = prediction.new_zeros(())
    for _ in range(scales):
        total = total + (weight * (prediction - target).abs()).mean() + 0.1 * (1 - ssim(prediction, target))
        for axis in (-1, -2):
            off = (prediction.diff(dim=axis) - target.diff(dim=axis)).abs()
            total = total + (weight.narrow(axis, 1, off.shape[axis]) * off).mean()
        prediction, target, weight = (F.avg_pool2d(x, 2) for x in (prediction, target, weight))
    return total / scales


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


def ssim(a: Tensor, b: Tensor, window: int = 7) -> Tensor:
    """Structural similarity (Wang et al. 2004) of pictures in [0, 1], square windows, mean over everything."""
    mean_a, mean_b = F.avg_pool2d(a, window, 1), F.avg_pool2d(b, window, 1)
    var_a = F.avg_pool2d(a * a, window, 1) - mean_a * mean_a
    var_b = F.avg_pool2d(b * b, window, 1) - mean_b * mean_b
    both = F.avg_pool2d(a * b, window, 1) - mean_a * mean_b
    light = (2 * mean_a * mean_b + 1e-4) / (mean_a * mean_a + mean_b * mean_b + 1e-4)
    return (light * (2 * both + 9e-4) / (var_a + var_b + 9e-4)).mean()


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
