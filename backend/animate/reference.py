"""The driver's neutral moment: the frame in which they look most like the portrait.

Relative transfer adds the driver's motion since a reference frame to the portrait. Where the two do not show the same pose and
expression, that difference is in every frame: a smile in the reference makes every straight mouth a pout. As in the "best
frame" of the First Order Motion Model's demo, the frame most like the portrait is therefore the best reference.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from backend.core.types import Keypoints

SHAPE = 0.3
"""Weight of a keypoint's local shape against its place: regions are about this large on the canonical face."""

HALF = 0.05
"""Distance, over the face's size, at which likeness has fallen to one half: about an open mouth, or a turn by 15 degrees."""

SETTLE = 38
"""Clock steps, three seconds, among which a live driver's reference is looked for."""

EASE = 0.12
"""Share of the way to a better reference that is gone in one step: half of it takes 0.4 s, so the picture never jumps."""

REST = 40
"""Steps after the search until the last one is as good as reached (0.88^40 = 0.006)."""


def likeness(portrait: Keypoints, driving: Keypoints) -> Tensor:
    """How alike poses and expressions are, whatever the face's place, size and tilt in the picture.

    Every driving face is brought onto the portrait by the similarity (shift, turn, scale) that fits its keypoints best (in
    the least-squares sense; with points as complex numbers, one complex factor). What remains, in places and local shapes,
    is the distance d; likeness is 1 / (1 + (d / HALF)^2).

    Args:
        portrait: keypoints `[N]`.
        driving: keypoints `[..., N]`.

    Returns:
        Likeness `[...]` in (0, 1], 1 for the portrait's own pose and expression.
    """
    target, moved = _centred(portrait.value), _centred(driving.value)
    size = target.abs().square().mean().sqrt()
    factor = (moved.conj() * target).sum(-1) / moved.abs().square().sum(-1).clamp_min(1e-12)
    place = (moved * factor[..., None] - target).abs().square().mean(-1)
    turn = torch.stack([factor.real, -factor.imag, factor.imag, factor.real], -1).unflatten(-1, (2, 2))
    shape = (turn[..., None, :, :] @ driving.jacobian - portrait.jacobian).square().sum((-1, -2)).mean(-1)
    squared: Tensor = (place + SHAPE**2 * shape) / size**2
    return 1 / (1 + squared / HALF**2)


def _centred(value: Tensor) -> Tensor:
    """Points `[..., N, 2]` as complex numbers `[..., N]` around their mean."""
    points = torch.view_as_complex(value.contiguous())
    return points - points.mean(-1, keepdim=True)


@dataclass
class Settling:
    """The reference of a live driver, whose best frame is not known beforehand: it eases to ever better ones, then stays.

    Attributes:
        steps: seen so far.
        best: likeness of the best frame so far.
        wanted: its keypoints `[N]`.
    """

    steps: int = 0
    best: float = 0.0
    wanted: Keypoints | None = None

    @property
    def done(self) -> bool:
        """Whether the reference moves no more."""
        return self.steps >= SETTLE + REST

    def see(self, portrait: Keypoints, driving: Keypoints, reference: Keypoints) -> Keypoints:
        """Take in a step and return the reference from now on.

        Args:
            portrait: keypoints `[N]` of the portrait in use.
            driving: the driver's, now.
            reference: what was referred to until now.
        """
        if self.steps < SETTLE and (alike := float(likeness(portrait, driving))) > self.best:
            self.best, self.wanted = alike, driving
        self.steps += 1
        if self.wanted is None:
            return reference
        return Keypoints.from_flat(torch.lerp(reference.flat(), self.wanted.flat(), EASE))
