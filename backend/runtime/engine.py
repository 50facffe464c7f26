"""The base of engines, which render frames with a trained generator, and the engine in torch."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import replace
from typing import Literal

import numpy as np
import torch

from backend.animate.compose import shrink
from backend.animate.generator import EncodedPortrait, Generator
from backend.core.errors import InputError
from backend.core.types import Keypoints, Picture
from backend.runtime.graph import folded, to_bytes

Precision = Literal["auto", "float32", "bfloat16", "int8"]

MAX_BATCH = 16
"""Frames in one pass: more do not fit the caches of a CPU."""


class Engine(ABC):
    """Renders frames of portraits.

    Args:
        network: the generator for inference, which also encodes portraits; see `folded`.
        device: of the network.
        precision: of the convolutions when rendering: `float32`, `bfloat16` or `int8`.
    """

    name: str  # `torch` or `openvino`

    def __init__(self, network: Generator, device: torch.device, precision: str) -> None:
        self._network, self._device = network, device
        self.precision, self.size = precision, network.config.size  # side in pixels of the network's own frames

    @torch.inference_mode()
    def encode(self, picture: Picture, keypoints: Keypoints) -> EncodedPortrait:
        """Encode a portrait `[S, S, 3]` with its keypoints `[N]`; needed once per portrait."""
        pixels = torch.from_numpy(picture).to(self._device).permute(2, 0, 1)[None].float() / 255
        return self._network.encode(pixels, keypoints[None].to(self._device))

    @torch.inference_mode()
    def render(self, portrait: EncodedPortrait, driving: Keypoints, size: int | None = None) -> Picture:
        """Render frames `[F, size, size, 3]` of one portrait.

        Args:
            portrait: from `encode`.
            driving: keypoints `[F, N]` after motion transfer.
            size: side of the frames in pixels; the network's own by default. Larger frames keep the portrait's own detail.
        """
        return self._render(portrait, driving, size or self.size)

    @abstractmethod
    def _render(self, portrait: EncodedPortrait, driving: Keypoints, size: int) -> Picture: ...


class TorchEngine(Engine):
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
        place = torch.device(device)
        if precision == "auto":
            in_hardware = place.type == "cuda" or torch.cpu._is_avx512_bf16_supported()
            precision = "bfloat16" if in_hardware else "float32"
        dtype: torch.dtype = getattr(torch, precision)
        network = folded(generator).to(place, dtype, memory_format=torch.channels_last)  # type: ignore[call-overload]
        super().__init__(network, place, precision)

    def _render(self, portrait: EncodedPortrait, driving: Keypoints, size: int) -> Picture:
        portrait, frames = replace(portrait, picture=shrink(portrait.picture, size)), [np.zeros((0, size, size, 3), np.uint8)]
        for start in range(0, len(driving.value), MAX_BATCH):
            part = driving[start : start + MAX_BATCH].to(self._device)
            rendered = self._network(portrait.repeat(len(part.value)), part)
            frames.append(to_bytes(rendered.frames).contiguous().cpu().numpy())
        return np.concatenate(frames)
