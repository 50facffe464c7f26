"""Chooses the segment of a recording that a film follows, and its reference frame."""

from __future__ import annotations

from typing import Literal

import numpy as np

from backend.animate.reference import likeness
from backend.core.errors import InputError
from backend.core.recording import Recording
from backend.core.types import Keypoints
from backend.keypoints.clock import resample
from backend.pipeline import Pipeline, Portrait

ReferenceMoment = float | Literal["first", "best"]
"""The reference frame: the first, the one most like the portrait, or a time in seconds."""


def longest_segment(recording: Recording) -> Recording:
    """Return the longest part of a recording without gaps, resampled to the forecast clock.

    Raises:
        InputError: `recording_empty`.
    """
    if not len(recording.timestamps):
        raise InputError("recording_empty", "The recording holds no frame.", "Take another one.")
    return max(resample(recording), key=lambda part: len(part.timestamps))


def neutral_keypoints(pipeline: Pipeline, portrait: Portrait, segment: Recording, reference: ReferenceMoment) -> Keypoints:
    """Return the driver's keypoints `[N]` in the reference frame.

    Args:
        pipeline: computes keypoints.
        portrait: `best` is the frame most like it.
        segment: the driver.
        reference: which frame.

    Raises:
        InputError: `reference_outside`.
    """
    driving = pipeline.keypoints(segment.landmarks)
    if reference == "first":
        return driving[0]
    if reference == "best":
        return driving[int(likeness(portrait.keypoints, driving).argmax())]
    start, end = float(segment.timestamps[0]), float(segment.timestamps[-1])
    if not start <= reference <= end:
        message = f"The clip shows no face at {reference:.2f} s to take as the reference."
        raise InputError("reference_outside", message, f"Choose from {start:.2f} to {end:.2f} s, or first, or best.")
    return driving[int(np.abs(segment.timestamps - reference).argmin())]
