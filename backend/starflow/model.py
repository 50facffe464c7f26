"""The whole of STARFlow-V, small: autoencoder, flow, denoiser, and faces to begin with, in one folder of weights."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from backend.core.weights import load_model, save_model
from backend.starflow.autoencoder import Autoencoder, AutoencoderConfig
from backend.starflow.denoiser import Denoiser, DenoiserConfig
from backend.starflow.first_frame import FirstFrame
from backend.starflow.flow import Flow, FlowConfig


@dataclass(frozen=True)
class StarFlowConfig:
    """Architecture of the three parts, and the length of the clips that the flow has learned.

    Attributes:
        frames: known and drawn ones together, at 12.5 Hz.
    """

    frames: int = 24
    autoencoder: AutoencoderConfig = field(default_factory=AutoencoderConfig)
    flow: FlowConfig = field(default_factory=FlowConfig)
    denoiser: DenoiserConfig = field(default_factory=DenoiserConfig)

    @classmethod
    def of(cls, architecture: dict[str, Any]) -> StarFlowConfig:
        """Rebuild from what `dataclasses.asdict` made of it."""
        parts = {"autoencoder": AutoencoderConfig, "flow": FlowConfig, "denoiser": DenoiserConfig}
        return cls(**{name: parts[name](**value) if name in parts else value for name, value in architecture.items()})


class StarFlow(nn.Module):
    """Frames <-> latents <-> noise."""

    def __init__(self, config: StarFlowConfig) -> None:
        super().__init__()
        self.config = config
        self.autoencoder = Autoencoder(config.autoencoder)
        self.flow = Flow(config.flow)
        self.denoiser = Denoiser(config.denoiser)
        self.first = FirstFrame((config.flow.rows, config.flow.columns, config.flow.channels))

    @torch.inference_mode()
    def bits_per_dimension(self, frames: Tensor, generator: torch.Generator, caption: Tensor | None = None) -> Tensor:
        """Negative log likelihood of clips in bits per latent number, under the noise that the flow has learned with.

        Args:
            frames: `[B, T, 3, S, S]` in [0, 1].
            generator: the source of that noise.
            caption: word numbers `[B, P]`.

        Returns:
            `[B]`. Latents are scaled to deviation 1, so a Gaussian that knows nothing has 0.5 log2(2 pi e (1 + noise^2)).
        """
        latents = self.autoencoder.encode(frames)
        noisy = latents + self.flow.config.noise * torch.randn(latents.shape, generator=generator)
        return -self.flow.log_prob(noisy, caption) / (latents[0].numel() * math.log(2))

    def save(self, folder: Path, extra: dict[str, object]) -> None:
        """Write weights (half precision) and `config.json`: the architecture, then `extra`."""
        save_model(folder, self, self.config, extra)

    @classmethod
    def load(cls, folder: Path) -> StarFlow:
        """Read what `save` wrote, in float32, ready to draw.

        Raises:
            ModelError: files are missing, damaged, or of another architecture.
        """
        return load_model(folder, "starflow", lambda architecture: cls(StarFlowConfig.of(architecture)))
