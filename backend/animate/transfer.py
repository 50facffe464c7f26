"""Keypoints of the driver -> keypoints that the portrait should take (First Order Motion Model, section 3.3)."""

from __future__ import annotations

import torch
from torch import Tensor

from backend.types import Keypoints


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


def relative(source: Keypoints, driving: Keypoints, reference: Keypoints, scale: Tensor | float | None = None) -> Keypoints:
    """Move the portrait by what changed since the reference frame.

    `kp = kp_s + s (kp_d - kp_ref)` and `J = J_d J_ref^-1 J_s`.

    Args:
        source: the portrait's keypoints, `[..., N]` leading axes broadcast.
        driving: the driver's keypoints now.
        reference: the driver's keypoints at the neutral moment.
        scale: s; by default the ratio of the two faces' sizes, so that a large face on camera does not throw a small one.
    """
    if scale is None:
        scale = spread(source) / spread(reference)
    if isinstance(scale, Tensor):
        scale = scale[..., None, None]
    value = source.value + scale * (driving.value - reference.value)
    jacobian = product_2x2(product_2x2(driving.jacobian, inverse_2x2(reference.jacobian)), source.jacobian)
    return Keypoints(value, jacobian.expand(*value.shape, 2))
