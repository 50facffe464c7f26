"""Measure faces in rendered frames by Face Mesh: distances of points, and identity without pose and expression."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import map_coordinates
from scipy.spatial import Delaunay

from backend.core.types import FloatArray
from backend.keypoints.regions import CANONICAL, REGIONS
from backend.media.landmarks import FaceMesh

MESH = 468
"""Points of the face itself; the last ten of the 478 are the irises, which the mesh only estimates roughly."""

LIPS = sorted({*REGIONS["upper_lip"], *REGIONS["lower_lip"]})
EYES = sorted({*REGIONS["right_eye"], *REGIONS["left_eye"]})

INNER_LIPS = (78, 191, 80, 81, 82, 13, 312, 311, 310, 415, 308, 324, 318, 402, 317, 14, 87, 178, 88, 95)

PASSES = 2
"""Passes of the mesh over each picture: the second starts from the mesh's own points instead of a detector's box."""

TEXELS = 96
"""Edge of the square in which faces are compared, all brought to the same pose and expression."""


def see_faces(pictures: Iterable[NDArray[np.uint8]]) -> list[FloatArray | None]:
    """Find the face in each picture of one person: `[478, 3]` in pixels, None where no face is seen."""
    with FaceMesh(video=True) as mesh:
        found = [[mesh(picture) for _ in range(PASSES)][-1] for picture in pictures]
    return [faces[0] if faces else None for faces in found]


def keypoint_distance(face: FloatArray, truth: FloatArray, points: Sequence[int] | slice = slice(MESH)) -> float:
    """Return the average keypoint distance (AKD): the mean 2D distance of corresponding points.

    Args:
        face: `[478, 3]`.
        truth: `[478, 3]`.
        points: those that count.
    """
    return float(np.linalg.norm(face[points, :2] - truth[points, :2], axis=1).mean())


def similarity(source: FloatArray, target: FloatArray) -> NDArray[np.float64]:
    """Return the rotation and scale `A` `[2, 2]` that best align one face with another (Umeyama 1991, eq. 40 to 42).

    A point `x` of the source `[P, 2+]` goes to `A (x - mean source) + mean target`; only the first two columns count.
    """
    a, b = (points[:, :2].astype(np.float64) - points[:, :2].mean(0) for points in (source, target))
    u, singular, v = np.linalg.svd(b.T @ a)
    sign = np.array([1.0, np.sign(np.linalg.det(u @ v))])
    return np.asarray((u * sign) @ v * (singular @ sign) / (a**2).sum())


def motion_distance(face: FloatArray, portrait: FloatArray, driving: FloatArray, reference: FloatArray) -> float:
    """Return the distance of a rendered face's motion from its driver's, in pixels of the portrait.

    Both motions are displacements of points since the neutral frame; the driver's is rotated and scaled as its neutral face is
    aligned with the portrait's.

    Args:
        face: the rendered face, `[478, 3]`.
        portrait: the portrait's face.
        driving: the driver's face.
        reference: the driver's face in its neutral frame.
    """
    wanted = (driving - reference)[:MESH, :2] @ similarity(reference[:MESH], portrait[:MESH]).T
    return float(np.linalg.norm((face - portrait)[:MESH, :2] - wanted, axis=1).mean())


def texture(picture: NDArray[np.uint8], face: FloatArray) -> FloatArray:
    """Warp a face to the canonical pose and expression, piecewise affine over the mesh.

    Returns:
        Colours `[M, 3]` of the canonical face's pixels, in [0, 255], without the eyes and the inside of the mouth, which change
        with the expression.
    """
    corners, weights = _texels()
    at = (face[corners, :2] * weights[..., None]).sum(1) - 0.5  # pixel centres lie at half
    colours = [map_coordinates(picture[..., c].astype(np.float32), at.T[::-1], order=1, mode="nearest") for c in range(3)]
    return np.asarray(np.stack(colours, 1), np.float32)


def likeness(a: FloatArray, b: FloatArray) -> float:
    """Return the correlation of two textures over pixels, averaged over colours: 1 for the same face in the same light."""
    a, b = (colours - colours.mean(0) for colours in (a, b))
    scale = np.sqrt((a**2).sum(0) * (b**2).sum(0))
    return float(((a * b).sum(0) / np.maximum(scale, 1e-9)).mean())


@cache
def _texels() -> tuple[NDArray[np.intp], FloatArray]:
    """Return the corners `[M, 3]` of the triangle that holds each pixel of the canonical face, and their weights."""
    points = np.load(CANONICAL).astype(np.float64)[:MESH]
    low, high = points.min(0), points.max(0)
    axes = [low[i] + (np.arange(TEXELS) + 0.5) / TEXELS * (high[i] - low[i]) for i in (0, 1)]
    pixels = np.stack(np.meshgrid(*axes), -1).reshape(-1, 2)
    mesh = Delaunay(points)
    triangle = mesh.find_simplex(pixels)
    rigid = triangle >= 0
    for ring in (INNER_LIPS, REGIONS["right_eye"], REGIONS["left_eye"]):
        rigid &= Delaunay(points[list(ring)]).find_simplex(pixels) < 0
    pixels, triangle = pixels[rigid], triangle[rigid]
    affine = mesh.transform[triangle]
    two = np.einsum("mij,mj->mi", affine[:, :2], pixels - affine[:, 2])
    return mesh.simplices[triangle], np.concatenate([two, 1 - two.sum(1, keepdims=True)], 1).astype(np.float32)
