"""Finds all faces of a still picture, large and small.

MediaPipe's detector sees 128 x 128 pixels and needs a face that fills a fifth to two thirds of them. If it finds none in the
whole picture, the search goes on with padding (tight crops), then in smaller parts (small faces). Every face must be found
again in a close-up with higher confidence, which rejects most coins, clocks and cats.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator

import numpy as np

from backend.core.types import FloatArray, Picture
from backend.media.crop import MARGIN, SquareCrop
from backend.media.landmarks import FaceMesh

SEARCH_PIXELS = 256
"""Side in pixels to which a searched part is resized."""

MIN_CONFIDENCE = 0.7
"""Least confidence in the close-up: photographed, painted and drawn faces reach it, mistaken objects rarely exceed 0.6."""

MAX_FACES = 3
"""Faces reported in one searched part."""


def find_faces(picture: Picture, thorough: bool = True) -> list[FloatArray]:
    """Return all faces of a picture, largest first, `[478, 3]` in pixels.

    Without `thorough`, parts of the picture are not searched if the whole shows no face.
    """
    height, width = picture.shape[:2]
    faces: list[FloatArray] = []
    with _mesh(0.5) as detect, _mesh(MIN_CONFIDENCE) as confirm:

        def search(squares: Iterable[SquareCrop]) -> None:
            _add(faces, confirm, picture, (face for square in squares for face in _find(detect, picture, square)))

        _add(faces, confirm, picture, detect(picture))
        searches = _searches(height, width)
        for squares in searches if thorough else itertools.islice(searches, 1):
            if faces:
                break
            search(squares)
        if faces:
            largest = max(face_size(face) for face in faces)
            side = max(2.5 * largest, max(height, width) / 5)
            if side < max(height, width):
                search(_tiles(height, width, side, side - largest))
    return sorted(faces, key=face_size, reverse=True)


def find_upright(picture: Picture) -> tuple[Picture, list[FloatArray]]:
    """Return the picture rotated by multiples of 90 degrees until its largest face is upright, and its faces.

    A photo that lost its orientation tag may lie on its side: the mesh finds most faces there, and the rest after rotation.
    An upside-down photo is corrected only if the mesh finds no face in it: it often takes such faces for upright ones.
    """
    faces = find_faces(picture)
    if faces:
        quarters = _quarter_turns(faces[0])
        rotated = _rotate(picture, quarters)
        return (rotated, again) if quarters and (again := find_faces(rotated)) else (picture, faces)
    for quarters in (1, -1, 2):
        rotated = _rotate(picture, quarters)
        found = find_faces(rotated, thorough=False)
        if found and not _quarter_turns(found[0]):
            return rotated, found
    return picture, []


def _quarter_turns(face: FloatArray) -> int:
    """Return how many times a picture must be rotated anticlockwise by 90 degrees to make the eyes' line (33, 263) level."""
    x, y = face[263, :2] - face[33, :2]
    return round(float(np.degrees(np.arctan2(y, x))) / 90)


def _rotate(picture: Picture, quarters: int) -> Picture:
    return np.ascontiguousarray(np.rot90(picture, quarters))


def _mesh(confidence: float) -> FaceMesh:
    return FaceMesh(video=False, max_faces=MAX_FACES, confidence=confidence)


def face_size(face: FloatArray) -> float:
    """Return the longer side of the box around landmarks `[478, 3]`, in their unit."""
    return float(np.ptp(face[:, :2], axis=0).max())


def same_place(one: FloatArray, other: FloatArray) -> bool:
    """Whether two sets of landmarks overlap enough to be one face."""
    distance = float(np.linalg.norm(one[:, :2].mean(0) - other[:, :2].mean(0)))
    return distance < 0.5 * max(face_size(one), face_size(other))


def _searches(height: int, width: int) -> Iterator[Iterator[SquareCrop]]:
    """Yield the squares of each search: with padding, then parts of half and of a quarter of the longer edge."""
    edge = max(height, width)
    yield iter([SquareCrop((width - 1.6 * edge) / 2, (height - 1.6 * edge) / 2, 1.6 * edge)])
    for parts in (2, 4):
        yield _tiles(height, width, edge / parts, edge / parts / 2)


def _tiles(height: int, width: int, side: float, step: float) -> Iterator[SquareCrop]:
    """Yield squares that cover the picture, `step` apart; the last of a row or column may extend beyond it."""
    for y in np.arange(0, max(height - side, 0) + step, step):
        for x in np.arange(0, max(width - side, 0) + step, step):
            yield SquareCrop(float(x), float(y), side)


def _find(mesh: FaceMesh, picture: Picture, square: SquareCrop) -> list[FloatArray]:
    searched = SquareCrop(0, 0, SEARCH_PIXELS)
    return [square.undo(searched.apply(face)) for face in mesh(square.cut(picture, SEARCH_PIXELS))]


def _add(faces: list[FloatArray], confirm: FaceMesh, picture: Picture, found: Iterable[FloatArray]) -> None:
    """Add the found faces that are new and that `confirm` finds again in a close-up framed like a portrait."""
    for face in found:
        close_up = _find(confirm, picture, SquareCrop.centred(face, MARGIN * face_size(face)))
        again = next((again for again in close_up if same_place(again, face)), None)
        if again is not None and not any(same_place(again, known) for known in faces):
            faces.append(again)
