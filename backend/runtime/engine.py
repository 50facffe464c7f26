"""A trained generator made ready to run fast: norms folded away, half precision where the processor has it, no autograd."""

from __future__ import annotations

import contextlib
import copy
import ctypes
import os
from dataclasses import replace
from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from backend.animate.compose import shrink
from backend.animate.generator import EncodedPortrait, Generator
from backend.types import Keypoints

Precision = Literal["auto", "float32", "bfloat16"]

_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3  # malloc.h

LARGEST_BATCH = 16
"""Frames in one pass: more do not run faster on a CPU, they only leave its caches."""


def configure_process(threads: int) -> None:
    """Set torch's thread count for this process and let it keep the memory it frees.

    Args:
        threads: 0 takes half of the cores, which leaves room for the page, and for a browser on the same machine.
    """
    torch.set_num_threads(threads or max(1, (os.cpu_count() or 2) // 2))
    # Large tensors come and go at every step. By default glibc hands each back to the system, and the page faults of the
    # next one cost a sixth of the time; other C libraries lack mallopt and do not need it.
    with contextlib.suppress(AttributeError, OSError):
        mallopt = ctypes.CDLL(None).mallopt
        mallopt(_M_MMAP_THRESHOLD, 1 << 30)
        mallopt(_M_TRIM_THRESHOLD, (1 << 31) - 1)


def fast_precision(device: torch.device) -> torch.dtype:
    """Return bfloat16 where the device multiplies it in hardware, else float32."""
    if device.type == "cuda":
        return torch.bfloat16
    return torch.bfloat16 if torch.cpu._is_avx512_bf16_supported() else torch.float32


class GeneratorEngine:
    """Renders frames; owns its own copy of the weights.

    Args:
        generator: the trained model, in float32.
        device: where to run.
        precision: of the convolutions; geometry and blending stay in float32.
    """

    def __init__(self, generator: Generator, device: str = "cpu", precision: Precision = "auto") -> None:
        self.device = torch.device(device)
        self.precision = fast_precision(self.device) if precision == "auto" else getattr(torch, precision)
        self.size = generator.config.size
        folded = _fold_norms(copy.deepcopy(generator).eval())
        self._generator = folded.to(self.device, self.precision, memory_format=torch.channels_last).requires_grad_(False)  # type: ignore[call-overload]

    @torch.inference_mode()
    def encode(self, picture: NDArray[np.uint8], keypoints: Keypoints) -> EncodedPortrait:
        """Prepare a portrait `[S, S, 3]` with its keypoints `[N]`, once."""
        pixels = torch.from_numpy(picture).to(self.device).permute(2, 0, 1)[None].float() / 255
        encoded: EncodedPortrait = self._generator.encode(pixels, keypoints[None].to(self.device))
        return encoded

    @torch.inference_mode()
    def render(self, portrait: EncodedPortrait, driving: Keypoints, size: int | None = None) -> NDArray[np.uint8]:
        """Render frames of one portrait.

        Args:
            portrait: from `encode`.
            driving: keypoints `[F, N]` that the portrait should take (after transfer).
            size: side of the frames in pixels; the network's own size by default. Larger ones keep the portrait's own detail.

        Returns:
            `[F, size, size, 3]` uint8.
        """
        portrait = replace(portrait, picture=shrink(portrait.picture, size or self.size))
        frames = [
            self._render(portrait, driving[start : start + LARGEST_BATCH])
            for start in range(0, len(driving.value), LARGEST_BATCH)
        ]
        return np.concatenate(frames) if frames else np.zeros((0, size or self.size, size or self.size, 3), np.uint8)

    def _render(self, portrait: EncodedPortrait, driving: Keypoints) -> NDArray[np.uint8]:
        rendered = self._generator(portrait.repeat(len(driving.value)), driving.to(self.device))
        pixels: Tensor = rendered.frames.clamp(0, 1).mul(255).round().byte()
        return pixels.permute(0, 2, 3, 1).contiguous().cpu().numpy()


def _fold_norms(module: nn.Module) -> nn.Module:
    """Fold every batch norm into the convolution before it (not across a pixel shuffle, which reorders channels)."""
    for child in module.children():
        _fold_norms(child)
    if isinstance(module, nn.Sequential):
        for index in range(len(module) - 1):
            conv, norm = module[index], module[index + 1]
            if isinstance(conv, nn.Conv2d) and isinstance(norm, nn.BatchNorm2d):
                module[index], module[index + 1] = fuse_conv_bn_eval(conv, norm), nn.Identity()
    return module
