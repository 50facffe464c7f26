"""The animation methods that are compared, by name: an annotated frame and landmarks -> frames of 256 x 256."""

from __future__ import annotations

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
from backend.evaluate.animation.clips import AnnotatedFrame
from backend.evaluate.animation.faces import similarity
from backend.evaluate.common.videos import SIZE, to_pictures, to_tensor
from backend.keypoints.regions import FaceRegions
from backend.runtime.engine import TorchEngine

BASELINES = ("copy_source", "warp", "mesh_warp")

PREFIX = "generator_"

Render = Callable[[AnnotatedFrame, Keypoints, Keypoints], Picture]
"""`(source, its keypoints, driving keypoints [F]) -> [F, 256, 256, 3]`."""


@dataclass(frozen=True)
class AnimationMethod:
    """A way to animate a source frame; both functions return `[F, 256, 256, 3]`."""

    # `(source, landmarks [F, 478, 3])`; the source takes these landmarks, which are of the same video
    animate: Callable[[AnnotatedFrame, FloatArray], Picture]
    # `(source, driver's landmarks [F, 478, 3], its neutral ones [478, 3])`; the source takes the motion since then
    transfer: Callable[[AnnotatedFrame, FloatArray, FloatArray], Picture]
    timed: bool = True  # whether its time is reported


class AnimationMethods:
    """Baselines, and the generators in the `generator_NAME` folders of `models`.

    Attributes:
        generators: by name, the largest last: `slim_128`, `slim_256`, ...
        left_out: a sentence for each folder that cannot be used.
    """

    def __init__(self, models: Path, device: str = "cpu") -> None:
        self._device = device
        self._regions = FaceRegions()
        self.left_out: list[str] = []
        generators: dict[str, Generator] = {}
        for folder in sorted(models.glob(f"{PREFIX}*")):
            name = folder.name.removeprefix(PREFIX)
            try:
                generators[name] = Generator.load(folder)
            except ModelError as error:
                self.left_out.append(f"{name}: {error.message}")
                continue
            if (count := generators[name].config.keypoints) != self._regions.count:
                self.left_out.append(f"{name} is made for {count} keypoints.")
                del generators[name]
        self.generators = dict(sorted(generators.items(), key=_size_order))

    def build(self, names: Sequence[str] = ()) -> dict[str, AnimationMethod]:
        """Make methods by name, all by default; copy_source, the reference, is always among them.

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
        return {name: self._build(name) for name in there if name in wanted}

    @property
    def warped_by(self) -> str | None:
        """Name of the generator whose motion `warp` shows: the largest."""
        return next(reversed(self.generators), None)

    def keypoints(self, landmarks: FloatArray) -> Keypoints:
        """Landmarks `[..., 478, 3]` -> keypoints `[..., N]`."""
        found: Keypoints = self._regions(torch.from_numpy(np.ascontiguousarray(landmarks, np.float32)))
        return found

    def engine(self, name: str) -> TorchEngine:
        """Return the engine that renders by a generator."""
        return TorchEngine(self.generators[name], self._device)

    def alpha(self, name: str, source: AnnotatedFrame, driving: FloatArray) -> Tensor:
        """Return the share of the source's own pixels in one rendered frame.

        Args:
            name: of the generator.
            source: the animated frame.
            driving: landmarks `[478, 3]`.

        Returns:
            `[n, n]` in [0, 1], where n is the network's size.
        """
        generator = self.generators[name]
        with torch.inference_mode():
            portrait = generator.encode(to_tensor(source.picture)[None], self.keypoints(source.landmarks)[None])
            return generator(portrait, self.keypoints(driving)[None]).alpha[0, 0]

    def _build(self, name: str) -> AnimationMethod:
        if name == "copy_source":
            return AnimationMethod(_copy, lambda source, driving, _: _copy(source, driving), timed=False)
        if name == "mesh_warp":
            return AnimationMethod(_mesh_warp, _mesh_transfer)
        render = self._warped if name == "warp" else self._rendered(name)

        def animate(source: AnnotatedFrame, landmarks: FloatArray) -> Picture:
            return render(source, self.keypoints(source.landmarks), self.keypoints(landmarks))

        def transfer(source: AnnotatedFrame, driving: FloatArray, reference: FloatArray) -> Picture:
            own = self.keypoints(source.landmarks)
            return render(source, own, transfer_motion(own, self.keypoints(driving), self.keypoints(reference)))

        return AnimationMethod(animate, transfer)

    def _rendered(self, name: str) -> Render:
        engine = self.engine(name)
        return lambda source, own, driving: engine.render(engine.encode(source.picture, own), driving, SIZE)

    def _warped(self, source: AnnotatedFrame, own: Keypoints, driving: Keypoints) -> Picture:
        generator = self.generators[self.warped_by or ""]
        with torch.inference_mode():
            portrait = generator.encode(to_tensor(source.picture)[None], own[None]).repeat(len(driving.value))
            condition = generator.condition(portrait.keypoints, driving)
            flow, _ = generator.dense_motion(portrait.small, portrait.keypoints, driving, condition)
            return to_pictures(warp(portrait.picture, resize_flow(flow, SIZE, SIZE)))


def _size_order(item: tuple[str, Generator]) -> tuple[int, bool, str]:
    """Order by size, a full generator after a slim one."""
    name, generator = item
    return generator.config.size, not name.startswith("slim"), name


def _copy(source: AnnotatedFrame, landmarks: FloatArray) -> Picture:
    return np.repeat(source.picture[None], len(landmarks), 0)


def _mesh_warp(source: AnnotatedFrame, landmarks: FloatArray) -> Picture:
    picture = to_tensor(source.picture)[None]
    return to_pictures(torch.cat([warp(picture, mesh_flow(source.landmarks, face, SIZE)[None]) for face in landmarks]))


def _mesh_transfer(source: AnnotatedFrame, driving: FloatArray, reference: FloatArray) -> Picture:
    """Move the source's landmarks as the driver's moved, rotated and scaled by the alignment of the neutral faces."""
    moved = (driving - reference)[..., :2] @ similarity(reference, source.landmarks).T
    return _mesh_warp(source, (source.landmarks[:, :2] + moved).astype(np.float32))
