"""What every evaluation begins with: the held-out motion of a folder, and the forecaster that fits it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from backend.core.errors import InputError
from backend.evaluate.common.protocol import choose_model, train_recordings
from backend.forecast.gru_nf import Forecaster
from backend.keypoints.dataset import KeypointSequence, read_evaluation_set


@dataclass(frozen=True)
class Material:
    """A forecaster and motion that it was not trained on.

    Attributes:
        model: the forecaster's folder.
        forecaster: what lies there.
        motions: all of the forecaster's width.
        notes: what was passed over, in sentences.
    """

    model: Path
    forecaster: Forecaster
    motions: list[KeypointSequence]
    notes: list[str]


def gather(
    recordings: Path, models: Path, model: Path | None = None, split: Path | None = None, fps: float | None = None
) -> Material:
    """Read a folder and load the forecaster for it.

    Without a table that says which recordings are held out (`split`, or `clips.csv` in the folder), those that the
    forecaster was trained on are left out.

    Args:
        recordings: folder of landmark recordings or keypoint arrays (see `read_evaluation_set`).
        models: folder of all models.
        model: folder of the forecaster; by default one of `models` that fits the recordings.
        split: a CSV of which recordings are held out.
        fps: frames a second of keypoint arrays that do not say it.

    Raises:
        ModelError: the forecaster cannot be read.
        InputError: the recordings cannot be read, or none has the forecaster's width.
    """
    footage = read_evaluation_set(recordings, split, fps)
    notes = list(footage.skipped)
    model = model or choose_model(models, footage.sequences)
    forecaster = Forecaster.load(model)
    motions = _fitting(footage.sequences, forecaster.config.features, notes)
    if split is None and not (recordings / "clips.csv").is_file():
        motions = _unknown_to(model, motions, notes)
    return Material(model, forecaster, motions, notes)


def _fitting(motions: list[KeypointSequence], width: int, notes: list[str]) -> list[KeypointSequence]:
    """Pass over recordings of another width than the model's."""
    other = {motion.clip: motion.flat.shape[1] for motion in motions if motion.flat.shape[1] != width}
    notes += [f"{clip}: {found} numbers a frame, but the forecaster is made for {width}." for clip, found in other.items()]
    kept = [motion for motion in motions if motion.clip not in other]
    if not kept:
        raise InputError("recording_shape", f"The forecaster is made for {width} numbers a frame.", " ".join(notes[:3]))
    return kept


def _unknown_to(model: Path, motions: list[KeypointSequence], notes: list[str]) -> list[KeypointSequence]:
    """Leave out what the model was trained on, unless that is all."""
    known = train_recordings(model) & {motion.clip for motion in motions}
    kept = [motion for motion in motions if motion.clip not in known]
    if not known:
        return motions
    if not kept:
        notes.append("The forecaster was trained on all of these recordings: its figures are those of training.")
        return motions
    every = len({motion.clip for motion in motions})
    notes.append(f"{len(known)} of {every} recordings are left out: the forecaster was trained on them.")
    return kept
