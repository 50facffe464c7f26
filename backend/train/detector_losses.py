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


def reconstruction(prediction: Tensor, target: Tensor, scales: int = 3) -> Tensor:
    """L1 of colours, L1 of gradients and 1 - SSIM (weight 0.1), mean over `scales` halvings; pictures `[F, 3, S, S]`."""
    total = prediction.new_zeros(())
    for _ in range(scales):
        total = total + (prediction - target).abs().mean() + 0.1 * (1 - ssim(prediction, target))
        for axis in (-1, -2):
            total = total + (prediction.diff(dim=axis) - target.diff(dim=axis)).abs().mean()
        prediction, target = F.avg_pool2d(prediction, 2), F.avg_pool2d(target, 2)
    return total / scales


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
