"""Writes the golden crops that the Python and the TypeScript tests both read: `python -m tests.golden.portrait.make`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from backend.media.crop import SquareCrop
from backend.media.images import SIZES

FILE = Path(__file__).with_name("crops.json")

FACES = {
    "amid a large picture": ((900, 500, 1000, 600), 1920, 1080),
    "framed already": ((80, 60, 170, 180), 256, 256),
    "square, but small in it": ((300, 300, 420, 460), 1000, 1000),
    "at the corner": ((40, 40, 140, 140), 1000, 800),
    "cut off at the left": ((-50, 300, 50, 400), 1000, 800),
    "cut off below": ((400.5, 700.25, 520, 850), 900, 800),
    "in a tight picture": ((100, 20, 250, 220), 350, 300),
    "in a tighter picture": ((100, 20, 250, 220), 350, 240),
    "large": ((200.25, 300.5, 1400.75, 1900), 1800, 2048),
}
"""Box around the face (left, top, right, bottom), and the picture's size, all in pixels."""

CUTS = {
    "shrunk": ((1.3, 2.7, 15.4), 5),
    "enlarged": ((4.25, 3.5, 6.0), 13),
    "beyond the picture": ((-5.5, -3.25, 16.5), 9),
    "whole pixels": ((2.0, 1.0, 8.0), 8),
}
"""Left, upper edge and side of a square in a picture of 20 x 17 pixels, and the side that it is resized to."""


def corners(box: tuple[float, float, float, float]) -> np.ndarray:
    """Two points that span a box, as landmarks."""
    left, top, right, bottom = box
    return np.array([[left, top, 0], [right, bottom, 0]], np.float64)


def picture() -> np.ndarray:
    """A picture of noise `[17, 20, 3]`."""
    return np.random.default_rng(1).integers(0, 256, (17, 20, 3), np.uint8)


def contents() -> dict[str, Any]:
    """Return what the file holds."""
    faces = []
    for name, (box, width, height) in FACES.items():
        crop = SquareCrop.around(corners(box), width, height)
        size = min(SIZES, key=lambda edge: abs(edge - crop.side))
        square = {"x": crop.x, "y": crop.y, "side": crop.side}
        faces.append({"name": name, "box": box, "width": width, "height": height, "square": square, "size": size})
    cuts = []
    for name, ((x, y, side), size) in CUTS.items():
        pixels = SquareCrop(x, y, side).cut(picture(), size).ravel().tolist()
        cuts.append({"name": name, "square": {"x": x, "y": y, "side": side}, "size": size, "pixels": pixels})
    return {"faces": faces, "picture": {"width": 20, "height": 17, "pixels": picture().ravel().tolist()}, "cuts": cuts}


if __name__ == "__main__":
    FILE.write_text(json.dumps(contents()) + "\n")
