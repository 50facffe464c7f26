"""A person as numbers (face, hair, clothes), and the layers from which each style paints."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import numpy as np

from tools.portraits import hair as hairs
from tools.portraits.hairdos import Hairdo
from tools.portraits.light import cast
from tools.portraits.sculpt import BROW, EYE, EYES, UNIT, Head, normals_of, sculpt
from tools.portraits.shape import SIDE, Array, dome, fill, smooth, soften, stroke

Colour = tuple[float, float, float]
SHAPES = Path(__file__).with_name("face_shapes.npz")


@cache
def shape_model() -> tuple[Array, Array]:
    """Mean face `[478, 3]` and its principal components `[10, 478, 3]`, scaled to one standard deviation."""
    with np.load(SHAPES) as file:
        return file["mean"].astype(float), file["modes"].astype(float)


@dataclass(frozen=True)
class Person:
    """The appearance of one person.

    Attributes:
        modes: coefficients of the shape model's components, in standard deviations.
        skin, hair, lips, iris, cloth, ground: colours in [0, 1] (`ground` is the background's).
        hairdo: makes the hair, given the head and a source of randomness.
        eyes, jaw, brow: factors on the eyes' opening, the jaw's width, the brows' height above the eyes.
        smile: how far the corners of the mouth are raised, in face units.
        neck: its half width in face units.
        skull, ears, lashes: see `sculpt`.
        collar: how far below the eyes the clothes begin, in face units.
        seed: of everything random.
    """

    modes: tuple[float, ...]
    skin: Colour
    hair: Colour
    lips: Colour
    iris: Colour
    cloth: Colour
    ground: Colour
    hairdo: Callable[[Head, np.random.Generator], Hairdo]
    seed: int
    eyes: float = 1.0
    jaw: float = 1.0
    brow: float = 1.0
    smile: float = 0.0
    neck: float = 0.29
    skull: float = 0.24
    ears: bool = True
    lashes: float = 1.0
    collar: float = 0.90


@dataclass
class Layers:
    """What the styles paint from: the head, and masks, normals and strands of the other parts `[SIDE, SIDE, ...]`."""

    person: Person
    head: Head
    mask: dict[str, Array] = field(default_factory=dict)
    normals: dict[str, Array] = field(default_factory=dict)
    strands: Array = field(default_factory=lambda: np.zeros((SIDE, SIDE)))
    locks: Array = field(default_factory=lambda: np.zeros((SIDE, SIDE)))
    strands_back: Array = field(default_factory=lambda: np.zeros((SIDE, SIDE)))


def face_of(person: Person) -> Array:
    """Return the person's points `[478, 3]` in face units."""
    mean, modes = shape_model()
    face = mean + np.tensordot(np.array(person.modes), modes[: len(person.modes)], 1)
    below = np.clip(face[:, 1] / 0.67, 0, 1)
    face[:, 0] *= 1 + (person.jaw - 1) * below**1.5
    for side, (up, low) in EYE.items():
        lids = sorted({*up, *low})
        middle = face[lids].mean(0)
        near = np.exp(-(((face[:, :2] - middle[:2]) / (0.11, 0.045)) ** 2).sum(1) / 2)
        face[:, 1] += near * (person.eyes - 1) * (face[:, 1] - middle[1])
        brow = sorted({*BROW[side][0], *BROW[side][1]})
        face[brow, 1] *= person.brow
    for corner, out in ((61, -1), (291, 1)):
        near = np.exp(-(((face[:, :2] - face[corner, :2]) / (0.07, 0.06)) ** 2).sum(1) / 2)
        face[:, 1] -= near * person.smile
        face[:, 0] += out * near * 0.5 * person.smile
    origin = face[[33, 133, 362, 263]].mean(0)
    face = face - origin
    return np.asarray(face / np.linalg.norm(face[10] - face[152]))


def build_layers(person: Person) -> Layers:
    """Sculpt a person and compute the layers."""
    generator = np.random.default_rng(person.seed)
    head = sculpt(face_of(person), neck=person.neck, skull=person.skull, ears=person.ears, lashes=person.lashes)
    found = Layers(person, head)
    hairdo = person.hairdo(head, generator)
    found.mask |= {"back": hairdo.back, "front": hairdo.front, "beard": hairdo.beard}
    if hairdo.front.any():
        found.strands = hairs.strands(np.maximum(hairdo.front, hairdo.beard), hairdo.flow, generator, **hairdo.strands)
    if hairdo.back.any():
        found.strands_back = hairs.strands(hairdo.back, hairdo.flow, generator, **hairdo.strands)
    found.mask["cloth"] = fill(_clothes(person.neck, person.collar))
    if hairdo.front.any():
        found.locks = hairs.locks(hairdo.front, hairdo.flow, generator)
    found.normals["front"] = normals_of(soften(dome(hairdo.front, hairdo.depth * UNIT), 8) + 1.4 * found.strands)
    found.normals["back"] = normals_of(soften(dome(hairdo.back, 0.2 * UNIT), 8) + 1.4 * found.strands_back)
    found.normals["cloth"] = normals_of(soften(dome(found.mask["cloth"], 0.3 * UNIT), 10))
    found.normals["skin"] = head.normals()
    found.mask["skin"] = np.clip(np.maximum(np.maximum(head.mask["face"], head.mask["neck"]), head.mask["ears"]), 0, 1)
    found.mask["under_chin"] = (
        cast(head.mask["face"], 0.03 * UNIT, 0.11 * UNIT, 0.05 * UNIT) * head.mask["neck"] * (1 - head.mask["face"])
    )
    found.mask["under_hair"] = cast(hairdo.front, 0.015 * UNIT, 0.04 * UNIT, 0.025 * UNIT) * (1 - hairdo.front)
    return found


def _clothes(neck: float, collar: float) -> Array:
    """Outline of the clothes in pixels: a collar round the neck, sloping shoulders."""
    throat = [(0.0, collar + 0.03), (-0.5 * neck, collar), (-0.92 * neck, collar - 0.075), (-1.06 * neck, collar - 0.095)]
    slope = [(-0.36, 0.86), (-0.47, 0.895), (-0.62, 0.94), (-0.78, 1.00), (-0.92, 1.10), (-1.0, 1.30)]
    half = np.vstack([smooth(np.array([*throat, *slope]), 120, closed=False), (-1.4, 1.6)])
    return np.vstack([half, (half * (-1, 1))[::-1]]) * UNIT + EYES


def glasses(head: Head, radius: float = 0.155, thick: float = 0.016) -> tuple[Array, Array]:
    """Round glasses: masks of the frame and of the lenses; radius and thickness in face units."""
    angles = np.linspace(0, 2 * np.pi, 160)
    ring = np.stack([np.cos(angles), 0.92 * np.sin(angles)], -1) * radius * UNIT
    frame, lens = np.zeros((SIDE, SIDE)), np.zeros((SIDE, SIDE))
    centres = []
    for name in ("right", "left"):
        lids = [*EYE[name][0], *EYE[name][1]]
        centre = head.points[lids].mean(0) + (0, 0.012 * UNIT)
        centres.append(centre)
        frame = np.maximum(frame, stroke(centre + ring, thick * UNIT))
        lens = np.maximum(lens, fill(centre + ring))
    left, right = centres
    inner = radius * UNIT
    bridge = np.array(
        [left + (0.94 * inner, -0.25 * inner), (left + right) / 2 - (0, 0.42 * inner), right + (-0.94 * inner, -0.25 * inner)]
    )
    frame = np.maximum(frame, stroke(smooth(bridge, 60, False), thick * UNIT))
    for centre, sign in ((left, -1), (right, 1)):
        temple = np.array([centre + (sign * 0.98 * inner, -0.2 * inner), centre + (sign * 1.9 * inner, -0.32 * inner)])
        path = temple[0] + np.linspace(0, 1, 60)[:, None] * (temple[1] - temple[0])
        frame = np.maximum(frame, stroke(path, thick * UNIT) * soften(head.mask["face"] + head.mask["ears"], 0).clip(0, 1))
    return frame, lens
