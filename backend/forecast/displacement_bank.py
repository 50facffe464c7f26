"""Displacements of training motion, stored beside a forecaster for the baselines.

`motion.safetensors` holds `displacement [N, S, D]` in half precision: how far N random moments moved after 1..S steps.
"""

from __future__ import annotations

from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from safetensors.torch import save as encode_tensors
from torch import Tensor

from backend.core.errors import ModelError, reason
from backend.core.files import write_whole

FILE = "motion.safetensors"

STEPS = 24
"""S of the shipped banks: the longest horizon that a person can set."""


def displacements(windows_WTD: Tensor) -> Tensor:
    """Return the displacement of each window from its first frame after 1..T - 1 steps `[W, T - 1, D]`."""
    return windows_WTD[:, 1:] - windows_WTD[:, :1]


def save_bank(folder: Path, displacement_NSD: Tensor) -> None:
    """Write displacements `[N, S, D]` in keypoint units into a model's folder, which is created if it is missing."""
    folder.mkdir(parents=True, exist_ok=True)
    with write_whole(folder / FILE) as hidden:
        hidden.write_bytes(encode_tensors({"displacement": displacement_NSD.half().contiguous()}))


def load_bank(folder: Path) -> Tensor:
    """Read what `save_bank` wrote, as float32 `[N, S, D]`.

    Raises:
        ModelError: `motion_missing`; `motion_damaged` (unreadable, not `[N, S, D]`, empty, not finite).
    """
    path = folder / FILE
    if not path.is_file():
        message = f"There is no training motion in {folder}: no {FILE}."
        raise ModelError("motion_missing", message, "Train the forecaster again to keep it.")
    try:
        displacement = load_file(path)["displacement"].float()
        if displacement.dim() != 3 or not displacement.numel():
            raise ValueError(f"it holds {list(displacement.shape)} numbers, not [N, S, D]")
        if not torch.isfinite(displacement).all():
            raise ValueError("it holds NaN or infinite numbers")
    except (OSError, ValueError, KeyError, SafetensorError) as error:
        why = reason(error)
        raise ModelError("motion_damaged", f"The training motion in {path} cannot be used ({why}).") from error
    return displacement
