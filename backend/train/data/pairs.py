"""Training pairs for the generator: two frames of one person, with the same augmentation."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import chain

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from backend.animate.compose import identity_grid
from backend.core.types import FloatArray, Keypoints
from backend.keypoints.regions import FaceRegions
from backend.train.data.pack import Pack

EYES_AND_LIPS = ("right_eye", "left_eye", "upper_lip", "lower_lip")


@dataclass(frozen=True)
class Pairs:
    """Pictures `[B, 3, n, n]` in [0, 1], keypoints `[B, N]`, loss weights `[B, 1, n, n]`, 1 to 9 at lips and lids."""

    source: Tensor
    driving: Tensor
    source_keypoints: Keypoints
    driving_keypoints: Keypoints
    weight: Tensor

    def to(self, device: str) -> Pairs:
        """Move all tensors."""
        return Pairs(*(getattr(self, name).to(device) for name in vars(self)))

    def __getitem__(self, index: slice | Tensor) -> Pairs:
        """Take some of the pairs."""
        return Pairs(*(getattr(self, name)[index] for name in vars(self)))


class PairSampler:
    """Samples pairs from a pack, every person equally often; of the held-out people or of the others.

    `size` is the side of the pictures, 128 or 256.
    """

    def __init__(self, pack: Pack, size: int, *, held_out: bool = False) -> None:
        self._pack, self._size = pack, size
        self._regions = FaceRegions()
        # indices of the keypoints of eyes and lips
        self.detail_index = [self._regions.names.index(name) for name in EYES_AND_LIPS]
        self._clips = pack.clips(held_out, min_frames=8)
        self._people = sorted(self._clips)
        self._expression = _expression(pack.landmarks)

    def sample(self, batch: int, generator: np.random.Generator) -> Pairs:
        """Sample an augmented batch: 40 % at random, 30 % chosen for large motion, 30 % for a large change of lips or lids."""
        return self._augment(self._load([self._pair(generator) for _ in range(batch)]), generator)

    def first_frames(self, per_clip: int) -> Pairs:
        """Return pairs without augmentation: each clip's first frame with `per_clip` evenly spaced later ones."""
        chosen = []
        for frames in chain.from_iterable(self._clips.values()):
            later = np.linspace(0, len(frames) - 1, per_clip + 1).astype(int)[1:]
            chosen += [(frames[0], frames[i]) for i in later]
        return self._load(chosen)

    def _pair(self, generator: np.random.Generator) -> tuple[int, int]:
        clips = self._clips[self._people[generator.integers(len(self._people))]]
        frames = clips[generator.choice(len(clips), p=np.array([len(c) for c in clips]) / sum(len(c) for c in clips))]
        source = frames[generator.integers(len(frames))]
        kind = generator.random()
        candidates = frames[generator.integers(len(frames), size=1 if kind < 0.4 else 5)]
        if kind < 0.7:
            points = self._pack.landmarks[:, ::8, :2]
            change = np.abs(points[candidates] - points[source]).mean((1, 2))
        else:
            change = np.abs(self._expression[candidates] - self._expression[source]).sum(1)
        return int(source), int(candidates[change.argmax()])

    def _load(self, chosen: list[tuple[int, int]]) -> Pairs:
        frames = [frame for pair in zip(*chosen, strict=True) for frame in pair]
        pixels = self._pack.pictures(frames, self._size)
        keypoints = self._regions(torch.from_numpy(self._pack.landmarks[frames]))
        half = len(chosen)
        return self._weighted(pixels[:half], pixels[half:], keypoints[:half], keypoints[half:])

    def _weighted(self, source: Tensor, driving: Tensor, source_keypoints: Keypoints, driving_keypoints: Keypoints) -> Pairs:
        x, y = identity_grid(self._size, self._size, source).unbind(-1)
        centres = driving_keypoints.value[:, self.detail_index]  # [B, 4, 2]
        size = driving_keypoints.jacobian[:, self.detail_index].square().sum((-1, -2)).div(2).sqrt()  # face scale there
        distance = (x - centres[..., 0, None, None]).square() / 1.6 + (y - centres[..., 1, None, None]).square()
        near = torch.exp(-distance / (2 * (0.4 * size[..., None, None]).square())).amax(1, keepdim=True)
        return Pairs(source, driving, source_keypoints, driving_keypoints, 1 + 8 * near)

    def _augment(self, pairs: Pairs, generator: np.random.Generator) -> Pairs:
        batch = len(pairs.source)
        both = torch.cat([pairs.source, pairs.driving])
        # The same colours for both frames of a pair: gain per channel and gamma, sometimes grey (drawings, old film).
        gain = _uniform(generator, (batch, 3, 1, 1), 0.8, 1.2).repeat(2, 1, 1, 1)
        gamma = _uniform(generator, (batch, 1, 1, 1), 0.75, 1.35).repeat(2, 1, 1, 1)
        both = (both.clamp(min=1e-4) ** gamma * gain).clamp(0, 1)
        grey = torch.from_numpy(generator.random((batch, 1, 1, 1)) < 0.1).repeat(2, 1, 1, 1)
        both = torch.where(grey, both.mean(1, keepdim=True).expand_as(both), both)
        # One similarity transform for both, and a mirror for half of the pairs.
        angle, zoom = _uniform(generator, (batch,), -0.2, 0.2), _uniform(generator, (batch,), 0.8, 1.2)
        shift = _uniform(generator, (batch, 2), -0.1, 0.1)
        rotation = torch.stack([torch.stack([angle.cos(), -angle.sin()], -1), torch.stack([angle.sin(), angle.cos()], -1)], -2)
        linear = (rotation * zoom[:, None, None]).repeat(2, 1, 1)
        shift = shift.repeat(2, 1)
        inverse = torch.linalg.inv(linear)
        theta = torch.cat([inverse, -(inverse @ shift[..., None])], -1)
        grid = F.affine_grid(theta, list(both.shape), align_corners=False)
        both = F.grid_sample(both, grid, padding_mode="reflection", align_corners=False)
        value = torch.cat([pairs.source_keypoints.value, pairs.driving_keypoints.value])
        jacobian = torch.cat([pairs.source_keypoints.jacobian, pairs.driving_keypoints.jacobian])
        moved = Keypoints(value @ linear.mT + shift[:, None], linear[:, None] @ jacobian)
        mirrored = torch.from_numpy(generator.random(batch) < 0.5).repeat(2)
        both = torch.where(mirrored[:, None, None, None], both.flip(-1), both)
        flat = torch.where(mirrored[:, None], self._regions.mirror(moved.flat()), moved.flat())
        moved = Keypoints.from_flat(flat)
        return self._weighted(both[:batch], both[batch:], moved[:batch], moved[batch:])


def _uniform(generator: np.random.Generator, shape: tuple[int, ...], low: float, high: float) -> Tensor:
    return torch.from_numpy(generator.uniform(low, high, shape)).float()


def _expression(landmarks: FloatArray) -> FloatArray:
    """Return the opening of lips and lids, `[F, 3]`, in standard deviations over the data."""
    gaps = [(13, 14), (159, 145), (386, 374)]  # inner lips, right lids, left lids
    face = np.linalg.norm(landmarks[:, 10, :2] - landmarks[:, 152, :2], axis=-1)
    open_ = np.stack([np.linalg.norm(landmarks[:, a, :2] - landmarks[:, b, :2], axis=-1) / face for a, b in gaps], -1)
    standardised: FloatArray = open_ / open_.std(0)
    return standardised
