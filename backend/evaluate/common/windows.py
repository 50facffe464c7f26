"""Windows of recordings for forecasting: context and horizon as in the GRU-SNF paper, and the paper's units."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from backend.core.errors import InputError
from backend.keypoints.dataset import KeypointSequence, iterate_windows

CONTEXT_HORIZONS = {"8-16": (8, 16), "12-12": (12, 12), "10-14": (10, 14), "6-6": (6, 6), "5-20": (5, 20)}
"""Frames seen and forecast, by name (arXiv 2512.04282, section 4)."""

MIN_RANGE = 0.2
"""Least range in the paper's units, in standard deviations of training: it bounds errors of numbers that hardly move."""


@dataclass(frozen=True)
class ContextHorizon:
    """How many frames are seen and forecast."""

    name: str  # as in `CONTEXT_HORIZONS`
    context: int  # C of the paper
    horizon: int  # H
    seen: int  # frames that the models see: C, or more (then they are not the paper's)

    @classmethod
    def of(cls, name: str, seen: int | None = None) -> ContextHorizon:
        """Look up the lengths by name; raises `protocol_unknown` or `context_short`."""
        if name not in CONTEXT_HORIZONS:
            hint = f"Choose one of {', '.join(CONTEXT_HORIZONS)}."
            raise InputError("protocol_unknown", f"There is no protocol {name}.", hint)
        context, horizon = CONTEXT_HORIZONS[name]
        if seen is not None and seen < context:
            raise InputError("context_short", f"Protocol {name} shows {context} frames; a context may be longer, not shorter.")
        return cls(name, context, horizon, seen or context)

    @property
    def window(self) -> int:
        """Frames of the paper's window."""
        return self.context + self.horizon


@dataclass(frozen=True)
class ForecastWindows:
    """Windows `[W, seen + horizon, D]` of flat keypoints at 12.5 Hz, and the person and video of each."""

    flat_WTD: Tensor
    people: list[str]
    videos: list[str]
    lengths: ContextHorizon

    @classmethod
    def of(cls, motions: Sequence[KeypointSequence], lengths: ContextHorizon, stride: int | None = None) -> ForecastWindows:
        """Cut motions into windows.

        Args:
            motions: recordings.
            lengths: frames seen and forecast.
            stride: steps between the starts of two windows; the paper's window length by default, without overlap.

        Raises:
            InputError: `data_short`.
        """
        length = lengths.seen + lengths.horizon
        parts = list(iterate_windows(motions, length, stride or lengths.window))
        if not parts:
            longest = max(len(motion.clocked()) for motion in motions)
            message = f"No recording is as long as {length} steps of 80 ms; the longest holds {longest}."
            raise InputError("data_short", message, "Choose a shorter protocol, or longer recordings.")
        flat = torch.from_numpy(np.stack([frames for frames, _ in parts]))
        return cls(flat, [motion.person for _, motion in parts], [motion.clip for _, motion in parts], lengths)

    def __len__(self) -> int:
        return len(self.flat_WTD)

    def counts(self) -> dict[str, int]:
        """Return the numbers of windows, people and recordings, for the settings of a report."""
        return {"windows": len(self), "people": len(set(self.people)), "recordings": len(set(self.videos))}

    @property
    def context_WCD(self) -> Tensor:
        """All frames that a model sees."""
        return self.flat_WTD[:, : self.lengths.seen]

    @property
    def truth_WHD(self) -> Tensor:
        """The frames to be forecast."""
        return self.flat_WTD[:, self.lengths.seen :]

    def last_frames_WTD(self) -> Tensor:
        """Return the paper's window: the last C frames seen, and the future."""
        return self.flat_WTD[:, -self.lengths.window :]

    def min_max(self, std_D: Tensor) -> tuple[Tensor, Tensor]:
        """Return the paper's units: origin and scale `[W, D]` that bring the context frames of each video to [0, 1].

        The range is at least `MIN_RANGE` of the training standard deviation `std_D`.
        """
        _, video = np.unique(np.asarray(self.videos), return_inverse=True)
        index = torch.from_numpy(video)[:, None].expand(-1, self.flat_WTD.shape[-1])
        context = self.last_frames_WTD()[:, : self.lengths.context]
        like = context.new_zeros(int(index.max()) + 1, context.shape[-1])
        low = like.scatter_reduce(0, index, context.amin(1), "amin", include_self=False)
        high = like.scatter_reduce(0, index, context.amax(1), "amax", include_self=False)
        return low[video], torch.maximum(high - low, MIN_RANGE * std_D)[video]
