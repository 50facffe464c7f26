"""A flow over whole paths: all steps of a future are sampled jointly, in one pass, instead of one after the other.

A path of displacements is a sum of slow and fast components: principal directions of the face's displacement times principal
courses over time. A conditional flow samples the few components that hold nearly all of the motion; the others, mostly tracker
jitter, are independent normal numbers. One more random number scales both, path by path: how lively a future becomes is itself
uncertain. Shape suffixes: B streams, R = B * K paths, D = 6N keypoint numbers, T steps (blocks in
`y_hat_TBZ`), Z slow components, C context, S and F numbers of noise.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from backend.forecast.block_moments import BlockMoments
from backend.forecast.flow import AfterBlock, ConditionalFlow, FlowWeights, RealNvp

MAX_LOG_AMPLITUDE = 1.5
"""Bound of an amplitude's noise and of its weight: unbounded, a few paths would lie far from all others."""

MAX_LOG_FAST_SCALE = 2.0
"""The context scales the fast components' spread by exp(-4) to exp(4): twice this bound, by direction and by course."""

ENERGY_FLOOR = 1e-2
"""Added to energies before a logarithm or a power: the energy of a face that hardly moves."""

VARIANCE_FLOOR = 1e-2
"""Added to the slow components' variances before they are decorrelated."""


@dataclass(frozen=True)
class JointConfig:
    """Architecture of a `JointFlow`.

    Attributes:
        steps: T of a path; longer futures continue from the end of their first part.
        slow: Z.
        blocks, block_hidden: see `RealNvp`.
        context_hidden: width of the network that reads the context.
        dropout: in that network, in training.
        fast_temperature: scale of the fast components' noise, except in training, which makes it too strong.
    """

    steps: int = 24
    slow: int = 96
    blocks: int = 5
    block_hidden: int = 128
    context_hidden: int = 256
    dropout: float = 0.4
    fast_temperature: float = 0.75


@dataclass(frozen=True)
class PathDistribution:
    """The distribution of B streams' next paths.

    Attributes:
        slow: of the slow components.
        y_hat_TBZ: prediction of y behind each of the flow's blocks (`BlockMoments`).
        fast_scale_BDT: standard deviations of the fast components; 0 at the slow ones.
        amplitude_B2: how strongly the amplitude's noise scales the slow and the fast components, as a logarithm.
        gain_B1: how lively the stream is, which scales all.
    """

    slow: ConditionalFlow
    y_hat_TBZ: Tensor
    fast_scale_BDT: Tensor
    amplitude_B2: Tensor
    gain_B1: Tensor


class JointFlow(nn.Module):
    """Samples the displacements of whole paths, given a context.

    Args:
        features: D.
        context: C.
        config: sizes.
    """

    directions_DD: Tensor
    courses_TT: Tensor
    slow_ZDT: Tensor
    fast_std_DT: Tensor

    def __init__(self, features: int, context: int, config: JointConfig) -> None:
        super().__init__()
        self.config, d, t = config, features, config.steps
        self.register_buffer("directions_DD", torch.eye(d))  # principal directions (rows), in keypoint units
        self.register_buffer("courses_TT", torch.eye(t))  # principal courses (rows)
        # The components of a slow number; before `fit_components`, one each.
        self.register_buffer("slow_ZDT", torch.eye(config.slow, d * t).unflatten(1, (d, t)))
        self.register_buffer("fast_std_DT", (torch.arange(d * t) >= config.slow).float().unflatten(0, (d, t)))
        self.read = nn.Sequential(
            nn.Linear(context, config.context_hidden),
            nn.SiLU(),
            nn.Dropout(config.dropout),
            nn.Linear(config.context_hidden, context),
        )
        self.flow = RealNvp(config.slow, context, config.blocks, config.block_hidden)
        self.moments = BlockMoments(context, config.blocks, config.slow)
        self.fast_scale = nn.Linear(context, d + t)
        self.amplitude = nn.Linear(context, 2)
        for layer in (self.read[-1], self.fast_scale, self.amplitude):
            nn.init.zeros_(layer.weight)  # type: ignore[arg-type]
            nn.init.zeros_(layer.bias)  # type: ignore[arg-type]
        nn.init.constant_(self.amplitude.bias, 0.3)

    @property
    def noise_size(self) -> int:
        """Standard normal numbers of a path: Z slow ones, the amplitude, D * T fast ones."""
        return self.config.slow + 1 + self.fast_std_DT.numel()

    @torch.no_grad()
    def fit_components(self, displacement_BTD: Tensor, std_D: Tensor) -> None:
        """Measure directions, courses and spreads of training paths, and take the Z widest components as the slow ones.

        Args:
            displacement_BTD: of whole paths from the frame before them.
            std_D: units in which displacements are compared.
        """
        paths = (displacement_BTD / std_D).double()
        points = paths.flatten(0, 1)
        directions = torch.linalg.eigh(points.T @ points)[1].flip(-1)
        along = paths @ directions
        # The widest directions say what courses motion takes; the others follow noise.
        scaled = (along / along.std((0, 1)).clamp_min(1e-6))[..., : max(1, along.shape[-1] // 4)]
        over_time = scaled.transpose(1, 2).flatten(0, 1)
        courses = torch.linalg.eigh(over_time.T @ over_time)[1].flip(-1)
        components_BDT = torch.einsum("btd,tc->bdc", along, courses)
        std_DT = components_BDT.square().mean(0).sqrt().clamp_min(1e-4)
        slow = std_DT.flatten().argsort(descending=True)[: self.config.slow]
        unit = (components_BDT / std_DT).flatten(1)[:, slow]
        values, vectors = torch.linalg.eigh(unit.T @ unit / len(unit))
        unwhiten_ZZ = ((values + VARIANCE_FLOOR).sqrt() * vectors).flip(-1).T
        # Each slow number moves all components that it is correlated with.
        basis = torch.zeros(self.config.slow, std_DT.numel(), dtype=unit.dtype)
        basis[:, slow] = unwhiten_ZZ * std_DT.flatten()[slow]
        self.slow_ZDT.copy_(basis.unflatten(1, std_DT.shape))
        fast = std_DT.flatten().index_fill(0, slow, 0.0)
        self.fast_std_DT.copy_(fast.unflatten(0, std_DT.shape))
        self.directions_DD.copy_(directions.T * std_D)
        self.courses_TT.copy_(courses.T)

    def prepare(self) -> FlowWeights:
        """Lay the flow's weights out, once for many calls of `condition`."""
        return self.flow.prepare()

    def read_context(self, context_BC: Tensor) -> Tensor:
        """Return what the flow is conditioned on: the context, changed by a small network."""
        changed: Tensor = context_BC + self.read(context_BC)
        return changed

    def condition(self, context_BC: Tensor, energy_B1: Tensor, weights: FlowWeights | None = None) -> PathDistribution:
        """Return the distribution of the next paths.

        Args:
            context_BC: what the streams did so far.
            energy_B1: running mean energy of their steps.
            weights: result of `prepare`.
        """
        context_BC = self.read_context(context_BC)
        raw = self.fast_scale(context_BC).split(list(self.fast_std_DT.shape), dim=1)
        by_direction, by_course = (MAX_LOG_FAST_SCALE * torch.tanh(part / MAX_LOG_FAST_SCALE) for part in raw)
        return PathDistribution(
            slow=self.flow(context_BC, weights),
            y_hat_TBZ=self.moments.predict(context_BC),
            fast_scale_BDT=torch.exp(by_direction[:, :, None] + by_course[:, None]) * self.fast_std_DT,
            amplitude_B2=MAX_LOG_AMPLITUDE * torch.tanh(self.amplitude(context_BC) / MAX_LOG_AMPLITUDE),
            gain_B1=(energy_B1 + ENERGY_FLOOR) ** 0.25,
        )

    def decode(
        self, given: PathDistribution, noise_RS: Tensor, k: int, horizon: int, after: AfterBlock | None = None
    ) -> Tensor:
        """Map noise to displacements `[R, horizon, D]` from the last frame; differentiable.

        Args:
            given: of B streams.
            noise_RS: `noise_size` standard normal numbers a path (times the temperature), stream after stream.
            k: paths of each stream, K.
            horizon: steps, at most T.
            after: may move y between the flow's blocks.
        """
        slow_RZ, amplitude_R1, fast_RF = noise_RS.split([self.config.slow, 1, self.fast_std_DT.numel()], dim=1)
        bounded_R1 = MAX_LOG_AMPLITUDE * torch.tanh(amplitude_R1 / MAX_LOG_AMPLITUDE)
        scale_R2 = torch.exp(given.amplitude_B2.repeat_interleave(k, 0) * bounded_R1) * given.gain_B1.repeat_interleave(k, 0)
        slow, gain_R1 = given.slow.repeat(k), given.gain_B1.repeat_interleave(k, 0)
        away_RZ = slow.decode(slow_RZ, after) - slow.loc
        x_RZ = slow.loc * gain_R1 + away_RZ * scale_R2[:, :1]
        fast_std_BDT = given.fast_scale_BDT * (1.0 if self.training else self.config.fast_temperature)
        fast_RDT = fast_RF.unflatten(1, self.fast_std_DT.shape) * fast_std_BDT.repeat_interleave(k, 0)
        components_RDT = fast_RDT * scale_R2[:, 1:, None] + (x_RZ @ self.slow_ZDT.flatten(1)).view_as(fast_RDT)
        return (components_RDT @ self.courses_TT[:, :horizon]).transpose(1, 2) @ self.directions_DD
