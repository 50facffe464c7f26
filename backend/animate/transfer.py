"""Relative motion transfer: keypoints of the driver -> keypoints of the portrait (First Order Motion Model, section 3.3)."""

from __future__ import annotations

import torch
from torch import Tensor

from backend.core.types import Keypoints


def inverse_2x2(matrix: Tensor) -> Tensor:
    """Return the inverse of `[..., 2, 2]` in closed form (unlike `torch.linalg.inv`, it exports to ONNX).

    The determinant's magnitude is at least 1e-4, so a degenerate Jacobian gives a large map instead of NaN.
    """
    a, b, c, d = matrix[..., 0, 0], matrix[..., 0, 1], matrix[..., 1, 0], matrix[..., 1, 1]
    determinant = a * d - b * c
    determinant = torch.where(determinant < 0, determinant.clamp(max=-1e-4), determinant.clamp(min=1e-4))
    adjugate = torch.stack([torch.stack([d, -b], -1), torch.stack([-c, a], -1)], -2)
    return adjugate / determinant[..., None, None]


def product_2x2(left: Tensor, right: Tensor) -> Tensor:
    """Return `left @ right` for `[..., 2, 2]`; autocast would round a matmul to bfloat16, and a sum of two is slow."""
    return left[..., :1] * right[..., :1, :] + left[..., 1:] * right[..., 1:, :]


def face_scale(keypoints: Keypoints) -> Tensor:
    """Return the root mean square distance of a face's keypoints from their centre, `[...]` in crop units."""
    centred = keypoints.value - keypoints.value.mean(-2, keepdim=True)
    return centred.square().sum(-1).mean(-1).sqrt()


def face_rotation(source: Keypoints, reference: Keypoints) -> Tensor:
    """Return the rotation `[..., 2, 2]` that aligns the reference's keypoints with the source's (Procrustes, closed form)."""
    a, b = (face.value - face.value.mean(-2, keepdim=True) for face in (source, reference))
    cos = (a * b).sum((-1, -2))
    sin = (b[..., 0] * a[..., 1] - b[..., 1] * a[..., 0]).sum(-1)
    length = (cos.square() + sin.square()).sqrt().clamp(min=1e-6)
    cos, sin = cos / length, sin / length
    return torch.stack([torch.stack([cos, -sin], -1), torch.stack([sin, cos], -1)], -2)


def transfer_motion(
    source: Keypoints,
    driving: Keypoints,
    reference: Keypoints,
    scale: Tensor | float | None = None,
    rotation: Tensor | None = None,
) -> Keypoints:
    """Add the driver's motion since the reference frame to the portrait's keypoints.

    `kp = kp_s + s R (kp_d - kp_ref)` and `J = R J_d J_ref^-1 R^-1 J_s`, where R rotates the reference face to the portrait's:
    in a rotated head the mouth opens along the head's axis, not along the picture's.

    Args:
        source: the portrait's keypoints `[..., N]`; leading axes broadcast.
        driving: the driver's keypoints.
        reference: the driver's keypoints in the reference frame.
        scale: s; by default the ratio of the faces' scales, so that a large face on camera does not move a small one too far.
        rotation: R `[..., 2, 2]`; by default `face_rotation`. The First Order Motion Model uses the identity.
    """
    rotation = face_rotation(source, reference) if rotation is None else rotation
    value = transfer_positions(source, driving, reference, scale, rotation)
    rotation = rotation[..., None, :, :]
    change = product_2x2(driving.jacobian, inverse_2x2(reference.jacobian))
    jacobian = product_2x2(product_2x2(product_2x2(rotation, change), rotation.mT), source.jacobian)
    return Keypoints(value, jacobian.expand(*value.shape, 2))


def transfer_positions(
    source: Keypoints,
    driving: Keypoints,
    reference: Keypoints,
    scale: Tensor | float | None = None,
    rotation: Tensor | None = None,
) -> Tensor:
    """Return only the positions `[..., N, 2]` that `transfer_motion` gives, which costs a fifth.

    Args:
        source: the portrait's keypoints `[..., N]`; leading axes broadcast.
        driving: the driver's keypoints.
        reference: the driver's keypoints in the reference frame.
        scale: as there.
        rotation: as there.
    """
    if scale is None:
        scale = face_scale(source) / face_scale(reference)
    if isinstance(scale, Tensor):
        scale = scale[..., None, None]
    rotation = (face_rotation(source, reference) if rotation is None else rotation)[..., None, :, :]
    moved = (rotation * (driving.value - reference.value)[..., None, :]).sum(-1)
    return source.value + scale * moved
