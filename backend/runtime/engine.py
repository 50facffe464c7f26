"""The base of engines, which render frames with a trained generator, and the engine in torch."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import fields
from typing import Literal

import numpy as np
import torch

from backend.animate.compose import FrameLayers, compose
from backend.animate.generator import EncodedPortrait, Generator
from backend.core.errors import InputError
from backend.core.types import Keypoints, Layers, Picture
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
        size = size or self.size
        picture = portrait.working if size == self.size else portrait.at_size(size)
        frames = [np.zeros((0, size, size, 3), np.uint8)]
        for layers in self._layers(portrait, driving):
            made = compose(picture.expand(len(layers.fade), -1, -1, -1), layers)
            frames.append(to_bytes(made).contiguous().cpu().numpy())
        return np.concatenate(frames)

    @torch.inference_mode()
    def layers(self, portrait: EncodedPortrait, driving: Keypoints) -> Layers:
        """Return what `render` composes F frames of, for another program that composes them.

        Args:
            portrait: from `encode`.
            driving: keypoints `[F, N]` after motion transfer, F at least 1.
        """
        parts = [_to_host(layers) for layers in self._layers(portrait, driving)]
        return Layers(*(np.concatenate([getattr(part, field.name) for part in parts]) for field in fields(Layers)))

    @abstractmethod
    def _layers(self, portrait: EncodedPortrait, driving: Keypoints) -> Iterator[FrameLayers]:
        """Yield the layers of all frames in order, some at a time; they are valid until the next ones are asked for."""


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

    def _layers(self, portrait: EncodedPortrait, driving: Keypoints) -> Iterator[FrameLayers]:
        for start in range(0, len(driving.value), MAX_BATCH):
            part = driving[start : start + MAX_BATCH].to(self._device)
            yield self._network(portrait.repeat(len(part.value)), part).layers


def _to_host(layers: FrameLayers) -> Layers:
    """Convert layers to arrays on the host, and pictures in [0, 1] to bytes."""
    return Layers(
        fade=layers.fade.cpu().numpy().copy(),
        centres=layers.centres.cpu().numpy().copy(),
        axes=layers.axes.cpu().numpy().copy(),
        offset=layers.offset.cpu().numpy().copy(),
        alpha=to_bytes(layers.alpha)[..., 0].cpu().numpy(),
        paint=to_bytes(layers.paint).cpu().numpy(),
        opacity=to_bytes(layers.opacity)[..., 0].cpu().numpy(),
        colour=to_bytes(layers.colour).cpu().numpy(),
    )
