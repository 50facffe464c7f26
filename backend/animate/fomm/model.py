"""The First Order Motion Model: keypoint detector and generator."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from torch import Tensor, nn

from backend.animate.fomm.detector import KeypointDetector
from backend.animate.fomm.generator import GeneratorSize, OcclusionAwareGenerator
from backend.animate.fomm.hourglass import HourglassSize
from backend.core.types import Keypoints
from backend.core.weights import load_model, save_model


@dataclass(frozen=True)
class FommConfig:
    """Architecture of a First Order Motion Model; the defaults are those of the published `vox-256`.

    Attributes:
        keypoints: N.
        jacobian_maps: N, 1 or 0; see `KeypointDetector`.
        head_padding: see `KeypointDetector`.
        occlusion: see `OcclusionAwareGenerator`.
        detector: size of the detector's hourglass.
        motion: size of the dense motion network's hourglass.
        generator: size of the generator.
        size: side in pixels of the training pictures.
    """

    keypoints: int = 10
    jacobian_maps: int = 10
    head_padding: int = 0
    occlusion: bool = True
    detector: HourglassSize = field(default_factory=lambda: HourglassSize(32, 1024))
    motion: HourglassSize = field(default_factory=lambda: HourglassSize(64, 1024))
    generator: GeneratorSize = field(default_factory=GeneratorSize)
    size: int = 256

    @property
    def multiple(self) -> int:
        """The number by which the sides of pictures must be divisible."""
        return max(size.factor << size.depth for size in (self.detector, self.motion))

    @classmethod
    def from_dict(cls, settings: dict[str, Any]) -> FommConfig:
        """Build from the architecture in `config.json`."""
        parts = {"detector": HourglassSize, "motion": HourglassSize, "generator": GeneratorSize}
        return cls(**{name: parts[name](**value) if name in parts else value for name, value in settings.items()})


class Fomm(nn.Module):
    """`kp_detector` and `generator`, with the tensor names of the published checkpoints."""

    def __init__(self, config: FommConfig) -> None:
        super().__init__()
        self.config = config
        self.kp_detector = KeypointDetector(config.keypoints, config.detector, config.jacobian_maps, config.head_padding)
        self.generator = OcclusionAwareGenerator(config.keypoints, config.generator, config.motion, config.occlusion)

    def detect(self, picture: Tensor) -> Keypoints:
        """Detect the keypoints of pictures `[F, 3, H, W]` in [0, 1] -> `[F, N]`."""
        keypoints: Keypoints = self.kp_detector(picture)
        return keypoints

    def forward(self, picture: Tensor, source: Keypoints, driving: Keypoints) -> Tensor:
        """Render frames `[F, 3, H, W]` in [0, 1].

        Args:
            picture: sources `[F, 3, H, W]` in [0, 1].
            source: their keypoints `[F, N]`.
            driving: the frames' keypoints `[F, N]`.
        """
        frames: Tensor = self.generator(picture, self.generator.encode(picture), source, driving)
        return frames

    def save(self, folder: Path, extra: dict[str, object]) -> None:
        """Write weights (half precision) and `config.json`, which holds the architecture and `extra`."""
        save_model(folder, self, self.config, extra)

    @classmethod
    def load(cls, folder: Path) -> Fomm:
        """Read what `save` wrote, in float32, for inference.

        Raises:
            ModelError: `detector_missing`, `detector_damaged`.
        """
        return load_model(folder, "detector", lambda settings: cls(FommConfig.from_dict(settings)))
