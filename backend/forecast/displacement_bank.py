"""Training motion kept beside a forecaster, so that what knows nothing but it can be compared without the training data.

One file, `motion.safetensors`, holds `moved [N, S, D]` in half precision: how far N random moments of training motion had
moved after 1..S steps of the clock.
"""

from __future__ import annotations

from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor

from backend.core.errors import ModelError

FILE = "motion.safetensors"

STEPS = 24
"""S of a bank made for the shipped forecasters: the longest horizon that can be asked for."""


def displacements(windows_WTD: Tensor) -> Tensor:
    """Return `[W, T - 1, D]`: how far each window has moved from its first frame after 1..T - 1 steps."""
    return windows_WTD[:, 1:] - windows_WTD[:, :1]


def save_bank(folder: Path, moved_NSD: Tensor) -> None:
    """Write displacements `[N, S, D]` (keypoint units) into a model's folder, which is made if need be."""
    folder.mkdir(parents=True, exist_ok=True)
    save_file({"moved": moved_NSD.half().contiguous()}, folder / FILE)


def load_bank(folder: Path) -> Tensor:
    """Read what `save_bank` wrote, as float32 `[N, S, D]`.

    Raises:
        ModelError: `motion_missing`; `motion_damaged` (unreadable, not `[N, S, D]`, empty, not finite).
    """
    path = folder / FILE
    if not path.is_file():
        raise ModelError(
            "motion_missing", f"There is no training motion in {folder}: no {FILE}.", "Train the forecaster again to keep it."
        )
    try:
        moved = load_file(path)["moved"].float()
        if moved.dim() != 3 or not moved.numel():
            raise ValueError(f"it holds {list(moved.shape)} numbers, not [N, S, D]")
        if not torch.isfinite(moved).all():
            raise ValueError("it holds NaN or infinite numbers")
    except (OSError, ValueError, KeyError, SafetensorError) as error:
        why = str(error).partition("\n")[0].rstrip(".:")
        raise ModelError("motion_damaged", f"The training motion in {path} cannot be used ({why}).") from error
    return moved
