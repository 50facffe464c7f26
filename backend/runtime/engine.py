"""A trained generator made ready to run fast, and which engine does that; torch's own is here."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal, Protocol

import numpy as np
import torch
from numpy.typing import NDArray

from backend.animate.compose import shrink
from backend.animate.generator import EncodedPortrait, Generator
from backend.core.errors import InputError
from backend.core.types import Keypoints
from backend.runtime.graph import folded, to_bytes

Precision = Literal["auto", "float32", "bfloat16", "int8"]

LARGEST_BATCH = 16
"""Frames in one pass: more do not run faster on a CPU, they only leave its caches."""


class Engine(Protocol):
    """What renders frames.

    Attributes:
        name: `torch` or `openvino`.
        precision: of the convolutions: `float32`, `bfloat16` or `int8`.
        size: side of the network's own frames in pixels.
    """

    name: str
    precision: str
    size: int

    def encode(self, picture: NDArray[np.uint8], keypoints: Keypoints) -> EncodedPortrait:
        """Prepare a portrait `[S, S, 3]` with its keypoints `[N]`, once."""

    def render(self, portrait: EncodedPortrait, driving: Keypoints, size: int | None = None) -> NDArray[np.uint8]:
        """Render frames of one portrait.

        Args:
            portrait: from `encode`.
            driving: keypoints `[F, N]` that the portrait should take (after transfer).
            size: side of the frames in pixels; the network's own size by default. Larger ones keep the portrait's own detail.

        Returns:
            `[F, size, size, 3]` uint8.
        """


def fast_precision(device: torch.device) -> torch.dtype:
    """Return bfloat16 where the device multiplies it in hardware, else float32."""
    if device.type == "cuda":
        return torch.bfloat16
    return torch.bfloat16 if torch.cpu._is_avx512_bf16_supported() else torch.float32


class GeneratorEngine:
    """Renders frames in torch; owns its own copy of the weights.

    Args:
        generator: the trained model, in float32.
        device: where to run.
        precision: of the convolutions; geometry and blending stay in float32.

    Raises:
        InputError: `precision_unusable`: int8 is OpenVINO's.
    """

    name = "torch"

    def __init__(self, generator: Generator, device: str = "cpu", precision: Precision = "auto") -> None:
        if precision == "int8":
            raise InputError(
                "precision_unusable", "Torch does not run in int8.", "Take float32, bfloat16 or the engine openvino."
            )
        self.device = torch.device(device)
        kind = fast_precision(self.device) if precision == "auto" else getattr(torch, precision)
        self.precision = str(kind).removeprefix("torch.")
        self.size = generator.config.size
        self._generator: Generator = folded(generator).to(self.device, kind, memory_format=torch.channels_last)  # type: ignore[call-overload]

    @torch.inference_mode()
    def encode(self, picture: NDArray[np.uint8], keypoints: Keypoints) -> EncodedPortrait:
        """Prepare a portrait; see `Engine.encode`."""
        pixels = torch.from_numpy(picture).to(self.device).permute(2, 0, 1)[None].float() / 255
        return self._generator.encode(pixels, keypoints[None].to(self.device))

    @torch.inference_mode()
    def render(self, portrait: EncodedPortrait, driving: Keypoints, size: int | None = None) -> NDArray[np.uint8]:
        """Render frames; see `Engine.render`."""
        portrait = replace(portrait, picture=shrink(portrait.picture, size or self.size))
        frames = [
            self._render(portrait, driving[start : start + LARGEST_BATCH])
            for start in range(0, len(driving.value), LARGEST_BATCH)
        ]
        return np.concatenate(frames) if frames else np.zeros((0, size or self.size, size or self.size, 3), np.uint8)

    def _render(self, portrait: EncodedPortrait, driving: Keypoints) -> NDArray[np.uint8]:
        rendered = self._generator(portrait.repeat(len(driving.value)), driving.to(self.device))
        return to_bytes(rendered.frames).contiguous().cpu().numpy()
