"""Every face of a still picture, large or small.

MediaPipe's detector looks at 128 x 128 pixels and wants a face that fills a fifth to two thirds of them. So where the whole
picture shows none, more room is put around it (tight crops), then ever smaller parts are searched (small faces). What was found
must be found again, more surely, in a close-up: most coins, clocks and cats do not pass that.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from backend.media.crop import MARGIN, SquareCrop
from backend.media.landmarks import FaceMesh
from backend.types import FloatArray

WINDOW = 256
"""Pixels that a searched part is brought to."""

SURE = 0.7
"""Confidence asked of the close-up: photographed, painted and drawn faces reach it, objects taken for faces seldom pass 0.6."""

MOST_FACES = 3
"""Reported in one look at the picture."""


def find_faces(picture: NDArray[np.uint8]) -> list[FloatArray]:
    """Return all faces, largest first, `[478, 3]` in pixels of the picture.

    Args:
        picture: `[height, width, 3]` uint8 RGB.
    """
    height, width = picture.shape[:2]
    with _mesh(0.5) as look, _mesh(SURE) as check:
        faces: list[FloatArray] = []
        _add(faces, [_closeup(check, picture, face) for face in look(picture)])
        for windows in _widening(height, width):
            if faces:
                break
            _add(faces, _seen(look, check, picture, windows))
        if faces:
            largest = max(face_size(face) for face in faces)
            side = max(2.5 * largest, max(height, width) / 5)
            if side < max(height, width):
                _add(faces, _seen(look, check, picture, _tiles(height, width, side, side - largest)))
    return sorted(faces, key=face_size, reverse=True)


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
