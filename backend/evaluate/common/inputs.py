"""Load the held-out motion of a folder and the forecaster that fits it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from backend.core.errors import InputError, ModelError
from backend.core.weights import CONFIG
from backend.evaluate.common.methods import nll
from backend.forecast.gru_nf import Forecaster
from backend.keypoints.dataset import KeypointSequence, read_evaluation_set, stack_windows

VARIANTS = ("_gaussian", "_vrnn")
"""Models for comparison lie beside MODEL as MODEL_gaussian, ..."""

MAX_STILL = 0.75
"""Largest share of frames that repeat the frame before; more is noted."""

MAX_CHOICE_WINDOWS = 64
"""Most windows on which the likelihoods of forecasters are compared."""


@dataclass(frozen=True)
class EvaluationInputs:
    """A forecaster, its folder, motions of its width that it was not trained on, and notes on what was left out."""

    model: Path
    forecaster: Forecaster
    motions: list[KeypointSequence]
    notes: list[str]


def load_inputs(
    recordings: Path, models: Path, model: Path | None = None, split: Path | None = None, fps: float | None = None
) -> EvaluationInputs:
    """Read a folder of recordings and load the forecaster for it.

    Args:
        recordings: folder of landmark recordings or keypoint arrays (see `read_evaluation_set`).
        models: folder of all models.
        model: folder of the forecaster; by default one of `models` that fits the recordings.
        split: a CSV of held-out recordings; by default `clips.csv` in the folder, or all that are not training recordings.
        fps: frame rate of keypoint arrays that do not state it.

    Raises:
        ModelError: the forecaster cannot be read.
        InputError: the recordings cannot be read, or none has the forecaster's width.
    """
    found = read_evaluation_set(recordings, split, fps)
    notes = list(found.skipped)
    model = model or choose_model(models, found.sequences)
    forecaster = Forecaster.load(model)
    motions = _of_width(found.sequences, forecaster.config.features, notes)
    if split is None and not (recordings / "clips.csv").is_file():
        motions = _not_trained_on(model, motions, notes)
    still = [motion for motion in motions if (motion.flat[1:] == motion.flat[:-1]).all(1).mean() > MAX_STILL]
    notes += [f"{motion.clip}: most of its frames repeat the one before; it says little about forecasts." for motion in still]
    return EvaluationInputs(model, forecaster, motions, notes)


def choose_model(models: Path, motions: Sequence[KeypointSequence]) -> Path:
    """Choose the forecaster for some recordings: `models/forecaster` for landmarks.

    Keypoint arrays do not name their detector, so they take the forecaster of their width that finds them most likely.

    Raises:
        InputError: `data_mixed`, `data_short`, `model_unfit`.
    """
    layouts = {motion.layout for motion in motions}
    if len(layouts) > 1:
        message = "The folder holds landmark recordings and keypoint arrays."
        raise InputError("data_mixed", message, "Put them into folders of their own.")
    if layouts == {"face_regions"}:
        return models / "forecaster"
    width = motions[0].flat.shape[1]
    windows, _ = stack_windows([motion for motion in motions if motion.flat.shape[1] == width], 12, 12)
    chosen = np.linspace(0, len(windows) - 1, min(MAX_CHOICE_WINDOWS, len(windows))).astype(int)
    flat = torch.from_numpy(windows[chosen])
    fitness: dict[Path, float] = {}
    for folder in sorted(models.glob("forecaster*")):
        if not folder.name.endswith(VARIANTS):
            with suppress(ModelError):
                forecaster = Forecaster.load(folder)
                if forecaster.config.features == width:
                    fitness[folder] = nll(forecaster, flat, 1, torch.ones(width)).mean(1).median().item()
    if not fitness:
        hint = "Train one with `motionfan train forecaster`, and name it with --model."
        raise InputError("model_unfit", f"No forecaster in {models} is made for {width} numbers a frame.", hint)
    return min(fitness, key=fitness.__getitem__)


def train_recordings(model: Path) -> set[str]:
    """Return the names of the recordings that a model was trained on; empty where its config does not list them."""
    try:
        config = json.loads((model / CONFIG).read_text())
        return {Path(name).stem for name in config["data"]["train_recordings"]}
    except (OSError, ValueError, KeyError, TypeError):
        return set()


def _of_width(motions: list[KeypointSequence], width: int, notes: list[str]) -> list[KeypointSequence]:
    """Leave out recordings of another width than the model's."""
    other = {motion.clip: motion.flat.shape[1] for motion in motions if motion.flat.shape[1] != width}
    notes += [f"{clip}: {found} numbers a frame, but the forecaster is made for {width}." for clip, found in other.items()]
    kept = [motion for motion in motions if motion.clip not in other]
    if not kept:
        raise InputError("recording_shape", f"The forecaster is made for {width} numbers a frame.", " ".join(notes[:3]))
    return kept


def _not_trained_on(model: Path, motions: list[KeypointSequence], notes: list[str]) -> list[KeypointSequence]:
    """Leave out the model's training recordings, unless there are no others."""
    clips = {motion.clip for motion in motions}
    known = train_recordings(model) & clips
    if known == clips:
        notes.append("The forecaster was trained on all of these recordings: its figures are those of training.")
    elif known:
        notes.append(f"{len(known)} of {len(clips)} recordings are left out: the forecaster was trained on them.")
        return [motion for motion in motions if motion.clip not in known]
    return motions
