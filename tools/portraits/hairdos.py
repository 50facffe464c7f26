"""Hairdos: the masks of the hair in front of and behind the head, and the flow of its strands."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from tools.portraits.hair import Flow, area, bumpy, curls, downward, place
from tools.portraits.sculpt import UNIT, Head
from tools.portraits.shape import SIDE, Array, blob, fill, soften


def _nothing() -> Array:
    return np.zeros((SIDE, SIDE))


@dataclass
class Hairdo:
    """The hair of one head.

    Attributes:
        front: mask of the hair in front of the head.
        flow: direction of its strands.
        strands: `count`, `length` and `width` of its strands (see `hair.strands`).
        back: mask of the hair behind the head.
        beard: mask of a beard or moustache.
        depth: how far the hair in front rises above the head, in face units.
    """

    front: Array
    flow: Flow
    strands: dict[str, int]
    back: Array = field(default_factory=_nothing)
    beard: Array = field(default_factory=_nothing)
    depth: float = 0.16


def _window(points: list[tuple[float, float]]) -> Array:
    """Return the mask of the face between the hair, open at the bottom."""
    return soften(fill(np.vstack([place(points)])), 3)


def afro(head: Head, generator: np.random.Generator) -> Hairdo:
    """A round afro."""
    around = place([(0, -0.83), (-0.33, -0.80), (-0.60, -0.60), (-0.71, -0.28), (-0.66, 0.02), (-0.50, 0.22)])
    outer = fill(bumpy(around, generator, 0.016, 60), 2.0)
    face = _window([(0.0, -0.35), (-0.16, -0.335), (-0.28, -0.275), (-0.36, -0.16), (-0.40, 0.0), (-0.42, 0.3), (-0.3, 0.8)])
    front = outer * (1 - face) * (1 - blob(0, 0, 1, 1))
    return Hairdo(
        front=front,
        back=outer,
        flow=curls(generator, 26),
        strands={"count": 16000, "length": 40, "width": 3},
        depth=0.34,
    )


def short_beard(head: Head, generator: np.random.Generator) -> Hairdo:
    """Short hair with a side parting, and a full beard."""
    outer = area(
        [(0.0, -0.69), (-0.15, -0.675), (-0.31, -0.595), (-0.435, -0.44), (-0.475, -0.22), (-0.445, 0.02), (-0.40, 0.10)]
    )
    face = _window([(0.0, -0.37), (-0.2, -0.36), (-0.325, -0.29), (-0.36, -0.17), (-0.395, 0.02), (-0.42, 0.3), (-0.3, 0.9)])
    p = head.points
    jaw = p[[234, 93, 132, 58, 172, 136, 150, 149, 176, 148, 152, 377, 400, 378, 379, 365, 397, 288, 361, 323, 454]]
    centre = p[164]
    low = centre + (jaw - centre) * (1.06, 1.12)
    top = p[[345, 352, 411, 426, 391, 164, 165, 206, 187, 123, 116]] + (0, 0.01 * UNIT)
    beard = fill(bumpy(np.vstack([low, top]), generator, 0.006, 110), 5)
    lips = soften(np.maximum(head.mask["lips_up"], head.mask["lips_low"]) > 0.3, 5)
    chin = blob(p[17][0], p[17][1] + 0.02 * UNIT, 0.05 * UNIT, 0.012 * UNIT)
    beard = beard * (1 - np.clip(1.4 * lips, 0, 1)) * (1 - 0.5 * chin)
    return Hairdo(
        front=outer * (1 - face),
        beard=beard,
        flow=downward(0.16, 0.15, 14),
        strands={"count": 15000, "length": 46, "width": 2},
    )


def bob(head: Head, generator: np.random.Generator) -> Hairdo:
    """A chin-length bob with a straight fringe."""
    outer = area([
        (0.0, -0.72), (-0.18, -0.70), (-0.36, -0.61), (-0.52, -0.42), (-0.585, -0.1),
        (-0.60, 0.25), (-0.585, 0.52), (-0.44, 0.60), (-0.36, 0.45),
    ])  # fmt: skip
    fringe = _window([
        (0.0, -0.215), (-0.16, -0.21), (-0.30, -0.20), (-0.355, -0.16),
        (-0.375, 0.05), (-0.40, 0.35), (-0.36, 0.62), (-0.30, 0.9),
    ])  # fmt: skip
    return Hairdo(
        front=outer * (1 - fringe),
        back=outer,
        flow=downward(0.0, 0.03, 4),
        strands={"count": 9000, "length": 90, "width": 2},
        depth=0.2,
    )


def updo(head: Head, generator: np.random.Generator) -> Hairdo:
    """Waved hair drawn back into a knot on top."""
    outer = area([(0.0, -0.68), (-0.16, -0.665), (-0.32, -0.59), (-0.455, -0.42), (-0.50, -0.18), (-0.47, 0.06), (-0.42, 0.12)])
    knot = area([(0.0, -0.86), (-0.16, -0.83), (-0.21, -0.71), (-0.12, -0.60)])
    face = _window([(0.0, -0.40), (-0.14, -0.33), (-0.28, -0.22), (-0.36, -0.11), (-0.395, 0.03), (-0.42, 0.3), (-0.3, 0.9)])
    return Hairdo(
        front=np.maximum(outer, knot) * (1 - face),
        flow=downward(0.0, 0.55, 11),
        strands={"count": 9000, "length": 80, "width": 4},
        depth=0.18,
    )


def receding(head: Head, generator: np.random.Generator) -> Hairdo:
    """Grey hair at the temples, a high forehead and a moustache."""
    outer = area([(0.0, -0.64), (-0.15, -0.63), (-0.30, -0.56), (-0.42, -0.42), (-0.475, -0.2), (-0.46, 0.06), (-0.42, 0.16)])
    face = _window([
        (0.0, -0.47), (-0.13, -0.465), (-0.22, -0.49), (-0.315, -0.36),
        (-0.355, -0.16), (-0.385, 0.02), (-0.42, 0.3), (-0.3, 0.9),
    ])  # fmt: skip
    p = head.points
    middle = p[164] + (0, 0.012 * UNIT)
    half = (
        np.array([(0, -0.035), (-0.09, -0.02), (-0.175, 0.05), (-0.20, 0.10), (-0.15, 0.085), (-0.08, 0.035), (0, 0.02)]) * UNIT
    )
    moustache = fill(bumpy(np.vstack([middle + half, (middle + half * (-1, 1))[::-1]]), generator, 0.01, 80), 3)
    return Hairdo(
        front=outer * (1 - face),
        beard=moustache,
        flow=downward(0.12, 0.2, 12),
        strands={"count": 12000, "length": 44, "width": 2},
    )


def waves(head: Head, generator: np.random.Generator) -> Hairdo:
    """Long wavy hair over the shoulders."""
    outer = area([
        (0.0, -0.72), (-0.17, -0.70), (-0.34, -0.62), (-0.50, -0.44), (-0.58, -0.12), (-0.61, 0.28),
        (-0.70, 0.62), (-0.72, 0.95), (-0.58, 1.25), (-0.40, 1.12), (-0.36, 0.75),
    ])  # fmt: skip
    face = _window([
        (0.0, -0.42), (-0.12, -0.36), (-0.26, -0.25), (-0.345, -0.11), (-0.375, 0.05),
        (-0.385, 0.3), (-0.36, 0.55), (-0.34, 0.8), (-0.44, 1.3),
    ])  # fmt: skip
    return Hairdo(
        front=outer * (1 - face),
        back=outer,
        flow=downward(0.0, 0.5, 7),
        strands={"count": 11000, "length": 110, "width": 3},
        depth=0.16,
    )
