"""What is forecast from what: the protocols of the GRU-SNF paper, windows of recordings, and the units of errors."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from backend.core.errors import InputError, ModelError
from backend.core.weights import CONFIG
from backend.forecast.gru_nf import Forecaster
from backend.keypoints.dataset import KeypointSequence, iterate_windows

PROTOCOLS = {"8-16": (8, 16), "12-12": (12, 12), "10-14": (10, 14), "6-6": (6, 6), "5-20": (5, 20)}
"""Frames seen and forecast, by name (arXiv 2512.04282, section 4)."""

RANGE_FLOOR = 0.2
"""Least range of a number in the paper's units, as a share of its spread in training: what hardly moves in the frames seen
would otherwise be blown up without limit by the little that it moves later."""

RIVALS = ("gaussian", "vrnn", "nll")
"""Models trained on the same footage as MODEL lie beside it as MODEL_gaussian, ..."""

CHOICE_WINDOWS = 64


@dataclass(frozen=True)
class Protocol:
    """Frames seen and forecast.

    Attributes:
        name: as in `PROTOCOLS`.
        context: C of the protocol.
        horizon: H.
        seen: frames that the models see: C, or more of them (then it is not the paper's protocol any more).
    """

    name: str
    context: int
    horizon: int
    seen: int

    @classmethod
    def of(cls, name: str, seen: int | None = None) -> Protocol:
        """Look a protocol up.

        Raises:
            InputError: `protocol_unknown`, `context_short`.
        """
        if name not in PROTOCOLS:
            raise InputError("protocol_unknown", f"There is no protocol {name}.", f"Choose one of {', '.join(PROTOCOLS)}.")
        context, horizon = PROTOCOLS[name]
        if seen is not None and seen < context:
            raise InputError("context_short", f"Protocol {name} shows {context} frames; a context may be longer, not shorter.")
        return cls(name, context, horizon, seen or context)

    @property
    def length(self) -> int:
        """Frames of the paper's window."""
        return self.context + self.horizon


@dataclass(frozen=True)
class Windows:
    """Windows to forecast.

    Attributes:
        flat_WTD: `seen + horizon` frames of flat keypoints on the clock.
        people, videos: of each window.
        protocol: how they were cut.
    """

    flat_WTD: Tensor
    people: list[str]
    videos: list[str]
    protocol: Protocol

    @classmethod
    def of(cls, motions: Sequence[KeypointSequence], protocol: Protocol, stride: int | None = None) -> Windows:
        """Cut motions; windows of the paper's length do not overlap by default.

        Raises:
            InputError: `data_short`.
        """
        length = protocol.seen + protocol.horizon
        parts = list(iterate_windows(motions, length, stride or protocol.length))
        if not parts:
            longest = max(len(motion.clocked()) for motion in motions)
            raise InputError(
                "data_short",
                f"No recording is as long as {length} steps of 80 ms; the longest holds {longest}.",
                "Choose a shorter protocol, or longer recordings.",
            )
        flat = torch.from_numpy(np.stack([frames for frames, _ in parts]))
        return cls(flat, [motion.person for _, motion in parts], [motion.clip for _, motion in parts], protocol)

    def __len__(self) -> int:
        return len(self.flat_WTD)

    @property
    def context_WCD(self) -> Tensor:
        """All frames that a model sees."""
        return self.flat_WTD[:, : self.protocol.seen]

    @property
    def truth_WHD(self) -> Tensor:
        """The frames to be forecast."""
        return self.flat_WTD[:, self.protocol.seen :]

    def last_frames_WTD(self) -> Tensor:
        """Return the paper's window: the protocol's own context, and the future."""
        return self.flat_WTD[:, -self.protocol.length :]

    def min_max(self, spread_D: Tensor) -> tuple[Tensor, Tensor]:
        """Return the paper's units: origin and scale `[W, D]`, by which a video's numbers run from 0 to 1.

        Minimum and range come from the context frames of all windows of the window's video, never from frames that are forecast
        (while windows do not overlap); the range is at least `RANGE_FLOOR` of the training spread.
        """
        _, video = np.unique(np.asarray(self.videos), return_inverse=True)
        index = torch.from_numpy(video)[:, None].expand(-1, self.flat_WTD.shape[-1])
        context = self.last_frames_WTD()[:, : self.protocol.context]
        like = context.new_zeros(int(index.max()) + 1, context.shape[-1])
        low = like.scatter_reduce(0, index, context.amin(1), "amin", include_self=False)
        high = like.scatter_reduce(0, index, context.amax(1), "amax", include_self=False)
        return low[video], torch.maximum(high - low, RANGE_FLOOR * spread_D)[video]


def choose_model(models: Path, motions: Sequence[KeypointSequence]) -> Path:
    """Find the forecaster for some recordings.

    Landmark recordings take `models/forecaster`. Keypoints of other detectors look alike on disk: they take the forecaster of
    their width under which their own frames are likeliest.

    Raises:
        InputError: `data_mixed`, `model_unfit`.
    """
    layouts = {motion.layout for motion in motions}
    if len(layouts) > 1:
        raise InputError(
            "data_mixed", "The folder holds landmark recordings and keypoint arrays.", "Put them into folders of their own."
        )
    if layouts == {"face_regions"}:
        return models / "forecaster"
    width = motions[0].flat.shape[1]
    frames = [part for motion in motions if motion.flat.shape[1] == width for part, _ in iterate_windows([motion], 12, 12)]
    if not frames:
        raise InputError("data_short", "No recording is as long as 12 steps of 80 ms.")
    chosen = np.linspace(0, len(frames) - 1, min(CHOICE_WINDOWS, len(frames))).astype(int)
    flat = torch.from_numpy(np.stack([frames[index] for index in chosen]))
    fitness: dict[Path, float] = {}
    for folder in sorted(models.glob("forecaster*")):
        if folder.name.endswith(tuple(f"_{rival}" for rival in RIVALS)):
            continue
        try:
            forecaster = Forecaster.load(folder)
        except ModelError:
            continue
        if forecaster.config.features == width:
            fitness[folder] = nll(forecaster, flat, 1, torch.ones(width)).mean(1).median().item()
    if not fitness:
        raise InputError(
            "model_unfit",
            f"No forecaster in {models} is made for {width} numbers a frame.",
            "Train one with `motionfan train forecaster`, and name it with --model.",
        )
    return min(fitness, key=lambda folder: fitness[folder])


@torch.inference_mode()
def nll(forecaster: Forecaster, flat_WTD: Tensor, seen: int, unit_D: Tensor) -> Tensor:
    """Return the negative log likelihood `[W, T - seen]` of the true future per number, each step given all before it.

    Args:
        forecaster: whose likelihood.
        flat_WTD: windows.
        seen: frames that are only seen.
        unit_D: the unit of a difference between frames, so that models trained on other footage are measured alike.
    """
    state, found = forecaster.observe(flat_WTD[:, :seen]), []
    volume = (forecaster.step_spread / unit_D).log().sum()
    for frame in flat_WTD[:, seen:].unbind(1):
        found.append((volume - forecaster.log_prob(state, frame)) / flat_WTD.shape[-1])
        state = forecaster.step(state, frame)
    return torch.stack(found, dim=1)


def train_recordings(model: Path) -> set[str]:
    """Return the names of the recordings that a model says it was trained on; empty where it does not say."""
    try:
        config = json.loads((model / CONFIG).read_text())
        return {Path(name).stem for name in config["data"]["train_recordings"]}
    except (OSError, ValueError, KeyError, TypeError):
        return set()
