"""Every face of a still picture, large or small.

MediaPipe's detector looks at 128 x 128 pixels and wants a face that fills a fifth to two thirds of them. So where the whole
picture shows none, more room is put around it (tight crops), then ever smaller parts are searched (small faces). What was found
must be found again, more surely, in a close-up: most coins, clocks and cats do not pass that.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from backend.core.types import FloatArray
from backend.media.crop import MARGIN, SquareCrop
from backend.media.landmarks import FaceMesh

WINDOW = 256
"""Pixels that a searched part is brought to."""

SURE = 0.7
"""Confidence asked of the close-up: photographed, painted and drawn faces reach it, objects taken for faces seldom pass 0.6."""

MOST_FACES = 3
"""Reported in one look at the picture."""


def find_faces(picture: NDArray[np.uint8], thorough: bool = True) -> list[FloatArray]:
    """Return all faces, largest first, `[478, 3]` in pixels of the picture.

    Args:
        picture: `[height, width, 3]` uint8 RGB.
        thorough: whether parts of the picture are searched too where the whole shows no face.
    """
    height, width = picture.shape[:2]
    with _mesh(0.5) as look, _mesh(SURE) as check:
        faces: list[FloatArray] = []
        _add(faces, [_closeup(check, picture, face) for face in look(picture)])
        searches = _widening(height, width)
        for windows in searches if thorough else itertools.islice(searches, 1):
            if faces:
                break
            _add(faces, _seen(look, check, picture, windows))
        if faces:
            largest = max(face_size(face) for face in faces)
            side = max(2.5 * largest, max(height, width) / 5)
            if side < max(height, width):
                _add(faces, _seen(look, check, picture, _tiles(height, width, side, side - largest)))
    return sorted(faces, key=face_size, reverse=True)


def find_upright(picture: NDArray[np.uint8]) -> tuple[NDArray[np.uint8], list[FloatArray]]:
    """Return a picture turned by quarters until its largest face stands, and all faces in it as `find_faces` does.

    A photo that lost its orientation tag lies on its side: the mesh still finds most faces there, the rest when it is turned.
    One that stands on its head is set right only where the mesh finds no face in it: often it takes such a face for another.
    """
    faces = find_faces(picture)
    if faces:
        quarters = round(roll(faces[0]) / 90)
        if quarters:
            turned = _turned(picture, quarters)
            return (turned, again) if (again := find_faces(turned)) else (picture, faces)
        return picture, faces
    for quarters in (1, -1, 2):
        turned = _turned(picture, quarters)
        found = find_faces(turned, thorough=False)
        if found and not round(roll(found[0]) / 90):
            return turned, found
    return picture, []


def roll(face: FloatArray) -> float:
    """Angle in degrees of the line from the right eye's outer corner (33) to the left one's (263); 0 for a head that stands."""
    x, y = face[263, :2] - face[33, :2]
    return float(np.degrees(np.arctan2(y, x)))


def _turned(picture: NDArray[np.uint8], quarters: int) -> NDArray[np.uint8]:
    """Turn anticlockwise."""
    return np.ascontiguousarray(np.rot90(picture, quarters))


def _mesh(confidence: float) -> FaceMesh:
    return FaceMesh(video=False, max_faces=MOST_FACES, confidence=confidence)


def face_size(face: FloatArray) -> float:
    """Longer side of the box around landmarks `[478, 3]`, in their unit."""
    return float(np.ptp(face[:, :2], axis=0).max())


def same_place(one: FloatArray, other: FloatArray) -> bool:
    """Whether two sets of landmarks lie on one face."""
    distance = float(np.linalg.norm(one[:, :2].mean(0) - other[:, :2].mean(0)))
    return distance < 0.5 * max(face_size(one), face_size(other))


def _widening(height: int, width: int) -> Iterator[Iterator[SquareCrop]]:
    """Searches in the order of trying: with room around, then halves and quarters of the longer edge."""
    edge = max(height, width)
    yield iter([SquareCrop((width - 1.6 * edge) / 2, (height - 1.6 * edge) / 2, 1.6 * edge)])
    for parts in (2, 4):
        yield _tiles(height, width, edge / parts, edge / parts / 2)


def _tiles(height: int, width: int, side: float, step: float) -> Iterator[SquareCrop]:
    """Squares that cover the picture, `step` apart; the last of a row or column may reach outside."""
    for y in np.arange(0, max(height - side, 0) + step, step):
        for x in np.arange(0, max(width - side, 0) + step, step):
            yield SquareCrop(float(x), float(y), side)


def _seen(
    look: FaceMesh, check: FaceMesh, picture: NDArray[np.uint8], windows: Iterator[SquareCrop]
) -> Iterator[FloatArray | None]:
    for window in windows:
        for face in _look(look, picture, window):
            yield _closeup(check, picture, face)


def _look(mesh: FaceMesh, picture: NDArray[np.uint8], window: SquareCrop) -> list[FloatArray]:
    inside = SquareCrop(0, 0, WINDOW)
    return [window.undo(inside.apply(face)) for face in mesh(window.cut(picture, WINDOW))]


def _closeup(check: FaceMesh, picture: NDArray[np.uint8], face: FloatArray) -> FloatArray | None:
    """Look again at one face, framed as portraits are; None where it is not there."""
    side = MARGIN * face_size(face)
    x, y = (face[:, :2].min(0) + face[:, :2].max(0) - side) / 2
    found = _look(check, picture, SquareCrop(float(x), float(y), side))
    return next((again for again in found if same_place(again, face)), None)


def _add(faces: list[FloatArray], found: Iterator[FloatArray | None] | list[FloatArray | None]) -> None:
    for face in found:
        if face is not None and not any(same_place(face, known) for known in faces):
            faces.append(face)
