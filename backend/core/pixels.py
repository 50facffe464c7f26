"""Pictures as bytes and as tensors."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from backend.core.types import Picture


def to_tensor(pictures: Picture) -> Tensor:
    """`[..., S, S, 3]` uint8 -> `[..., 3, S, S]` in [0, 1]."""
    return torch.from_numpy(np.ascontiguousarray(pictures)).movedim(-1, -3).float() / 255


def to_pictures(pixels: Tensor) -> Picture:
    """`[..., 3, S, S]` in [0, 1] -> `[..., S, S, 3]` uint8."""
    found: Picture = pixels.clamp(0, 1).mul(255).round().byte().movedim(-3, -1).contiguous().cpu().numpy()
    return found
