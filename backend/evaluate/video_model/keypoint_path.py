"""The video flow's rival: keypoints of the context are forecast, and the last known frame is animated by the forecasts."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from backend.core.types import CLOCK_S, Keypoints, Picture
from backend.evaluate.animation.clips import SIZE
from backend.evaluate.common.methods import Methods
from backend.evaluate.video_model.windows import Window, shrink
from backend.keypoints.dataset import KeypointSequence
from backend.pipeline import CONTEXT, Pipeline

FORECASTS = {"keypoint_nf": "gru_nf", "keypoint_snf": "gru_snf"}
"""Name in the report -> method that forecasts."""


class KeypointPath:
    """Forecaster and generator of the demo.

    Args:
        models: holds `forecaster` and `generator_slim_128`.
        size: of the frames in pixels, after they were rendered at 256.
        device: of the generator.
        threads: of torch.

    Raises:
        ModelError, InputError: as `Pipeline.load`.
    """

    def __init__(self, models: Path, size: int, device: str = "cpu", threads: int = 0) -> None:
        self._pipeline = Pipeline.load(models, device=device, threads=threads)
        self._forecasts = Methods(models / "forecaster", self._pipeline.forecaster).build(tuple(FORECASTS.values()))[0]
        self._size = size

    @torch.inference_mode()
    def futures(self, window: Window, known: int, count: int, noise: int) -> dict[str, Picture]:
        """Draw what may follow the first `known` frames of a window, as many frames as it has after them.

        The forecaster sees steps of 80 ms up to the last known frame, as many as in the demo or as the video has; what it says
        is read, between its steps, at the times of the frames.

        Args:
            window: the clip.
            known: frames seen.
            count: K.
            noise: seed of the forecasts.

        Returns:
            By `keypoint_nf` and `keypoint_snf`: `[K, frames, S, S, 3]`. By `keypoint_still` and `keypoint_true_motion`, with K
            of 1: the generator at the last known keypoints, and at those that came.
        """
        motion, times = self._motion(window), window.times
        now, last = float(times[known - 1]), torch.from_numpy(motion.at(times[known - 1 : known]))[0]
        ticks = now - CLOCK_S * np.arange(CONTEXT - 1, -1, -1)
        seen = torch.from_numpy(motion.at(ticks[ticks >= window.began - 1e-6]))
        ahead = times[known:] - now
        horizon = math.ceil(float(ahead[-1]) / CLOCK_S - 1e-6)
        paths = {
            "keypoint_still": last.expand(1, len(ahead), -1),
            "keypoint_true_motion": torch.from_numpy(motion.at(times[known:]))[None],
        }
        for name, method in FORECASTS.items():
            forecast, source = self._forecasts[method], torch.Generator().manual_seed(noise)
            drawn = (forecast.together or forecast.sample)(seen[None], count, horizon, source)[0]
            paths[name] = between(torch.cat([last.expand(count, 1, -1), drawn], 1), ahead)
        portrait = self._pipeline.generator.encode(window.picture(known - 1), Keypoints.from_flat(last))
        return {name: self._render(portrait, path) for name, path in paths.items()}

    def _render(self, portrait: object, flat: Tensor) -> Picture:
        rendered = self._pipeline.generator.render(portrait, Keypoints.from_flat(flat.flatten(0, 1)), SIZE)  # type: ignore[arg-type]
        small = np.stack([shrink(frame, self._size) for frame in rendered])
        return small.reshape(*flat.shape[:2], self._size, self._size, 3)

    def _motion(self, window: Window) -> KeypointSequence:
        recording, video = window.footage.recording, window.footage.video
        flat = self._pipeline.keypoints(recording.landmarks).flat().numpy()
        return KeypointSequence(flat, recording.timestamps, video.person, "val", video.path.stem)


def between(paths: Tensor, ahead: NDArray[np.float64]) -> Tensor:
    """Read paths `[K, 1 + H, D]`, of steps of 80 ms from now on, at times ahead in seconds `[F]`: `[K, F, D]`."""
    place = torch.from_numpy(ahead / CLOCK_S).clamp(0, paths.shape[1] - 1)
    low = place.floor().long().clamp(max=paths.shape[1] - 2)
    share = (place - low).to(paths.dtype)[:, None]
    return (1 - share) * paths[:, low] + share * paths[:, low + 1]
