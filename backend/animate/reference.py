"""Chooses the reference: the driving frame most like the portrait.

Motion transfer adds the driver's motion since the reference to the portrait, so any difference in expression between the two
appears in every frame: with a smiling reference, a straight mouth becomes a pout. The frame most like the portrait is the
"best frame" of the First Order Motion Model's demo.
"""

from __future__ import annotations

from collections.abc import Sequence
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
    """Compare faces `[..., N]` with portraits `[N]` or `[..., N]`: `[...]` in (0, 1], where 1 is the same pose and expression.

    Each face is first aligned by the similarity that fits its keypoints best in least squares (one complex factor, with points
    as complex numbers). The residual of positions and Jacobians is d, and likeness is 1 / (1 + (d / HALF_LIKENESS)^2).
    """
    target, moved = _centred(portrait.value), _centred(driving.value)
    size = target.abs().square().mean(-1).sqrt()
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
        best, target: likeness and flat keypoints `[6N]` of the best frame so far, on the keypoints' device.
    """

    steps: int = 0
    best: Tensor | None = None
    target: Tensor | None = None

    @property
    def done(self) -> bool:
        """Whether the reference is fixed from now on."""
        return self.steps >= SEARCH_STEPS + EASING_STEPS


def track_references(
    trackers: Sequence[ReferenceTracker], portrait: Keypoints, driving: Keypoints, reference: Keypoints
) -> Keypoints:
    """Process one step of B drivers, as one batch, and return their new references `[B, N]`.

    Args:
        trackers: of the drivers.
        portrait: keypoints `[B, N]` of the portraits.
        driving: keypoints `[B, N]` of the drivers at this step.
        reference: the references `[B, N]` so far.
    """
    flat_BD, alike_B = driving.flat(), likeness(portrait, driving)
    before_BD = reference.flat()
    best_B = torch.stack([alike_B.new_zeros(()) if tracker.best is None else tracker.best for tracker in trackers])
    target_BD = torch.stack(
        [before if tracker.target is None else tracker.target for tracker, before in zip(trackers, before_BD, strict=True)]
    )
    searching_B = torch.tensor([tracker.steps < SEARCH_STEPS for tracker in trackers], device=alike_B.device)
    better_B = (alike_B > best_B) & searching_B  # A tensor, so that no one waits for the device.
    best_B = torch.where(better_B, alike_B, best_B)
    target_BD = torch.where(better_B[:, None], flat_BD, target_BD)
    for tracker, best, target in zip(trackers, best_B.unbind(), target_BD.unbind(), strict=True):
        tracker.best, tracker.target, tracker.steps = best, target, tracker.steps + 1
    return Keypoints.from_flat(torch.lerp(before_BD, target_BD, EASING))
