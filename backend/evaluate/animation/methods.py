"""The ways to animate that are compared, by name, each behind one contract: a still and landmarks -> frames of 256 x 256."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from backend.animate.compose import resize_flow, warp
from backend.animate.generator import Generator
from backend.animate.mesh_warp import mesh_flow
from backend.animate.transfer import transfer_motion
from backend.core.errors import InputError, ModelError
from backend.core.types import FloatArray, Keypoints, Picture
from backend.evaluate.animation.clips import SIZE, Still
from backend.evaluate.animation.faces import similarity
from backend.keypoints.regions import FaceRegions
from backend.runtime.engine import TorchEngine

BASELINES = ("copy_source", "warp", "mesh_warp")

PREFIX = "generator_"

Draw = Callable[[Still, FloatArray], Picture]
"""Still and the landmarks `[F, 478, 3]` that it should take -> `[F, 256, 256, 3]`."""

Transfer = Callable[[Still, FloatArray, FloatArray], Picture]
"""Still, the driver's landmarks `[F, 478, 3]` and its neutral ones `[478, 3]` -> `[F, 256, 256, 3]`."""


@dataclass(frozen=True)
class Method:
    """A way to animate.

    Attributes:
        draw: the still takes the landmarks themselves, as where both are of one video.
        transfer: the still takes the motion of another face since its neutral frame.
        timed: whether its time means anything.
    """

    draw: Draw
    transfer: Transfer
    timed: bool = True


class Methods:
    """All that there are in a folder of models.

    Args:
        models: holds `generator_NAME` folders.
        device: of the generators.

    Attributes:
        generators: by name, the largest last: `slim_128`, `slim_256`, ...
        left_out: a sentence for each folder that cannot be used.
    """

    def __init__(self, models: Path, device: str = "cpu") -> None:
        self._device = device
        self._regions = FaceRegions()
        self.generators: dict[str, Generator] = {}
        self.left_out: list[str] = []
        for folder in sorted(models.glob(f"{PREFIX}*")):
            name = folder.name.removeprefix(PREFIX)
            try:
                generator = Generator.load(folder)
            except ModelError as error:
                self.left_out.append(f"{name}: {error.message}")
                continue
            if generator.config.keypoints != self._regions.count:
                self.left_out.append(f"{name} is made for {generator.config.keypoints} keypoints.")
                continue
            self.generators[name] = generator
        self.generators = dict(sorted(self.generators.items(), key=_place))

    def build(self, names: Sequence[str] = ()) -> dict[str, Method]:
        """Make methods ready; copy-source, which others are measured against, is always among them.

        Args:
            names: which; none for all that there are.

        Raises:
            InputError: `method_unknown`.
        """
        there = [*(name for name in BASELINES if name != "warp" or self.generators), *self.generators]
        for name in names:
            if name not in there:
                raise InputError(
                    "method_unknown", f"There is no way to animate named {name}.", f"There are {', '.join(there)}."
                )
        wanted = {"copy_source", *names} if names else set(there)
        return {name: self._make(name) for name in there if name in wanted}

    @property
    def warped_by(self) -> str | None:
        """Name of the generator whose motion `warp` shows: the largest."""
        return next(reversed(self.generators), None)

    def keypoints(self, landmarks: FloatArray) -> Keypoints:
        """Landmarks `[..., 478, 3]` -> keypoints `[..., N]`."""
        found: Keypoints = self._regions(torch.from_numpy(np.ascontiguousarray(landmarks, np.float32)))
        return found

    def engine(self, name: str) -> TorchEngine:
        """Make a generator ready to run fast."""
        return TorchEngine(self.generators[name], self._device)

    def alpha(self, name: str, still: Still, driving: FloatArray) -> Tensor:
        """Return the share of the still's own pixels in a frame `[478, 3]`: `[n, n]` in [0, 1], n the network's size."""
        generator = self.generators[name]
        with torch.inference_mode():
            portrait = generator.encode(_pixels(still.picture), self.keypoints(still.landmarks)[None])
            return generator(portrait, self.keypoints(driving)[None]).alpha[0, 0]

    def _make(self, name: str) -> Method:
        if name == "copy_source":
            return Method(_copy, lambda still, driving, _: _copy(still, driving), timed=False)
        if name == "mesh_warp":
            return Method(_mesh_warp, _mesh_transfer)
        run = self._warped if name == "warp" else self._rendered(name)

        def draw(still: Still, landmarks: FloatArray) -> Picture:
            return run(still, self.keypoints(still.landmarks), self.keypoints(landmarks))

        def transfer(still: Still, driving: FloatArray, reference: FloatArray) -> Picture:
            own = self.keypoints(still.landmarks)
            return run(still, own, transfer_motion(own, self.keypoints(driving), self.keypoints(reference)))

        return Method(draw, transfer)

    def _rendered(self, name: str) -> Callable[[Still, Keypoints, Keypoints], Picture]:
        engine = self.engine(name)
        return lambda still, own, driving: engine.render(engine.encode(still.picture, own), driving, SIZE)

    def _warped(self, still: Still, own: Keypoints, driving: Keypoints) -> Picture:
        generator, picture = self.generators[self.warped_by or ""], _pixels(still.picture)
        with torch.inference_mode():
            portrait = generator.encode(picture, own[None]).repeat(len(driving.value))
            condition = generator.condition(portrait.keypoints, driving)
            flow, _ = generator.motion(portrait.small, portrait.keypoints, driving, condition)
            return _bytes(warp(portrait.picture, resize_flow(flow, SIZE, SIZE)))


def _place(item: tuple[str, Generator]) -> tuple[int, bool, str]:
    """Order by size, a full generator after a slim one."""
    name, generator = item
    return generator.config.size, not name.startswith("slim"), name


def _copy(still: Still, landmarks: FloatArray) -> Picture:
    return np.repeat(still.picture[None], len(landmarks), 0)


def _mesh_warp(still: Still, landmarks: FloatArray) -> Picture:
    picture = _pixels(still.picture)
    frames = [warp(picture, mesh_flow(still.landmarks, face, SIZE)[None]) for face in landmarks]
    return _bytes(torch.cat(frames))


def _mesh_transfer(still: Still, driving: FloatArray, reference: FloatArray) -> Picture:
    """Move the still's landmarks as the driver's moved, turned and scaled as its face lies on the still's."""
    moved = (driving - reference)[..., :2] @ similarity(reference, still.landmarks).T
    return _mesh_warp(still, (still.landmarks[:, :2] + moved).astype(np.float32))


def _pixels(picture: Picture) -> Tensor:
    return torch.from_numpy(picture).permute(2, 0, 1)[None].float() / 255


def _bytes(frames: Tensor) -> Picture:
    return frames.clamp(0, 1).mul(255).round().byte().permute(0, 2, 3, 1).contiguous().numpy()


def timed(draw: Draw, still: Still, landmarks: FloatArray) -> tuple[Picture, float]:
    """Draw, and say how many ms each frame took."""
    since = time.perf_counter()
    frames = draw(still, landmarks)
    return frames, (time.perf_counter() - since) * 1e3 / len(landmarks)
