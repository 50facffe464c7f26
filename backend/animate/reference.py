"""Chooses the reference: the driving frame most like the portrait.

Motion transfer adds the driver's motion since the reference to the portrait, so any difference in expression between the two
appears in every frame: with a smiling reference, a straight mouth becomes a pout. The frame most like the portrait is the
"best frame" of the First Order Motion Model's demo.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from backend.core.types import Keypoints

SHAPE_WEIGHT = 0.3
"""Weight of Jacobians relative to positions: the size of a region on the canonical face."""

HALF_LIKENESS = 0.05
"""Distance over the face's size at which likeness is 1/2: about an open mouth, or a turn by 15 degrees."""

SEARCH_STEPS = 38
"""Clock steps (three seconds) in which a live driver's reference is searched for."""

EASING = 0.12
"""Share of the distance to a better reference covered in one step (half in 0.4 s), so that the picture does not jump."""

EASING_STEPS = 40
"""Steps of easing after the search; 0.88^40 = 0.006 of the distance remains."""


def likeness(portrait: Keypoints, driving: Keypoints) -> Tensor:
    """Compare faces `[..., N]` with a portrait `[N]`: `[...]` in (0, 1], where 1 is the same pose and expression.

    Each face is first aligned by the similarity that fits its keypoints best in least squares (one complex factor, with points
    as complex numbers). The residual of positions and Jacobians is d, and likeness is 1 / (1 + (d / HALF_LIKENESS)^2).
    """
    target, moved = _centred(portrait.value), _centred(driving.value)
    size = target.abs().square().mean().sqrt()
    factor = (moved.conj() * target).sum(-1) / moved.abs().square().sum(-1).clamp_min(1e-12)
    place = (moved * factor[..., None] - target).abs().square().mean(-1)
    turn = torch.stack([factor.real, -factor.imag, factor.imag, factor.real], -1).unflatten(-1, (2, 2))
    shape = (turn[..., None, :, :] @ driving.jacobian - portrait.jacobian).square().sum((-1, -2)).mean(-1)
    squared: Tensor = (place + SHAPE_WEIGHT**2 * shape) / size**2
    return 1 / (1 + squared / HALF_LIKENESS**2)


def _centred(value: Tensor) -> Tensor:
    """Return points `[..., N, 2]` minus their mean as complex numbers `[..., N]`."""
    points = torch.view_as_complex(value.contiguous())
    return points - points.mean(-1, keepdim=True)


@dataclass
class ReferenceTracker:
    """Tracks the reference of a live driver: it eases towards the best frame so far, then stays fixed.

    Attributes:
        steps: seen so far.
        best, target: likeness and keypoints `[N]` of the best frame so far, on the keypoints' device.
    """

    steps: int = 0
    best: Tensor | None = None
    target: Keypoints | None = None

    @property
    def done(self) -> bool:
        """Whether the reference is fixed from now on."""
        return self.steps >= SEARCH_STEPS + EASING_STEPS

    def update(self, portrait: Keypoints, driving: Keypoints, reference: Keypoints) -> Keypoints:
        """Process one step and return the new reference `[N]`.

        Args:
            portrait: keypoints `[N]` of the portrait.
            driving: keypoints `[N]` of the driver at this step.
            reference: the reference `[N]` so far.
        """
        if self.target is None or self.best is None:
            self.best, self.target = torch.zeros_like(reference.value[0, 0]), reference
        if self.steps < SEARCH_STEPS:
            alike = likeness(portrait, driving)
            better = alike > self.best  # A tensor, so that no one waits for the device.
            self.best = torch.where(better, alike, self.best)
            self.target = Keypoints.from_flat(torch.where(better, driving.flat(), self.target.flat()))
        self.steps += 1
        return Keypoints.from_flat(torch.lerp(reference.flat(), self.target.flat(), EASING))
