"""The interface of engines, which render frames with a trained generator, and the engine in torch."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal, Protocol

import numpy as np
import torch

from backend.animate.compose import shrink
from backend.animate.generator import EncodedPortrait, Generator
from backend.core.errors import InputError
from backend.core.types import Keypoints, Picture
from backend.runtime.graph import folded, to_bytes

Precision = Literal["auto", "float32", "bfloat16", "int8"]

MAX_BATCH = 16
"""Frames in one pass: more do not run faster on a CPU, because they no longer fit its caches."""


class Engine(Protocol):
    """Renders frames of portraits.

    Attributes:
        name: `torch` or `openvino`.
        precision: of the convolutions: `float32`, `bfloat16` or `int8`.
        size: side in pixels of the network's own frames.
    """

    name: str
    precision: str
    size: int

    def encode(self, picture: Picture, keypoints: Keypoints) -> EncodedPortrait:
        """Encode a portrait `[S, S, 3]` with its keypoints `[N]`; needed once per portrait."""

    def render(self, portrait: EncodedPortrait, driving: Keypoints, size: int | None = None) -> Picture:
        """Render frames of one portrait.

        Args:
            portrait: from `encode`.
            driving: keypoints `[F, N]` after motion transfer.
            size: side of the frames in pixels; the network's own by default. Larger frames keep the portrait's own detail.

        Returns:
            `[F, size, size, 3]`.
        """


def fast_precision(device: torch.device) -> torch.dtype:
    """Return bfloat16 if the device multiplies it in hardware, else float32."""
    if device.type == "cuda":
        return torch.bfloat16
    return torch.bfloat16 if torch.cpu._is_avx512_bf16_supported() else torch.float32


class TorchEngine:
    """Renders frames in torch, with its own copy of the weights.

    Args:
        generator: the trained model, in float32.
        device: where to run.
        precision: of the convolutions; geometry and blending stay in float32.

    Raises:
        InputError: `precision_unusable` for int8, which only OpenVINO offers.
    """

    name = "torch"

    def __init__(self, generator: Generator, device: str = "cpu", precision: Precision = "auto") -> None:
        if precision == "int8":
            raise InputError(
                "precision_unusable", "Torch does not run in int8.", "Take float32, bfloat16 or the engine openvino."
            )
        self.device = torch.device(device)
        dtype = fast_precision(self.device) if precision == "auto" else getattr(torch, precision)
        self.precision = str(dtype).removeprefix("torch.")
        self.size = generator.config.size
        self._generator: Generator = folded(generator).to(self.device, dtype, memory_format=torch.channels_last)  # type: ignore[call-overload]

    @torch.inference_mode()
    def encode(self, picture: Picture, keypoints: Keypoints) -> EncodedPortrait:
        """Encode a portrait; see `Engine.encode`."""
        pixels = torch.from_numpy(picture).to(self.device).permute(2, 0, 1)[None].float() / 255
        return self._generator.encode(pixels, keypoints[None].to(self.device))

    @torch.inference_mode()
    def render(self, portrait: EncodedPortrait, driving: Keypoints, size: int | None = None) -> Picture:
        """Render frames; see `Engine.render`.

        Args:
            portrait: from `encode`.
            driving: keypoints `[F, N]`.
            size: side of the frames in pixels; the network's own by default.
        """
        portrait = replace(portrait, picture=shrink(portrait.picture, size or self.size))
        frames = [
            self._render(portrait, driving[start : start + MAX_BATCH]) for start in range(0, len(driving.value), MAX_BATCH)
        ]
        return np.concatenate(frames) if frames else np.zeros((0, size or self.size, size or self.size, 3), np.uint8)

    def _render(self, portrait: EncodedPortrait, driving: Keypoints) -> Picture:
        rendered = self._generator(portrait.repeat(len(driving.value)), driving.to(self.device))
        return to_bytes(rendered.frames).contiguous().cpu().numpy()
