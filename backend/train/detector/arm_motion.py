"""Simulates the arm and the things on the table: smooth reaches by inverse kinematics, and pushing without inertia.

Lengths are in half widths of the picture; on the table x points right and y towards the viewer.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

UPPER, FORE = 0.85, 0.75
"""Lengths of the two links."""

GRIPPER = 0.1
"""Radius of the gripper."""

REACH = (0.25, UPPER + FORE - 0.04)
"""Smallest and largest distance of the gripper from the shoulder."""

TABLE = 0.85
"""Things stay within this distance of the centre, in x and y."""


@dataclass(frozen=True)
class ArmMotion:
    """One sequence, seen from above."""

    # shoulder, elbow, gripper: `[T, 2]`
    shoulder: Floats
    elbow: Floats
    gripper: Floats
    direction: Floats  # of the gripper, `[T]` radians
    things: Floats  # centres of the things on the table, `[T, M, 2]`
    radii: Floats  # of the things, `[M]`


def elbow_of(shoulder: Floats, gripper: Floats, side: float) -> Floats:
    """Compute the elbow's position by inverse kinematics: `[..., 2]`.

    Args:
        shoulder: `[..., 2]`.
        gripper: `[..., 2]`.
        side: 1 or -1, which of the two solutions.
    """
    away = gripper - shoulder
    distance = np.linalg.norm(away, axis=-1, keepdims=True)
    along = (UPPER**2 - FORE**2 + distance**2) / (2 * distance)
    across = np.sqrt(np.maximum(UPPER**2 - along**2, 0))
    unit = away / distance
    normal = np.stack([-unit[..., 1], unit[..., 0]], -1)
    return shoulder + along * unit + side * across * normal


def simulate(frames: int, things: int, random: np.random.Generator) -> ArmMotion:
    """Simulate a random sequence.

    Args:
        frames: its length.
        things: number of things on the table.
        random: source of the randomness.
    """
    shoulder = np.array([random.uniform(-0.35, 0.35), -1.05])
    side = random.choice([-1.0, 1.0])
    radii = random.uniform(0.1, 0.17, things)
    places = random.uniform(-0.7, 0.7, (things, 2))
    for _ in range(20):
        places = push(places, radii, np.array([9.0, 9.0]))  # Far from the gripper: only out of each other.
    gripper = _within_reach(random.uniform(-0.8, 0.8, 2), shoulder)
    target, speed, velocity = gripper, 0.0, np.zeros(2)
    grippers, positions = np.empty((frames, 2)), np.empty((frames, things, 2))
    for t in range(frames):
        if np.linalg.norm(target - gripper) < 0.15:
            target, speed = _next_target(places, shoulder, random), random.uniform(0.06, 0.15)
        wanted = (target - gripper) / max(float(np.linalg.norm(target - gripper)), 1e-6) * speed
        velocity = 0.6 * velocity + 0.4 * wanted
        # Small steps, so that a fast gripper does not jump over a thing.
        for _ in range(4):
            gripper = _within_reach(gripper + velocity / 4, shoulder)
            places = push(places, radii, gripper)
        grippers[t], positions[t] = gripper, places
    shoulders = np.broadcast_to(shoulder, grippers.shape)
    elbows = elbow_of(shoulders, grippers, side)
    fore = grippers - elbows
    return ArmMotion(shoulders, elbows, grippers, np.arctan2(fore[:, 1], fore[:, 0]), positions, radii)


def push(places: Floats, radii: Floats, gripper: Floats) -> Floats:
    """Move things out of the gripper and out of each other by the shortest way, and keep them on the table.

    Args:
        places: centres of the things, `[M, 2]`.
        radii: `[M]`.
        gripper: `[2]`.
    """
    places = places.copy()
    for _ in range(3):
        for one in range(len(places)):
            places[one] = _pushed_out(places[one], gripper, radii[one] + GRIPPER)
            for other in range(one):
                middle, reach = (places[one] + places[other]) / 2, (radii[one] + radii[other]) / 2
                places[one], places[other] = _pushed_out(places[one], middle, reach), _pushed_out(places[other], middle, reach)
        places = places.clip(-TABLE, TABLE)
    return places


def _pushed_out(place: Floats, obstacle: Floats, distance: float) -> Floats:
    away = place - obstacle
    length = float(np.linalg.norm(away))
    if length >= distance or length == 0:
        return place
    return obstacle + away * (distance / length)


def _within_reach(point: Floats, shoulder: Floats) -> Floats:
    away = point - shoulder
    distance = float(np.linalg.norm(away))
    return (shoulder + away * (np.clip(distance, *REACH) / max(distance, 1e-6))).clip(-0.95, 0.95)


def _next_target(places: Floats, shoulder: Floats, random: np.random.Generator) -> Floats:
    """Sample a target: often beyond a thing, so that it is pushed on the way there."""
    if len(places) and random.random() < 0.6:
        return _within_reach(places[random.integers(len(places))] + random.normal(0, 0.15, 2), shoulder)
    return _within_reach(random.uniform(-0.85, 0.85, 2), shoulder)
