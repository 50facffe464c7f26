"""How far pictures are from the truth, frame by frame.

Pictures are `[F, 3, S, S]` float in [0, 1]; every function gives one number a frame, `[F]`.
"""

from __future__ import annotations

from functools import cache

import torch
from torch import Tensor
from torch.nn import functional as F

WINDOW, SIGMA = 11, 1.5
"""The Gaussian window of SSIM, in pixels."""

K1, K2 = 0.01, 0.03

MS_WEIGHTS = (0.0448, 0.2856, 0.3001, 0.2363, 0.1333)
"""Exponents of the five scales, finest first (Wang et al. 2003, section 3.2)."""

PSNR_CEILING = 100.0
"""dB given to a frame without any error, so that means stay finite."""


def l1(frames: Tensor, truth: Tensor) -> Tensor:
    """Return the mean absolute difference of pixels, in [0, 1]."""
    return (frames - truth).abs().mean((1, 2, 3))


def psnr(frames: Tensor, truth: Tensor) -> Tensor:
    """Return the peak signal-to-noise ratio in dB, at most `PSNR_CEILING`."""
    error = (frames - truth).square().mean((1, 2, 3))
    return (-10 * error.log10()).clamp(max=PSNR_CEILING)


def structural(frames: Tensor, truth: Tensor) -> tuple[Tensor, Tensor]:
    """Return the structural similarity at one scale and at five, means over colours.

    SSIM (Wang et al. 2004, eq. 13) is at most 1. MS-SSIM (Wang et al. 2003, eq. 7), in [0, 1], is contrast and structure at
    five scales, each half the one before, and luminance at the coarsest. A scale that is anticorrelated counts as 0: its power
    would not be a real number.

    Raises:
        ValueError: the pictures are too small for five scales (below 176 pixels).
    """
    single = torch.empty(0)
    product = torch.ones(frames.shape[:2], dtype=frames.dtype)
    for scale, weight in enumerate(MS_WEIGHTS):
        similar, structure = _similarity(frames, truth)
        single = similar if scale == 0 else single
        coarsest = scale == len(MS_WEIGHTS) - 1
        product = product * (similar if coarsest else structure).clamp(min=0) ** weight
        frames, truth = F.avg_pool2d(frames, 2), F.avg_pool2d(truth, 2)
    return single.mean(1), product.mean(1)


def ssim(frames: Tensor, truth: Tensor) -> Tensor:
    """Return the structural similarity at one scale alone (see `structural`), for pictures that are too small for five.

    Raises:
        ValueError: the pictures are smaller than the window.
    """
    return _similarity(frames, truth)[0].mean(1)


def sharpness(frames: Tensor, truth: Tensor) -> Tensor:
    """Return the mean length of the grey gradient over the truth's: 1 is as sharp as the truth, below 1 is blurred."""
    return _gradient(frames) / _gradient(truth).clamp(min=1e-6)


def flicker(frames: Tensor, truth: Tensor) -> float:
    """Return how much the error shakes over a run of consecutive frames: the mean of |second difference in time|.

    Error that stays, or that moves evenly, does not count; the same video gives 0.

    Raises:
        ValueError: there are less than three frames.
    """
    if len(frames) < 3:
        raise ValueError(f"flicker needs three consecutive frames, not {len(frames)}")
    return (frames - truth).diff(n=2, dim=0).abs().mean().item()


def _similarity(a: Tensor, b: Tensor) -> tuple[Tensor, Tensor]:
    """Return SSIM and its contrast-structure part, `[F, 3]` each: means over all places where the whole window fits."""
    if a.shape[-1] < WINDOW or a.shape[-2] < WINDOW:
        raise ValueError(f"the window of {WINDOW} pixels does not fit into {tuple(a.shape[-2:])}")
    mean_a, mean_b = _blur(a), _blur(b)
    variance_a = _blur(a * a) - mean_a * mean_a
    variance_b = _blur(b * b) - mean_b * mean_b
    covariance = _blur(a * b) - mean_a * mean_b
    c1, c2 = K1**2, K2**2
    structure = (2 * covariance + c2) / (variance_a + variance_b + c2)
    luminance = (2 * mean_a * mean_b + c1) / (mean_a * mean_a + mean_b * mean_b + c1)
    return (luminance * structure).mean((2, 3)), structure.mean((2, 3))


def _blur(pictures: Tensor) -> Tensor:
    """Weigh by the Gaussian window, down the columns and along the rows; only whole windows."""
    down, along = (_band(length, pictures.dtype) for length in pictures.shape[-2:])
    return down @ pictures @ along.T


@cache
def _band(length: int, kind: torch.dtype) -> Tensor:
    """Return the window at each of its places as rows `[length - WINDOW + 1, length]`: products are faster than convolving."""
    place = torch.arange(length, dtype=kind) - torch.arange(length - WINDOW + 1, dtype=kind)[:, None] - WINDOW // 2
    weight = torch.exp(-place.square() / (2 * SIGMA**2)) * (place.abs() <= WINDOW // 2)
    return weight / weight.sum(1, keepdim=True)


def _gradient(pictures: Tensor) -> Tensor:
    grey = pictures.mean(1)
    x, y = grey[:, 1:, 1:] - grey[:, 1:, :-1], grey[:, 1:, 1:] - grey[:, :-1, 1:]
    return (x.square() + y.square()).sqrt().mean((1, 2))
