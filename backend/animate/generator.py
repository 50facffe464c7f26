"""Motion, paint and compose put together: a portrait and keypoints -> frames."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn

from backend.animate.compose import compose, resize_flow, shrink, warp
from backend.animate.motion import Motion
from backend.animate.paint import Paint
from backend.animate.transfer import inverse_2x2, product_2x2
from backend.types import Keypoints
from backend.weights import load_model, save_model


@dataclass(frozen=True)
class GeneratorConfig:
    """Architecture of a generator.

    Attributes:
        size: working size of the paint network in pixels; the portrait may be larger.
        keypoints: N.
        motion_channels, motion_size: see `Motion`.
        paint_channels, paint_blocks: see `Paint`.
    """

    size: int = 128
    keypoints: int = 10
    motion_channels: int = 32
    motion_size: int = 64
    paint_channels: int = 96
    paint_blocks: int = 4


@dataclass(frozen=True)
class EncodedPortrait:
    """All that a portrait contributes, computed once: tensors with a leading axis of 1."""

    picture: Tensor
    small: Tensor
    working: Tensor
    features: Tensor
    keypoints: Keypoints

    def repeat(self, frames: int) -> EncodedPortrait:
        """View the same portrait `frames` times without copying."""
        tensors = (self.picture, self.small, self.working, self.features)
        picture, small, working, features = (t.expand(frames, *t.shape[1:]) for t in tensors)
        value, jacobian = self.keypoints.value, self.keypoints.jacobian
        keypoints = Keypoints(value.expand(frames, *value.shape[1:]), jacobian.expand(frames, *jacobian.shape[1:]))
        return EncodedPortrait(picture, small, working, features, keypoints)


@dataclass(frozen=True)
class Rendered:
    """What a generator made of F frames: `frames [F, 3, S, S]` in [0, 1], and the parts they came from."""

    frames: Tensor
    flow: Tensor
    occlusion: Tensor
    alpha: Tensor
    warped: Tensor
    paint: Tensor


class Generator(nn.Module):
    """The composite generator of DESIGN: the portrait's own pixels, warped, with paint where they do not suffice."""

    def __init__(self, config: GeneratorConfig) -> None:
        super().__init__()
        self.config = config
        self.motion = Motion(config.keypoints, config.motion_channels, config.motion_size)
        self.paint = Paint(12 * config.keypoints, config.paint_channels, config.paint_blocks)

    def encode(self, picture: Tensor, keypoints: Keypoints) -> EncodedPortrait:
        """Prepare portraits.

        Args:
            picture: `[B, 3, S, S]` in [0, 1]; S at least the working size.
            keypoints: the portraits' own, `[B, N]`.
        """
        working = shrink(picture, self.config.size)
        small = shrink(picture, self.config.motion_size)
        return EncodedPortrait(picture, small, working, self.paint.encode(working), keypoints)

    def forward(self, portrait: EncodedPortrait, driving: Keypoints) -> Rendered:
        """Render F frames of F portraits (see `EncodedPortrait.repeat`) at keypoints `[F, N]`."""
        flow, occlusion = self.motion(portrait.small, portrait.keypoints, driving)
        n = self.config.size
        warped = warp(portrait.working, resize_flow(flow, n, n))
        alpha, paint = self.paint(portrait.features, warped, flow, occlusion, self._condition(portrait.keypoints, driving))
        if portrait.picture.shape[-1] == n:
            frames = torch.lerp(paint, warped, alpha)
        else:
            frames = compose(portrait.picture, flow, alpha, paint)
        return Rendered(frames, flow, occlusion, alpha, warped, paint)

    def _condition(self, source: Keypoints, driving: Keypoints) -> Tensor:
        """How the keypoints moved and how the regions now stand: `[F, 12N]`; tells lids and lips that heatmaps do not show."""
        change = product_2x2(source.jacobian, inverse_2x2(driving.jacobian)) - torch.eye(2, device=source.value.device)
        moved = 4 * (driving.value - source.value)
        shape = 2 * (driving.jacobian - driving.jacobian.mean(1, keepdim=True))
        relative = source.value - source.value.mean(1, keepdim=True)
        parts = (moved, relative, change.clamp(-3, 3).flatten(2), shape.flatten(2))
        return torch.cat([part.flatten(1) for part in parts], 1)

    def save(self, folder: Path, extra: dict[str, object]) -> None:
        """Write weights (half precision) and `config.json`: the architecture, then `extra`."""
        save_model(folder, self, self.config, extra)

    @classmethod
    def load(cls, folder: Path) -> Generator:
        """Read what `save` wrote, in float32, ready to render.

        Raises:
            ModelError: files are missing, damaged, or of another architecture.
        """
        return load_model(folder, "generator", lambda architecture: cls(GeneratorConfig(**architecture)))
