"""Pseudo-keypoints for hair, neck and shoulders, regressed from the keypoints of the face."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from backend.core.types import Keypoints

REST_POSITIONS = ((0.0, -2.2), (1.6, -1.2), (-1.6, -1.2), (0.0, 2.2), (1.8, 3.0), (-1.8, 3.0))
"""Initial positions relative to the face's centre, in units of its scale: crown, hair on both sides, neck, shoulders."""

MAX_OFFSET = 0.8
"""Largest change of a position or Jacobian entry with the face's pose, in the same units."""


class PseudoKeypoints(nn.Module):
    """Regresses six more keypoints from those of a face, with the same weights for portrait and driver.

    The affine maps of the face do not extend to hair and shoulders, which lie at another depth and follow the head only in
    part. The dense motion network treats pseudo-keypoints as measured ones (FOMM, eq. 4).
    """

    def __init__(self, keypoints: int, hidden: int = 64) -> None:
        super().__init__()
        self.rest_position = nn.Parameter(torch.tensor(REST_POSITIONS))
        self.translation_share = nn.Parameter(torch.tensor([1.0, 1.0, 1.0, 0.7, 0.4, 0.4]))  # Of the head's translation.
        self.in_proj = nn.Linear(6 * keypoints, hidden)
        self.out_proj = nn.Linear(hidden, 6 * len(REST_POSITIONS))
        nn.init.zeros_(self.out_proj.weight)
        nn.init.zeros_(self.out_proj.bias)

    def forward(self, face: Keypoints) -> Keypoints:
        """`[F, N]` -> `[F, 6]`; positions are computed in float32 even where convolutions run in less."""
        with torch.autocast(face.value.device.type, enabled=False):
            scale = face.jacobian.square().sum((-1, -2)).mean(-1).div(2).sqrt()[:, None, None]
            centre = face.value.mean(1, keepdim=True)
            pose = Keypoints((face.value - centre) / scale, face.jacobian / scale[..., None]).flat()
            out = _linear(self.out_proj, _linear(self.in_proj, pose).relu())
            moved = Keypoints.from_flat(MAX_OFFSET * out.tanh())
            value = self.translation_share.float()[:, None] * centre + scale * (self.rest_position.float() + moved.value)
            jacobian = scale[..., None] * (torch.eye(2, device=value.device) + moved.jacobian)
        return Keypoints(value, jacobian)


def _linear(layer: nn.Linear, x: Tensor) -> Tensor:
    return F.linear(x, layer.weight.float(), layer.bias.float())
