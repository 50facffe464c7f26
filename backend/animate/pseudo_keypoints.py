"""Keypoints that nothing measures: hair, neck and shoulders, which follow the face in part."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from backend.core.types import Keypoints

PLACES = ((0.0, -2.2), (1.6, -1.2), (-1.6, -1.2), (0.0, 2.2), (1.8, 3.0), (-1.8, 3.0))
"""Where companions begin, in units of the face's own scale from its centre: crown, hair at both sides, neck, shoulders."""

REACH = 0.8
"""Furthest that the face's pose may move a companion or bend its Jacobian, in the same units."""


class Companions(nn.Module):
    """Regresses further keypoints from those of the face, the same way for portrait and driver.

    A face's own affine maps, extended to the hair or the shoulders, are wrong as soon as the head turns: what lies at another
    depth moves otherwise, and a body follows in part. Their motion between portrait and driver enters the dense motion
    network beside the measured ones (as a keypoint's does, FOMM eq. 4).

    Args:
        keypoints: N.
        hidden: width of the regressor.
    """

    def __init__(self, keypoints: int, hidden: int = 64) -> None:
        super().__init__()
        self.place = nn.Parameter(torch.tensor(PLACES))
        # Share of the head's translation that each takes part in.
        self.follow = nn.Parameter(torch.tensor([1.0, 1.0, 1.0, 0.7, 0.4, 0.4]))
        self.enter = nn.Linear(6 * keypoints, hidden)
        self.exit = nn.Linear(hidden, 6 * len(PLACES))
        nn.init.zeros_(self.exit.weight)
        nn.init.zeros_(self.exit.bias)

    def forward(self, face: Keypoints) -> Keypoints:
        """`[F, N]` -> `[F, 6]`, in float32 whatever the convolutions run in: these are positions."""
        with torch.autocast(face.value.device.type, enabled=False):
            scale = face.jacobian.square().sum((-1, -2)).mean(-1).div(2).sqrt()[:, None, None]
            centre = face.value.mean(1, keepdim=True)
            pose = Keypoints((face.value - centre) / scale, face.jacobian / scale[..., None]).flat()
            out = _linear(self.exit, _linear(self.enter, pose).relu())
            moved = Keypoints.from_flat(REACH * out.tanh())
            value = self.follow.float()[:, None] * centre + scale * (self.place.float() + moved.value)
            jacobian = scale[..., None] * (torch.eye(2, device=value.device) + moved.jacobian)
        return Keypoints(value, jacobian)


def _linear(layer: nn.Linear, x: Tensor) -> Tensor:
    return F.linear(x, layer.weight.float(), layer.bias.float())
