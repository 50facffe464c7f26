"""The generator: a portrait and driving keypoints -> frames, by dense motion, warping and inpainting."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from backend.animate.compose import FrameLayers, blend_crops, compose, identity_grid, resize_flow, shrink, warp
from backend.animate.dense_motion import DenseMotion
from backend.animate.eye_mouth import EyeMouth, locate_crops
from backend.animate.fade import fade
from backend.animate.inpainting import Inpainting
from backend.animate.transfer import inverse_2x2, product_2x2
from backend.core.types import Keypoints
from backend.core.weights import load_model, save_model


@dataclass(frozen=True)
class GeneratorConfig:
    """Architecture of a generator.

    Attributes:
        size: side in pixels at which the portrait is warped and eyes and mouth are inpainted; the portrait may be larger.
        keypoints: N.
        motion_channels, motion_size: see `DenseMotion`.
        inpainting_size: side in pixels at which the rest is inpainted; `size` is a multiple of it.
        inpainting_channels, inpainting_blocks: see `Inpainting`.
        eye_mouth_size, eye_mouth_channels, eye_mouth_blocks: see `EyeMouth`.
    """

    size: int = 128
    keypoints: int = 10
    motion_channels: int = 32
    motion_size: int = 64
    inpainting_size: int = 128
    inpainting_channels: int = 96
    inpainting_blocks: int = 2
    eye_mouth_size: int = 48
    eye_mouth_channels: int = 48
    eye_mouth_blocks: int = 3


ARCHITECTURES = {
    "slim_128": GeneratorConfig(),
    "slim_256": GeneratorConfig(size=256, eye_mouth_size=64),
    "full_256": GeneratorConfig(256, 10, 64, 64, 256, 128, 4, 96, 96, 4),
}
"""Architectures by name. The slim ones run on a CPU at video rate, and their weights have equal shapes."""


MAX_SIZES = 4
"""Sizes of tiles for which a portrait keeps its shrunk picture."""


@dataclass(frozen=True)
class EncodedPortrait:
    """What the generator computes once for a portrait, with a leading axis of 1.

    Attributes:
        picture: `[1, 3, S, S]` in [0, 1].
        small, working: the picture at the sizes of the dense motion network and of the generator.
        features: of `Inpainting.encode`.
        details: the eye and mouth crops.
        keypoints: `[1, N]`.
    """

    picture: Tensor
    small: Tensor
    working: Tensor
    features: Tensor
    details: Tensor
    keypoints: Keypoints
    _shrunk: dict[int, Tensor] = field(default_factory=dict, init=False, repr=False, compare=False)

    def at_size(self, size: int) -> Tensor:
        """Return the picture `[1, 3, size, size]`; it is shrunk once for each of the last sizes asked for."""
        if size not in self._shrunk:
            while len(self._shrunk) >= MAX_SIZES:
                del self._shrunk[next(iter(self._shrunk))]
            self._shrunk[size] = shrink(self.picture, size)
        return self._shrunk[size]

    def repeat(self, frames: int) -> EncodedPortrait:
        """Expand the leading axis to `frames` without copying."""
        face = self.keypoints
        tensors = (self.picture, self.small, self.working, self.features, self.details, face.value, face.jacobian)
        picture, small, working, features, details, *moved = (tensor.expand(frames, *tensor.shape[1:]) for tensor in tensors)
        return EncodedPortrait(picture, small, working, features, details, Keypoints(*moved))


@dataclass(frozen=True)
class Rendered:
    """What the networks find for F frames.

    Attributes:
        picture: the portraits `[F, 3, S, S]` in [0, 1].
        layers: what the frames are composed of, beside these.
        flow, occlusion: of `DenseMotion`, `[F, h, w, 2]` and `[F, 1, h, w]`.
        warped: the portraits warped by it `[F, 3, size, size]`.
        details: colour of the eye and mouth crops `[F, P, 3, m, m]`.
    """

    picture: Tensor
    layers: FrameLayers
    flow: Tensor
    occlusion: Tensor
    warped: Tensor
    details: Tensor

    @cached_property
    def frames(self) -> Tensor:
        """The frames `[F, 3, S, S]` in [0, 1]."""
        return compose(self.picture, self.layers)

    @cached_property
    def blended(self) -> tuple[Tensor, Tensor]:
        """Weight of the warped portraits `[F, 1, size, size]` and inpainted colour, both with the crops and without fading."""
        alpha, covered = blend_crops(self.layers, self.warped.shape[-1])
        return alpha, covered / (1 - alpha).clamp(min=1e-4)


class Generator(nn.Module):
    """Warps the portrait's own pixels and inpaints what they do not show."""

    def __init__(self, config: GeneratorConfig) -> None:
        super().__init__()
        self.config = config
        condition = 12 * config.keypoints
        self.dense_motion = DenseMotion(config.keypoints, condition, config.motion_channels, config.motion_size)
        self.inpainting = Inpainting(condition, config.inpainting_channels, config.inpainting_blocks)
        self.eye_mouth = EyeMouth(condition, config.eye_mouth_size, config.eye_mouth_channels, config.eye_mouth_blocks)

    def encode(self, picture: Tensor, keypoints: Keypoints) -> EncodedPortrait:
        """Encode portraits `[B, 3, S, S]` in [0, 1], S at least `config.size`, with keypoints `[B, N]`."""
        small, working = shrink(picture, self.config.motion_size), shrink(picture, self.config.size)
        details = self.eye_mouth.cut_crops(working, keypoints)
        features = self.inpainting.encode(shrink(picture, self.config.inpainting_size))
        return EncodedPortrait(picture, small, working, features, details, keypoints)

    def forward(self, portrait: EncodedPortrait, driving: Keypoints) -> Rendered:
        """Render F frames of F portraits (see `EncodedPortrait.repeat`) at keypoints `[F, N]`."""
        condition = self.condition(portrait.keypoints, driving)
        flow, occlusion = self.dense_motion(portrait.small, portrait.keypoints, driving, condition)
        size = self.config.size
        warped = warp(portrait.working, resize_flow(flow, size, size))
        coarse = F.avg_pool2d(warped, size // self.config.inpainting_size)
        alpha, paint = self.inpainting(portrait.features, coarse, flow, occlusion, condition)
        opacity, details = self.eye_mouth(portrait.details, warped, driving, condition)
        centres, axes = locate_crops(driving)
        layers = FrameLayers(
            fade=fade(portrait.keypoints, driving),
            centres=centres,
            axes=axes,
            offset=(flow - identity_grid(flow.shape[1], flow.shape[2], flow)).permute(0, 3, 1, 2),
            alpha=alpha,
            paint=(1 - alpha) * paint,
            opacity=opacity,
            colour=opacity * details,
        )
        return Rendered(portrait.picture, layers, flow, occlusion, warped, details)

    def move(self, picture: Tensor, source: Keypoints, driving: Keypoints) -> Tensor:
        """Warp pictures without inpainting -> `[F, 3, size, size]`.

        Args:
            picture: `[F, 3, S, S]`, S at least `config.size`.
            source: their keypoints `[F, N]`.
            driving: the frames' keypoints `[F, N]`.
        """
        size, small = self.config.size, shrink(picture, self.config.motion_size)
        flow, _ = self.dense_motion(small, source, driving, self.condition(source, driving))
        return warp(shrink(picture, size), resize_flow(flow, size, size))

    def condition(self, source: Keypoints, driving: Keypoints) -> Tensor:
        """Return the condition `[F, 12N]`: motion and shape of the keypoints, which show lids and lips better than heatmaps."""
        change = product_2x2(source.jacobian, inverse_2x2(driving.jacobian)) - torch.eye(2, device=source.value.device)
        moved = 4 * (driving.value - source.value)
        shape = 2 * (driving.jacobian - driving.jacobian.mean(1, keepdim=True))
        relative = source.value - source.value.mean(1, keepdim=True)
        parts = (moved, relative, change.clamp(-3, 3).flatten(2), shape.flatten(2))
        return torch.cat([part.flatten(1) for part in parts], 1)

    def save(self, folder: Path, extra: dict[str, object]) -> None:
        """Write weights (half precision) and `config.json`: the architecture and `extra`."""
        save_model(folder, self, self.config, extra)

    @classmethod
    def load(cls, folder: Path) -> Generator:
        """Read what `save` wrote, in float32, for inference.

        Raises:
            ModelError: `generator_missing`, `generator_damaged`.
        """
        return load_model(folder, "generator", lambda architecture: cls(GeneratorConfig(**architecture)))
