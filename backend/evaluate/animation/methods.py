"""The animation methods that are compared, by name."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from backend.animate.compose import resize_flow, warp
from backend.animate.generator import Generator
from backend.animate.mesh_warp import mesh_flow
from backend.animate.transfer import transfer_motion
from backend.core.errors import InputError
from backend.core.pixels import to_pictures, to_tensor
from backend.core.types import FloatArray, Keypoints, Picture
from backend.evaluate.animation.clips import AnnotatedFrame
from backend.evaluate.animation.faces import similarity
from backend.evaluate.common.notes import note_failure
from backend.evaluate.common.videos import SIZE
from backend.keypoints.regions import FaceRegions
from backend.runtime.engine import TorchEngine

BASELINES = ("copy_source", "warp", "mesh_warp")

PREFIX = "generator_"


AnimationMethod = Callable[[AnnotatedFrame, FloatArray, FloatArray | None], Picture]
"""`(source, driving landmarks [F, 478, 3], the driver's neutral ones [478, 3]) -> [F, 256, 256, 3]`: the source follows the
driver's motion since the neutral frame. Without one it takes the driving landmarks, which are of the same video."""


class AnimationMethods:
    """Baselines, and the generators in the `generator_NAME` folders of `models`."""

    def __init__(self, models: Path, device: str = "cpu") -> None:
        self._device = device
        self._regions = FaceRegions()
        self.left_out: list[str] = []  # a sentence for each folder that cannot be used
        generators: dict[str, Generator] = {}
        for folder in sorted(models.glob(f"{PREFIX}*")):
            name = folder.name.removeprefix(PREFIX)
            with note_failure(self.left_out, name):
                generator = Generator.load(folder)
                if (count := generator.config.keypoints) == self._regions.count:
                    generators[name] = generator
                else:
                    self.left_out.append(f"{name} is made for {count} keypoints.")
        # By size, a full generator after a slim one.
        by_size = sorted(generators, key=lambda name: (generators[name].config.size, not name.startswith("slim"), name))
        self.generators = {name: generators[name] for name in by_size}  # the largest last: `slim_128`, `slim_256`, ...

    def build(self, names: Sequence[str] = ()) -> dict[str, AnimationMethod]:
        """Make methods by name, all by default, and always copy_source, the reference; raises `method_unknown`."""
        there = [*(name for name in BASELINES if name != "warp" or self.generators), *self.generators]
        for name in names:
            if name not in there:
                raise InputError("method_unknown", f"There is no method {name}.", f"There are {', '.join(there)}.")
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
        """Return the share of the source's own pixels in one rendered frame, `[n, n]` in [0, 1] at the network's size n.

        Args:
            name: of the generator.
            source: the animated frame.
            driving: landmarks `[478, 3]`.
        """
        generator = self.generators[name]
        with torch.inference_mode():
            portrait = generator.encode(to_tensor(source.picture)[None], self.keypoints(source.landmarks)[None])
            return generator(portrait, self.keypoints(driving)[None]).blended[0][0, 0]

    def _build(self, name: str) -> AnimationMethod:
        if name == "copy_source":
            return _copy
        if name == "mesh_warp":
            return _mesh_warp
        engine = None if name == "warp" else self.engine(name)

        def animate(source: AnnotatedFrame, landmarks: FloatArray, neutral: FloatArray | None) -> Picture:
            own, driving = self.keypoints(source.landmarks), self.keypoints(landmarks)
            if neutral is not None:
                driving = transfer_motion(own, driving, self.keypoints(neutral))
            if engine is None:
                return self._warped(source, own, driving)
            return engine.render(engine.encode(source.picture, own), driving, SIZE)

        return animate

    def _warped(self, source: AnnotatedFrame, own: Keypoints, driving: Keypoints) -> Picture:
        """Warp the source by the largest generator's dense motion, without occlusion and inpainting."""
        generator = self.generators[self.warped_by or ""]
        with torch.inference_mode():
            portrait = generator.encode(to_tensor(source.picture)[None], own[None]).repeat(len(driving.value))
            condition = generator.condition(portrait.keypoints, driving)
            flow, _ = generator.dense_motion(portrait.small, portrait.keypoints, driving, condition)
            return to_pictures(warp(portrait.picture, resize_flow(flow, SIZE, SIZE)))


def _copy(source: AnnotatedFrame, landmarks: FloatArray, _: FloatArray | None) -> Picture:
    return np.repeat(source.picture[None], len(landmarks), 0)


def _mesh_warp(source: AnnotatedFrame, landmarks: FloatArray, neutral: FloatArray | None) -> Picture:
    """Warp the face mesh; a driver's motion is rotated and scaled by the alignment of the neutral faces."""
    if neutral is not None:
        motion = (landmarks - neutral)[..., :2] @ similarity(neutral, source.landmarks).T
        landmarks = (source.landmarks[:, :2] + motion).astype(np.float32)
    picture = to_tensor(source.picture)[None]
    return to_pictures(torch.cat([warp(picture, mesh_flow(source.landmarks, face, SIZE)[None]) for face in landmarks]))
