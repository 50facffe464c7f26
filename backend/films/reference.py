"""A clip as it is followed: its longest unbroken part, and the moment from which the driver's motion counts."""

from __future__ import annotations

from typing import Literal

import numpy as np

from backend.animate.reference import likeness
from backend.core.errors import InputError
from backend.core.recording import Recording
from backend.core.types import Keypoints
from backend.keypoints.clock import resample
from backend.pipeline import Pipeline, Portrait

Reference = float | Literal["first", "best"]


def longest(recording: Recording) -> Recording:
    """Return the longest unbroken part of a recording, on the forecast clock.

    Raises:
        InputError: `recording_empty`.
    """
    if not len(recording.timestamps):
        raise InputError("recording_empty", "The recording holds no frame.", "Take another one.")
    return max(resample(recording), key=lambda part: len(part.timestamps))


def neutral(pipeline: Pipeline, portrait: Portrait, segment: Recording, reference: Reference) -> Keypoints:
    """Return the driver's keypoints `[N]` at the moment from which their motion counts.

    Args:
        pipeline: gives keypoints.
        portrait: whose pose and expression `best` looks for.
        segment: the driver.
        reference: `first` for the first frame, `best` for the one most like the portrait, or a second of the recording.

    Raises:
        InputError: `reference_outside`.
    """
    driving = pipeline.keypoints(segment.landmarks)
    if reference == "first":
        return driving[0]
    if reference == "best":
        return driving[int(likeness(portrait.keypoints, driving).argmax())]
    began, ended = float(segment.timestamps[0]), float(segment.timestamps[-1])
    if not began <= reference <= ended:
        raise InputError(
            "reference_outside",
            f"The clip shows no face at {reference:.2f} s to take as the reference.",
            f"Choose from {began:.2f} to {ended:.2f} s, or first, or best.",
        )
    return driving[int(np.abs(segment.timestamps - reference).argmin())]
