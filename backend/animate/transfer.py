"""Keypoints of the driver -> keypoints that the portrait should take (First Order Motion Model, section 3.3)."""

from __future__ import annotations

import torch
from torch import Tensor

from backend.core.types import Keypoints


def inverse_2x2(matrix: Tensor) -> Tensor:
    """Closed-form inverse of `[..., 2, 2]` (it exports to ONNX, `torch.linalg.inv` does not).

    The determinant keeps its sign and is kept 1e-4 away from 0, so a degenerate Jacobian gives a large map, not NaN.
    """
    a, b, c, d = matrix[..., 0, 0], matrix[..., 0, 1], matrix[..., 1, 0], matrix[..., 1, 1]
    determinant = a * d - b * c
    determinant = torch.where(determinant < 0, determinant.clamp(max=-1e-4), determinant.clamp(min=1e-4))
    adjugate = torch.stack([torch.stack([d, -b], -1), torch.stack([-c, a], -1)], -2)
    return adjugate / determinant[..., None, None]


def product_2x2(left: Tensor, right: Tensor) -> Tensor:
    """`left @ right` for `[..., 2, 2]`, element by element: autocast would round a matmul's positions to bfloat16."""
    return (left[..., :, :, None] * right[..., None, :, :]).sum(-2)


def spread(keypoints: Keypoints) -> Tensor:
    """Size of a face: root mean square distance of its keypoints from their centre, `[...]` in crop units."""
    centred = keypoints.value - keypoints.value.mean(-2, keepdim=True)
    return centred.square().sum(-1).mean(-1).sqrt()


def tilt(source: Keypoints, reference: Keypoints) -> Tensor:
    """The rotation `[..., 2, 2]` that brings one face's keypoints nearest to another's (Procrustes, closed form)."""
    a, b = (face.value - face.value.mean(-2, keepdim=True) for face in (source, reference))
    cos = (a * b).sum((-1, -2))
    sin = (b[..., 0] * a[..., 1] - b[..., 1] * a[..., 0]).sum(-1)
    length = (cos.square() + sin.square()).sqrt().clamp(min=1e-6)
    cos, sin = cos / length, sin / length
    return torch.stack([torch.stack([cos, -sin], -1), torch.stack([sin, cos], -1)], -2)


def relative(
    source: Keypoints,
    driving: Keypoints,
    reference: Keypoints,
    scale: Tensor | float | None = None,
    turn: Tensor | None = None,
) -> Keypoints:
    """Move the portrait by what changed since the reference frame, as far and in the direction that its own face stands.

    `kp = kp_s + s R (kp_d - kp_ref)` and `J = R J_d J_ref^-1 R^-1 J_s`, where R turns the driver's neutral face as the
    portrait's is turned: in a tilted head the mouth opens along the head, not along the picture.

    Args:
        source: the portrait's keypoints, `[..., N]` leading axes broadcast.
        driving: the driver's keypoints now.
        reference: the driver's keypoints at the neutral moment.
        scale: s; by default the ratio of the two faces' sizes, so that a large face on camera does not throw a small one.
        turn: R, `[..., 2, 2]`; by default the two faces' `tilt`. The identity is the First Order Motion Model's own rule.
    """
    if scale is None:
        scale = spread(source) / spread(reference)
    if isinstance(scale, Tensor):
        scale = scale[..., None, None]
    turn = (tilt(source, reference) if turn is None else turn)[..., None, :, :]
    moved = (turn * (driving.value - reference.value)[..., None, :]).sum(-1)
    change = product_2x2(driving.jacobian, inverse_2x2(reference.jacobian))
    jacobian = product_2x2(product_2x2(product_2x2(turn, change), turn.mT), source.jacobian)
    value = source.value + scale * moved
    return Keypoints(value, jacobian.expand(*value.shape, 2))
