"""What Face Mesh sees in rendered frames: where the face's points are, and what the face looks like apart from its pose."""

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
"""Points of the face itself; the last ten of the 478 are the irises, which the mesh only guesses."""

LIPS = sorted({*REGIONS["upper_lip"], *REGIONS["lower_lip"]})
EYES = sorted({*REGIONS["right_eye"], *REGIONS["left_eye"]})

INNER_LIPS = (78, 191, 80, 81, 82, 13, 312, 311, 310, 415, 308, 324, 318, 402, 317, 14, 87, 178, 88, 95)

LOOKS = 2
"""Times that each picture is looked at: the second time the mesh's own points say where to look, not a detector's box."""

TEXELS = 96
"""Edge of the square in which faces are compared, all brought to the same pose and expression."""


def see_faces(pictures: Iterable[NDArray[np.uint8]]) -> list[FloatArray | None]:
    """Find the face in each of some pictures of one person, by one Face Mesh of their own.

    Returns:
        `[478, 3]` in pixels for each, None where no face is seen.
    """
    found: list[FloatArray | None] = []
    with FaceMesh(video=True) as mesh:
        for picture in pictures:
            faces = [mesh(picture) for _ in range(LOOKS)][-1]
            found.append(faces[0] if faces else None)
    return found


def keypoint_distance(face: FloatArray, truth: FloatArray, points: Sequence[int] | slice = slice(MESH)) -> float:
    """Return the average keypoint distance (AKD): the mean distance in the plane of corresponding points.

    Args:
        face: `[478, 3]`.
        truth: `[478, 3]`.
        points: which of them count.
    """
    return float(np.linalg.norm(face[points, :2] - truth[points, :2], axis=1).mean())


def similarity(source: FloatArray, target: FloatArray) -> NDArray[np.float64]:
    """Return the turn and scale `[2, 2]` that brings one face nearest to another (Procrustes; Umeyama 1991, eq. 40 to 42).

    Args:
        source: `[P, 2]` or more columns, of which two count.
        target: likewise; a point `x` of the source goes to `A (x - mean source) + mean target`.
    """
    a, b = (points[:, :2].astype(np.float64) - points[:, :2].mean(0) for points in (source, target))
    u, spread, v = np.linalg.svd(b.T @ a)
    sign = np.array([1.0, np.sign(np.linalg.det(u @ v))])
    return np.asarray((u * sign) @ v * (spread @ sign) / (a**2).sum())


def motion_distance(
    face: FloatArray, portrait: FloatArray, driving: FloatArray, reference: FloatArray, points: slice = slice(MESH)
) -> float:
    """Return how far a face's motion is from its driver's, in pixels of the portrait.

    Both motions are displacements of points since the neutral face; the driver's is turned and scaled as its neutral face must
    be to lie on the portrait's.

    Args:
        face: the portrait as rendered, `[478, 3]`.
        portrait: as it was.
        driving: the driver's frame.
        reference: the driver's neutral frame.
        points: which count.
    """
    aligned = similarity(reference[points], portrait[points])
    wanted = (driving - reference)[points, :2] @ aligned.T
    return float(np.linalg.norm((face - portrait)[points, :2] - wanted, axis=1).mean())


def texture(picture: NDArray[np.uint8], face: FloatArray) -> FloatArray:
    """Bring a face to the canonical pose and expression, piecewise affine over the mesh.

    Args:
        picture: `[S, S, 3]` uint8.
        face: its points `[478, 3]` in pixels.

    Returns:
        Colours `[M, 3]` of the canonical face's pixels, in [0, 255]; those of the mouth's inside and of the eyes are left
        out: they change with the expression.
    """
    corners, weights = _texels()
    at = (face[corners, :2] * weights[..., None]).sum(1) - 0.5  # pixel centres lie at half
    colours = [map_coordinates(picture[..., c].astype(np.float32), at.T[::-1], order=1, mode="nearest") for c in range(3)]
    return np.asarray(np.stack(colours, 1), np.float32)


def likeness(a: FloatArray, b: FloatArray) -> float:
    """Return the correlation of two textures, over pixels, the mean over colours: 1 for the same face in the same light."""
    a, b = (texture_ - texture_.mean(0) for texture_ in (a, b))
    spread = np.sqrt((a**2).sum(0) * (b**2).sum(0))
    return float(((a * b).sum(0) / np.maximum(spread, 1e-9)).mean())


@cache
def _texels() -> tuple[NDArray[np.intp], FloatArray]:
    """Return the corners `[M, 3]` of the triangle that holds each pixel of the canonical face, and their weights."""
    points = np.load(CANONICAL).astype(np.float64)[:MESH]
    low, high = points.min(0), points.max(0)
    axes = [low[i] + (np.arange(TEXELS) + 0.5) / TEXELS * (high[i] - low[i]) for i in (0, 1)]
    pixels = np.stack(np.meshgrid(*axes), -1).reshape(-1, 2)
    mesh = Delaunay(points)
    holder = mesh.find_simplex(pixels)
    steady = holder >= 0
    for ring in (INNER_LIPS, REGIONS["right_eye"], REGIONS["left_eye"]):
        steady &= Delaunay(points[list(ring)]).find_simplex(pixels) < 0
    pixels, holder = pixels[steady], holder[steady]
    affine = mesh.transform[holder]
    two = np.einsum("mij,mj->mi", affine[:, :2], pixels - affine[:, 2])
    return mesh.simplices[holder], np.concatenate([two, 1 - two.sum(1, keepdims=True)], 1).astype(np.float32)
