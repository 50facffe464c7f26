"""The keypoint path as a rival of the video model: forecast keypoints animate the last known frame."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from backend.animate.generator import EncodedPortrait
from backend.core.device import to_host
from backend.core.types import CLOCK_S, Keypoints, Picture
from backend.evaluate.common.methods import build_methods
from backend.evaluate.common.videos import SIZE
from backend.evaluate.video_model.windows import VideoWindow, shrink
from backend.keypoints.dataset import KeypointSequence
from backend.pipeline import CONTEXT, Pipeline

FORECASTS = {"keypoint_nf": "gru_nf", "keypoint_snf": "gru_snf"}
"""Name in the report -> forecasting method."""


class KeypointPath:
    """The demo's forecaster and generator.

    Args:
        models: holds `forecaster` and `generator_slim_128`.
        size: of the frames in pixels, scaled down from 256.
        device, threads: of the models, and of torch.

    Raises:
        ModelError, InputError: as `Pipeline.load`.
    """

    def __init__(self, models: Path, size: int, device: str = "cpu", threads: int = 0) -> None:
        self._pipeline = Pipeline.load(models, device=device, threads=threads)
        self._forecasts = build_methods(models / "forecaster", self._pipeline.forecaster, tuple(FORECASTS.values()))[0]
        self._size = size

    @torch.inference_mode()
    def futures(self, window: VideoWindow, known: int, count: int, noise: int) -> dict[str, Picture]:
        """Render K futures of a window after its first `known` frames.

        The forecaster sees steps of 80 ms up to the last known frame, as many as in the demo or as the video has; its forecast
        is interpolated at the times of the frames.

        Args:
            window: the clip.
            known: frames seen.
            count: K.
            noise: seed of the forecasts.

        Returns:
            By `keypoint_nf` and `keypoint_snf`: `[K, frames, S, S, 3]`. By `keypoint_still` and `keypoint_true_motion`, with K
            of 1: rendered at the last known keypoints, and at the true ones.
        """
        recording, times, file = window.video.recording, window.times, window.video.file
        (flat,) = to_host(self._pipeline.keypoints(recording.landmarks).flat())
        motion = KeypointSequence(flat, recording.timestamps, file.person, "val", file.name)
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
            forecast, device = self._forecasts[method], self._pipeline.device
            sample, source = forecast.joint_sample or forecast.sample, torch.Generator(device).manual_seed(noise)
            sampled = torch.from_numpy(to_host(sample(seen[None].to(device), count, horizon, source)[0])[0])
            paths[name] = interpolate(torch.cat([last.expand(count, 1, -1), sampled], 1), ahead)
        portrait = self._pipeline.generator.encode(window.picture(known - 1), Keypoints.from_flat(last))
        return {name: self._render(portrait, path) for name, path in paths.items()}

    def _render(self, portrait: EncodedPortrait, flat: Tensor) -> Picture:
        rendered = self._pipeline.generator.render(portrait, Keypoints.from_flat(flat.flatten(0, 1)), SIZE)
        small = np.stack([shrink(frame, self._size) for frame in rendered])
        return small.reshape(*flat.shape[:2], self._size, self._size, 3)


def interpolate(paths: Tensor, ahead: NDArray[np.float64]) -> Tensor:
    """Interpolate paths `[K, 1 + H, D]` of 80 ms steps from now on at times ahead in seconds `[F]`: `[K, F, D]`."""
    place = torch.from_numpy(ahead / CLOCK_S).clamp(0, paths.shape[1] - 1)
    low = place.floor().long().clamp(max=paths.shape[1] - 2)
    share = (place - low).to(paths.dtype)[:, None]
    return (1 - share) * paths[:, low] + share * paths[:, low + 1]
