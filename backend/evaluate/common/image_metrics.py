"""Errors of pictures `[F, 3, S, S]` in [0, 1] against the truth, frame by frame `[F]`, and scores of several samples."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache, reduce

import torch
from torch import Tensor
from torch.nn import functional as F

WINDOW, SIGMA = 11, 1.5
"""The Gaussian window of SSIM, in pixels."""

C1, C2 = 0.01**2, 0.03**2
"""Constants of SSIM for pixels in [0, 1]."""

MS_WEIGHTS = (0.0448, 0.2856, 0.3001, 0.2363, 0.1333)
"""Exponents of the five scales, finest first (Wang et al. 2003, section 3.2)."""

MAX_PSNR = 100.0
"""dB of a frame without any error, so that means stay finite."""


def l1(frames: Tensor, truth: Tensor) -> Tensor:
    """Return the mean absolute difference of pixels, in [0, 1]."""
    return (frames - truth).abs().mean((1, 2, 3))


def psnr(frames: Tensor, truth: Tensor) -> Tensor:
    """Return the peak signal-to-noise ratio in dB, at most `MAX_PSNR`."""
    error = (frames - truth).square().mean((1, 2, 3))
    return (-10 * error.log10()).clamp(max=MAX_PSNR)


def structural(frames: Tensor, truth: Tensor) -> tuple[Tensor, Tensor]:
    """Return SSIM (Wang et al. 2004, eq. 13) and MS-SSIM (Wang et al. 2003, eq. 7), means over colours.

    Anticorrelated scales count as 0 in MS-SSIM: their powers would not be real numbers.

    Raises:
        ValueError: the pictures are too small for five scales (below 176 pixels).
    """
    scales = []
    for _ in MS_WEIGHTS:
        scales.append(_similarity(frames, truth))
        frames, truth = F.avg_pool2d(frames, 2), F.avg_pool2d(truth, 2)
    parts = [*(structure for _, structure in scales[:-1]), scales[-1][0]]
    powers = (part.clamp(min=0) ** weight for part, weight in zip(parts, MS_WEIGHTS, strict=True))
    return scales[0][0].mean(1), reduce(torch.mul, powers).mean(1)


def ssim(frames: Tensor, truth: Tensor) -> Tensor:
    """Return SSIM alone, for pictures too small for MS-SSIM; raises ValueError if they are smaller than the window."""
    return _similarity(frames, truth)[0].mean(1)


def sharpness(frames: Tensor, truth: Tensor) -> Tensor:
    """Return the mean length of the grey gradient over the truth's: 1 is as sharp as the truth, below 1 is blurred."""
    return _gradient(frames) / _gradient(truth).clamp(min=1e-6)


def flicker(frames: Tensor, truth: Tensor) -> float:
    """Return the mean absolute second difference in time of the error over consecutive frames, at least three (ValueError).

    Constant or evenly changing error does not count.
    """
    if len(frames) < 3:
        raise ValueError(f"flicker needs three consecutive frames, not {len(frames)}")
    return (frames - truth).diff(n=2, dim=0).abs().mean().item()


def sample_scores(frames_KH: Tensor, truth_H: Tensor, best: int) -> Mapping[str, Tensor]:
    """Score rendered samples of one window, step by step: `[1, H]` each.

    Args:
        frames_KH: `[K, H, ...]` in [0, 1].
        truth_H: `[H, ...]`.
        best: how many samples, those with the lowest error over all steps, make `mae` and `apd`.

    Returns:
        `mae`: mean |pixel - truth| of the best; `apd`: mean |pixel - pixel| over their pairs; `mae_all`, `apd_all`: of all.
    """
    errors_KH = sample_errors(frames_KH, truth_H)
    chosen = errors_KH.mean(1).argsort()[:best]
    return {
        "mae": errors_KH[chosen].mean(0, keepdim=True),
        "apd": _pair_distance(frames_KH[chosen])[None],
        "mae_all": errors_KH.mean(0, keepdim=True),
        "apd_all": _pair_distance(frames_KH)[None],
    }


def sample_errors(frames_KH: Tensor, truth_H: Tensor) -> Tensor:
    """Return mean |pixel - truth| of every sample and step, `[K, H]`."""
    return (frames_KH - truth_H).abs().flatten(2).mean(2)


def _pair_distance(frames_KH: Tensor) -> Tensor:
    """Return the mean absolute difference over all pairs of samples, `[H]`."""
    k = len(frames_KH)
    if k < 2:
        return torch.zeros(frames_KH.shape[1])
    # The differences of all pairs of K sorted numbers sum to sum_i (2i - K + 1) x_i.
    rank = torch.arange(k, dtype=frames_KH.dtype) * 2 - (k - 1)
    ordered = frames_KH.flatten(2).sort(0).values
    return (ordered * rank[:, None, None]).sum(0).mean(1) / (k * (k - 1) / 2)


def _similarity(a: Tensor, b: Tensor) -> tuple[Tensor, Tensor]:
    """Return SSIM and its contrast-structure part, `[F, 3]` each: means over all positions where the whole window fits."""
    if a.shape[-1] < WINDOW or a.shape[-2] < WINDOW:
        raise ValueError(f"the window of {WINDOW} pixels does not fit into {tuple(a.shape[-2:])}")
    mean_a, mean_b = _blur(a), _blur(b)
    variance_a = _blur(a * a) - mean_a * mean_a
    variance_b = _blur(b * b) - mean_b * mean_b
    covariance = _blur(a * b) - mean_a * mean_b
    structure = (2 * covariance + C2) / (variance_a + variance_b + C2)
    luminance = (2 * mean_a * mean_b + C1) / (mean_a * mean_a + mean_b * mean_b + C1)
    return (luminance * structure).mean((2, 3)), structure.mean((2, 3))


def _blur(pictures: Tensor) -> Tensor:
    """Average over the Gaussian window at all positions where it fits."""
    down, along = (_band(length, pictures.dtype) for length in pictures.shape[-2:])
    return down @ pictures @ along.T


@cache
def _band(length: int, kind: torch.dtype) -> Tensor:
    """Return the window at each position as rows `[length - WINDOW + 1, length]`; products are faster than convolutions."""
    place = torch.arange(length, dtype=kind) - torch.arange(length - WINDOW + 1, dtype=kind)[:, None] - WINDOW // 2
    weight = torch.exp(-place.square() / (2 * SIGMA**2)) * (place.abs() <= WINDOW // 2)
    return weight / weight.sum(1, keepdim=True)


def _gradient(pictures: Tensor) -> Tensor:
    grey = pictures.mean(1)
    x, y = grey[:, 1:].diff(dim=2), grey[:, :, 1:].diff(dim=1)
    return (x.square() + y.square()).sqrt().mean((1, 2))
