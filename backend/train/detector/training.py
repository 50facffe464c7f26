"""Train a First Order Motion Model on any videos, without labels (Siarohin et al. 2019).

A frame of a video is reconstructed from another one by the motion of keypoints found in both; keypoints must also be
equivariant to deformations.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from backend.animate.fomm.model import Fomm
from backend.core.process import configure_process
from backend.train.detector.losses import crowding, equivariance, motion_weight
from backend.train.detector.measure import sample_sheet, validate
from backend.train.detector.tps import ThinPlate
from backend.train.detector.videos import VideoSet
from backend.train.picture_losses import reconstruction_loss
from backend.train.run import RunState, Task, TrainingProgress, seeded, train
from backend.train.settings import DetectorTraining


class DetectorTask(Task[Fomm, tuple[Tensor, Tensor, ThinPlate]]):
    """Keypoints, motion and generator learn from pairs of frames."""

    score = "l1"
    settings: DetectorTraining

    def __init__(self, videos: VideoSet, settings: DetectorTraining, out: Path) -> None:
        super().__init__(settings, out)
        self.videos = videos
        # Channels last is half again as fast on a CPU.
        self.model = Fomm(settings.architecture()).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.optimiser = torch.optim.Adam(self.model.parameters(), settings.learning_rate, betas=(0.5, 0.999))

    def batch(self, step: int) -> tuple[Tensor, Tensor, ThinPlate]:
        """Sample source and driving frames `[B, 3, S, S]`, and a deformation for each pair."""
        count, seed = self.settings.batch, self.settings.seed
        source, driving = self.videos.sample(count, np.random.default_rng((seed, step)))
        return source, driving, ThinPlate.sample(count, torch.Generator().manual_seed(seed * 1_000_003 + step))

    def losses(self, batch: tuple[Tensor, Tensor, ThinPlate], state: RunState) -> dict[str, Tensor]:
        """Compute the losses and their weighted sum."""
        settings, parts = self.settings, losses(self.model.train(), *batch, self.settings.moving)
        total = settings.reconstruction * parts["reconstruction"] + settings.value * parts["value"]
        total = total + settings.jacobian * parts["jacobian"] + settings.crowding * parts["crowding"]
        return parts | {"total": total}

    def validate(self, model: Fomm) -> dict[str, float]:
        """Measure the reconstruction, and how well keypoints predict joints."""
        return validate(model, self.videos)

    def sample_sheet(self, model: Fomm) -> NDArray[np.uint8]:
        """Render held-out sequences with their keypoints."""
        return sample_sheet(model, self.videos.held_out)


def losses(model: Fomm, source: Tensor, driving: Tensor, plate: ThinPlate, moving: float) -> dict[str, Tensor]:
    """Compute the losses of reconstructing `driving` from `source`, and of the driving keypoints.

    Args:
        model: detector, motion and generator.
        source: `[B, 3, S, S]` in [0, 1].
        driving: other frames of the same videos.
        plate: deformation of the driving frames.
        moving: share of the reconstruction's weight that lies where the two pictures differ.
    """
    count = len(source)
    found = model.detect(torch.cat([source, driving, plate.deform(driving)]))
    ours, theirs, deformed = found[:count], found[count : 2 * count], found[2 * count :]
    frames = model(source, ours, theirs)
    value, jacobian = equivariance(theirs, deformed, plate)
    rebuilt = reconstruction_loss(frames, driving, motion_weight(source, driving, moving), structure=0.2)
    return {"reconstruction": rebuilt, "value": value, "jacobian": jacobian, "crowding": crowding(theirs)}


def train_detector(
    data: Path, out: Path, settings: DetectorTraining, *, progress: TrainingProgress | None = None
) -> dict[str, float]:
    """Train a detector, or resume the run, and return the last validation's figures.

    Args:
        data: folder of videos; see `VideoSet.read`.
        out: folder for weights and config, and under `run/` for checkpoint, log and sample sheets.
        settings: settings of the run.
        progress: called after every update.

    Raises:
        InputError: the data cannot be used.
        ModelError: the checkpoint cannot be read, or is of other sizes.
    """
    configure_process(settings.threads)
    videos = VideoSet.read(data, settings.size)
    with seeded(settings.seed):
        return train(DetectorTask(videos, settings, out), out / "run", progress).figures
