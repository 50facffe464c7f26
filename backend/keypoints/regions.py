"""Converts Face Mesh landmarks to keypoints of ten face regions.

A keypoint's value is its region's centroid; its Jacobian is the least-squares 2x2 map from the canonical region to the
observed one. Both are linear in the landmarks, so the conversion is one matrix product.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from backend.core.types import LANDMARKS, Keypoints

# Face Mesh point indices; right and left are the person's own.
REGIONS: dict[str, list[int]] = {
    "right_brow": [46, 53, 52, 65, 55, 70, 63, 105, 66, 107],
    "left_brow": [276, 283, 282, 295, 285, 300, 293, 334, 296, 336],
    "right_eye": [33, 7, 163, 144, 145, 153, 154, 155, 133, 246, 161, 160, 159, 158, 157, 173],
    "left_eye": [263, 249, 390, 373, 374, 380, 381, 382, 362, 466, 388, 387, 386, 385, 384, 398],
    "nose": [168, 6, 197, 195, 5, 4, 1, 19, 94, 2, 98, 327, 129, 358, 48, 278],
    "upper_lip": [61, 185, 40, 39, 37, 0, 267, 269, 270, 409, 291, 78, 191, 80, 81, 82, 13, 312, 311, 310, 415, 308],
    "lower_lip": [61, 146, 91, 181, 84, 17, 314, 405, 321, 375, 291, 78, 95, 88, 178, 87, 14, 317, 402, 318, 324, 308],
    "chin": [152, 148, 176, 377, 400, 149, 378, 150, 379, 199, 200, 18, 175],
    "right_cheek": [127, 234, 93, 132, 58, 172, 136, 116, 123, 147, 213],
    "left_cheek": [356, 454, 323, 361, 288, 397, 365, 345, 352, 376, 433],
}

RIDGE = 0.05
"""Weight of the whole face's affine map in each region's fit, relative to the region's mean variance. It keeps the Jacobians of
thin regions (a closed eye, a brow) invertible, but damps their motion slightly."""

CANONICAL = Path(__file__).with_name("canonical_face.npy")


def affine_operator(
    canonical: NDArray[np.float64], weights: NDArray[np.float64], prior: NDArray[np.float64] | None
) -> NDArray[np.float64]:
    """Return the `[2, P]` operator A such that `(A @ points).T` is the least-squares map canonical -> points.

    It minimises sum_i w_i |J c_i - d_i|^2 + ridge |J - J_prior|^2 over J, where c (canonical) and d (observed) are centred by
    the weights.

    Args:
        canonical: `[P, 2]` points of the canonical face or body.
        weights: `[P]`, summing to 1.
        prior: the operator that gives J_prior, or None for an unregularised fit.
    """
    centring = np.eye(len(weights)) - np.outer(np.ones(len(weights)), weights)
    centred = centring @ canonical
    gram = centred.T @ (weights[:, None] * centred)
    ridge = 0.0 if prior is None else RIDGE * np.trace(gram) / 2
    right = centred.T @ (weights[:, None] * centring)
    if prior is not None:
        right = right + ridge * prior
    return np.linalg.solve(gram + ridge * np.eye(2), right)


class FaceRegions(nn.Module):
    """Linear map from landmarks to the keypoints of N = 10 face regions."""

    names: tuple[str, ...] = tuple(REGIONS)
    count = len(REGIONS)

    def __init__(self) -> None:
        super().__init__()
        canonical = np.load(CANONICAL).astype(np.float64)
        uniform = np.full(LANDMARKS, 1.0 / LANDMARKS)
        face = affine_operator(canonical, uniform, None)
        rows = []
        for indices in REGIONS.values():
            weights = np.zeros(LANDMARKS)
            weights[indices] = 1.0 / len(indices)
            affine = affine_operator(canonical, weights, face)
            # Rows act on x and y alike: centroid, then J's first and second column.
            rows.append(np.stack([weights, affine[0], affine[1]]))
        self.operator: Tensor
        self.register_buffer("operator", torch.tensor(np.concatenate(rows), dtype=torch.float32), persistent=False)
        self._swap: Tensor
        swap = torch.tensor([self.names.index(_mirrored(name)) for name in self.names])
        self.register_buffer("_swap", swap, persistent=False)

    def forward(self, landmarks: Tensor) -> Keypoints:
        """Convert landmarks `[..., 478, 2 or 3]`, x and y in [-1, 1] of the square crop, to `[..., 10]` keypoints."""
        moments = (self.operator @ landmarks[..., :2]).unflatten(-2, (self.count, 3))  # [..., N, 3, xy]
        return Keypoints(moments[..., 0, :], moments[..., 1:, :].transpose(-1, -2))

    def mirror(self, flat: Tensor) -> Tensor:
        """Flip flat keypoints `[..., 6N]` left to right: x changes sign and left and right regions change places."""
        sign = flat.new_tensor([-1, 1, 1, -1, -1, 1])
        return (flat.unflatten(-1, (self.count, 6))[..., self._swap, :] * sign).flatten(-2)


def _mirrored(name: str) -> str:
    side, _, rest = name.partition("_")
    return {"left": f"right_{rest}", "right": f"left_{rest}"}.get(side, name)
