"""The whole model: autoencoder, flow, denoiser and first-frame distribution in one folder of weights."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from torch import nn

from backend.core.weights import load_model, save_model
from backend.starflow.autoencoder import Autoencoder, AutoencoderConfig
from backend.starflow.denoiser import Denoiser, DenoiserConfig
from backend.starflow.first_frame import FirstFrame
from backend.starflow.flow import LatentFlow, LatentFlowConfig


@dataclass(frozen=True)
class StarFlowConfig:
    """Architecture of the parts, and `frames`, length at 12.5 Hz of the clips that the flow was trained on."""

    frames: int = 24
    autoencoder: AutoencoderConfig = field(default_factory=AutoencoderConfig)
    flow: LatentFlowConfig = field(default_factory=LatentFlowConfig)
    denoiser: DenoiserConfig = field(default_factory=DenoiserConfig)

    @classmethod
    def from_dict(cls, architecture: dict[str, Any]) -> StarFlowConfig:
        """The inverse of `dataclasses.asdict`."""
        parts = {"autoencoder": AutoencoderConfig, "flow": LatentFlowConfig, "denoiser": DenoiserConfig}
        return cls(**{name: parts[name](**value) if name in parts else value for name, value in architecture.items()})


class StarFlow(nn.Module):
    """Frames <-> latents <-> noise."""

    def __init__(self, config: StarFlowConfig) -> None:
        super().__init__()
        self.config = config
        self.autoencoder = Autoencoder(config.autoencoder)
        self.flow = LatentFlow(config.flow)
        self.denoiser = Denoiser(config.denoiser)
        self.first_frame = FirstFrame((config.flow.rows, config.flow.columns, config.flow.channels))

    def save(self, folder: Path, extra: dict[str, object]) -> None:
        """Write weights (half precision) and `config.json`: the architecture and `extra`."""
        save_model(folder, self, self.config, extra)

    @classmethod
    def load(cls, folder: Path) -> StarFlow:
        """Read what `save` wrote, in float32.

        Raises:
            ModelError: files are missing, damaged, or of another architecture.
        """
        return load_model(folder, "starflow", lambda architecture: cls(StarFlowConfig.from_dict(architecture)))
