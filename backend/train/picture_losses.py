"""Losses between pictures: L1 and image gradients over scales, and structural dissimilarity (SSIM)."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F


def reconstruction_loss(
    prediction: Tensor, target: Tensor, weight: Tensor, gradient: float = 1.0, structure: float = 0.0, scales: int = 3
) -> Tensor:
    """Weighted L1 plus L1 of the image gradients, over a pyramid of scales; a scalar.

    Args:
        prediction: `[B, 3, n, n]` in [0, 1].
        target: the same.
        weight: `[B, 1, n, n]`.
        gradient: weight of the gradients beside L1.
        structure: weight of `dssim` beside L1.
        scales: sizes, each half of the one before.
    """
    total = prediction.new_zeros(())
    for _ in range(scales):
        total = total + (weight * (prediction - target).abs()).mean()
        if structure:
            total = total + structure * dssim(prediction, target)
        for axis in (-1, -2):
            difference = (prediction.diff(dim=axis) - target.diff(dim=axis)).abs()
            total = total + gradient * (weight.narrow(axis, 1, weight.shape[axis] - 1) * difference).mean()
        prediction, target, weight = (F.avg_pool2d(x, 2) for x in (prediction, target, weight))
    return total / scales


def dssim(prediction: Tensor, target: Tensor) -> Tensor:
    """Mean of (1 - SSIM) / 2 of pictures `[B, 3, n, n]` in [0, 1] over windows of 7 x 7 pixels (Wang et al. 2004, eq. 13)."""
    pictures = torch.cat([prediction, target, prediction * prediction, target * target, prediction * target], 1).float()
    a, b, aa, bb, ab = F.avg_pool2d(pictures, 7, 1).chunk(5, 1)
    c1, c2 = 0.01**2, 0.03**2
    variance_a, variance_b, covariance = aa - a * a, bb - b * b, ab - a * b
    similarity = ((2 * a * b + c1) * (2 * covariance + c2)) / ((a * a + b * b + c1) * (variance_a + variance_b + c2))
    return (1 - similarity).mean() / 2
