"""Converts MediaPipe's 33 points of a body to ten keypoints of head, torso and limbs.

Head and torso: centroid of their points, and the least-squares 2x2 map from a canonical body, as for the regions of a face.
A limb's points lie on a line, which leaves such a map undetermined. So a limb's keypoint is its upper joint, and its Jacobian
the rotation and scaling that turns the canonical limb into the observed one. All of it is linear in the points.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from backend.core.types import FloatArray
from backend.keypoints.regions import affine_operator

BODY_POINTS = 33
"""Points of MediaPipe Pose."""

PARTS: dict[str, list[int]] = {"head": list(range(11)), "torso": [11, 12, 23, 24]}
"""Parts with an affine Jacobian: indices of their points."""

LIMBS: dict[str, tuple[int, list[int]]] = {
    "right_shoulder": (12, [14]),
    "left_shoulder": (11, [13]),
    "right_elbow": (14, [16]),
    "left_elbow": (13, [15]),
    "right_wrist": (16, [18, 20]),
    "left_wrist": (15, [17, 19]),
    "right_hip": (24, [26]),
    "left_hip": (23, [25]),
}
"""Joints: index of the joint, and of the points towards which its limb extends. Right and left are the person's own."""

POSE_KEYPOINTS = (*PARTS, *LIMBS)
"""Names of the ten keypoints in their order."""

SHOULDERS, TORSO = 0.5, 0.7
"""Width of the shoulders and length of the torso of the canonical body, in crop units (the crop's side is 2)."""

# The canonical body stands upright and faces the camera: x and y of its points, whose numbers are MediaPipe's.
_RIGHT_HALF = {
    4: (-0.03, -0.30), 5: (-0.05, -0.30), 6: (-0.07, -0.30), 8: (-0.10, -0.27), 10: (-0.04, -0.20), 12: (-0.25, 0.0),
    14: (-0.30, 0.38), 16: (-0.32, 0.72), 18: (-0.33, 0.84), 20: (-0.31, 0.86), 22: (-0.29, 0.80), 24: (-0.16, 0.70),
    26: (-0.17, 1.15), 28: (-0.18, 1.55), 30: (-0.17, 1.60), 32: (-0.20, 1.64),
}  # fmt: skip
_LEFT_OF = {4: 1, 5: 2, 6: 3} | {right: right - 1 for right in range(8, BODY_POINTS, 2)}


def _canonical() -> NDArray[np.float64]:
    body = np.zeros((BODY_POINTS, 2))
    body[0] = 0, -0.25  # the nose
    for right, (x, y) in _RIGHT_HALF.items():
        body[right], body[_LEFT_OF[right]] = (x, y), (-x, y)
    return body


CANONICAL_BODY = _canonical()


def _operator() -> NDArray[np.float64]:
    """Return `[10, 2, 6, 33]`: for each keypoint and each of x and y, its six numbers per unit of every point."""
    rows = np.zeros((len(POSE_KEYPOINTS), 2, 6, BODY_POINTS))
    for row, indices in zip(rows, PARTS.values(), strict=False):
        weights = np.zeros(BODY_POINTS)
        weights[indices] = 1 / len(indices)
        map_ = affine_operator(CANONICAL_BODY, weights, None)
        for axis in range(2):
            row[axis, axis] = weights
            row[axis, 2 + 2 * axis], row[axis, 3 + 2 * axis] = map_
    for row, (joint, ends) in zip(rows[len(PARTS) :], LIMBS.values(), strict=True):
        limb = np.zeros(BODY_POINTS)
        limb[ends], limb[joint] = 1 / len(ends), -1
        x, y = (limb @ CANONICAL_BODY) / np.square(limb @ CANONICAL_BODY).sum()
        row[0, 0, joint] = row[1, 1, joint] = 1
        # The observed limb over the canonical one, as complex numbers: a + ib, with the matrix (a, -b; b, a).
        for axis, real, imaginary in ((0, x, -y), (1, y, x)):
            row[axis, 2] = row[axis, 5] = real * limb
            row[axis, 4], row[axis, 3] = imaginary * limb, -imaginary * limb
    return rows


_OPERATOR = _operator()


def pose_keypoints(points: FloatArray) -> FloatArray:
    """Convert points `[T, 33, 2 or 3]`, x and y in crop units (`body_square`), to flat keypoints `[T, 60]`."""
    return np.einsum("kanp,tpa->tkn", _OPERATOR, points[..., :2]).reshape(len(points), -1).astype(np.float32)


def body_square(points: FloatArray) -> tuple[float, float, float]:
    """Return left edge, upper edge and side of the square in pixels that a body's motion is relative to.

    It is centred between the shoulders, and four times as wide as they are. So a body has the same size in all recordings.

    Args:
        points: of a whole video, `[T, 33, 2 or 3]` in pixels; their median counts.
    """
    body = np.median(points[..., :2], axis=0).astype(np.float64)
    shoulders, hips = body[[11, 12]].mean(0), body[[23, 24]].mean(0)
    # Shoulders seen from the side are narrow; then the torso's length says how large the body is.
    across, along = float(np.linalg.norm(body[11] - body[12])), float(np.linalg.norm(shoulders - hips))
    side = 2 / SHOULDERS * max(1.0, across, along * SHOULDERS / TORSO)
    return float(shoulders[0] - side / 2), float(shoulders[1] - side / 2), side
