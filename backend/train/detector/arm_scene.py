"""Renders a robot arm that pushes things about on a table: video without a face, with known joints.

The table is seen obliquely from above. Links are shaded capsules that throw soft shadows, things are short cylinders, the
table has a grain. Pictures are rendered at a multiple of their size and averaged, so edges are smooth.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy.ndimage import gaussian_filter

from backend.core.arrays import save_arrays
from backend.core.progress import Progress
from backend.core.types import CLOCK_HZ
from backend.train.detector.arm_motion import GRIPPER, ArmMotion, Floats, simulate
from backend.train.detector.videos import TrainingVideo

TILT, LIFT = 0.62, 0.78
"""Scale of the table's depth and of heights in the picture: sine and cosine of the camera's elevation."""

SIZE, SUPERSAMPLING = 64, 3
"""Side of the pictures in pixels; they are rendered this many times larger, then averaged."""

HEIGHTS = (0.28, 0.42, 0.26)
"""Heights of shoulder, elbow and wrist above the table."""

THING_HEIGHT = 0.13
LIGHT = np.array([-0.5, -0.62, 0.6])


def project(ground: Floats, height: float) -> Floats:
    """Project points `[..., 2]` at a height above the table into the picture: `[..., 2]` in [-1, 1]."""
    return np.stack([ground[..., 0], ground[..., 1] * TILT - height * LIFT + 0.25], -1)


def arm_video(seed: int, frames: int = 30) -> TrainingVideo:
    """Render the sequence of a seed; its joints are shoulder, elbow, wrist and fingertips."""
    random = np.random.default_rng(seed)
    motion = simulate(frames, int(random.integers(3, 6)), random)
    look = _Appearance.sample(len(motion.radii), SIZE * SUPERSAMPLING, random)
    pictures = np.stack([_render(motion, t, look) for t in range(frames)])
    means = pictures.reshape(frames, SIZE, SUPERSAMPLING, SIZE, SUPERSAMPLING, 3).mean((2, 4))
    noisy = means + random.normal(0, 0.008, means.shape)
    joints = np.concatenate([_arm(motion), project(motion.gripper, 0)[:, None]], 1).astype(np.float32)
    return TrainingVideo(f"arm_{seed}", (noisy.clip(0, 1) * 255).round().astype(np.uint8), joints, CLOCK_HZ)


def write_scene(out: Path, sequences: int, seed: int, frames: int = 30, progress: Progress | None = None) -> None:
    """Write sequences as `arm_00000.npz` and so on, with `frames`, `joints` and `fps`.

    Args:
        out: folder to write to.
        sequences: how many.
        seed: sequence i has the seed `seed + i`.
        frames: length of a sequence.
        progress: called with (sequences done, sequences in all).
    """
    out.mkdir(parents=True, exist_ok=True)
    for index in range(sequences):
        video = arm_video(seed + index, frames)
        arrays = {"frames": video.frames, "joints": np.asarray(video.joints), "fps": np.asarray(CLOCK_HZ)}
        save_arrays(out / f"arm_{index:05d}.npz", arrays)
        if progress:
            progress(index + 1, sequences)


def _arm(motion: ArmMotion) -> Floats:
    """Project shoulder, elbow and wrist into the picture: `[T, 3, 2]`."""
    grounds = (motion.shoulder, motion.elbow, motion.gripper)
    return np.stack([project(ground, height) for ground, height in zip(grounds, HEIGHTS, strict=True)], 1)


@dataclass(frozen=True)
class _Appearance:
    """Colours of one sequence, the table's picture `[S, S, 3]`, and the pixels' positions `[S, S, 2]`."""

    table: Floats
    grid: Floats
    things: Floats
    link: Floats
    joint: Floats

    @classmethod
    def sample(cls, things: int, size: int, random: np.random.Generator) -> _Appearance:
        """Sample colours and textures."""
        line = (np.arange(size) * 2 + 1) / size - 1
        grid = np.stack(np.meshgrid(line, line), -1)
        grain = gaussian_filter(random.normal(size=(size, size)), (size / 90, size / 6))
        speck = gaussian_filter(random.normal(size=(size, size)), size / 60)
        slope = grid @ [0.03 * random.normal(), 0.06]
        shade = 0.035 * grain / grain.std() + 0.02 * speck / speck.std() + slope
        base = np.array([0.62, 0.52, 0.42]) + random.normal(0, 0.05, 3)
        hues = (random.random() + np.arange(things) / things + random.normal(0, 0.05, things)) * 2 * np.pi
        colours = 0.5 + 0.38 * np.cos(hues[:, None] + np.array([0, 2.1, 4.2]))
        red = np.array([0.75, 0.16, 0.12]) + random.normal(0, 0.03, 3)
        return cls(base * (1 + shade[..., None]), grid, colours, red, np.full(3, 0.24) + random.normal(0, 0.02))


def _render(motion: ArmMotion, t: int, look: _Appearance) -> Floats:
    canvas = look.table.copy()
    shoulder, elbow, wrist = _arm(motion)[t]
    tip = motion.gripper[t]
    # Shadows are soft, so the final size is enough.
    dark = _shadow(motion, t, look.grid[SUPERSAMPLING // 2 :: SUPERSAMPLING, SUPERSAMPLING // 2 :: SUPERSAMPLING])
    canvas *= 1 - 0.42 * dark.repeat(SUPERSAMPLING, 0).repeat(SUPERSAMPLING, 1)[..., None]
    order = np.argsort(motion.things[t, :, 1])
    behind = motion.things[t, order, 1] <= tip[1]
    for index in order[behind]:
        _thing(canvas, look, motion.things[t, index], motion.radii[index], look.things[index])
    _gripper(canvas, look, wrist, tip, motion.direction[t])
    for index in order[~behind]:
        _thing(canvas, look, motion.things[t, index], motion.radii[index], look.things[index])
    _capsule(canvas, look.grid, shoulder, elbow, 0.125, 0.1, look.link)
    _capsule(canvas, look.grid, elbow, wrist, 0.095, 0.07, np.array([0.82, 0.8, 0.76]))
    _capsule(canvas, look.grid, shoulder, shoulder, 0.16, 0.16, look.joint)
    _capsule(canvas, look.grid, elbow, elbow, 0.105, 0.105, look.joint)
    _capsule(canvas, look.grid, wrist, wrist, 0.075, 0.075, look.link)
    return canvas


def _shadow(motion: ArmMotion, t: int, grid: Floats) -> Floats:
    """Compute how dark the table is in the shadows of arm and things, `[S, S]` in [0, 1]; the light is at the upper left."""
    dark = np.zeros(grid.shape[:2])
    points = (motion.shoulder[t], motion.elbow[t], motion.gripper[t])
    fallen = [project(ground + 0.45 * height, 0) for ground, height in zip(points, HEIGHTS, strict=True)]
    for start, end in ((fallen[0], fallen[1]), (fallen[1], fallen[2])):
        _, distance = _along(grid, start, end)
        dark = np.maximum(dark, 1 / (1 + np.exp((distance - 0.09) / 0.03)))
    for place, radius in zip(motion.things[t], motion.radii, strict=True):
        offset = (grid - project(place + 0.06, 0)) / [1, TILT]
        dark = np.maximum(dark, 0.8 / (1 + np.exp((np.linalg.norm(offset, axis=-1) - radius) / 0.02)))
    return dark


def _thing(canvas: Floats, look: _Appearance, place: Floats, radius: float, colour: Floats) -> None:
    """Render a cylinder: its side, lit from the left, then its top."""
    bottom, top = project(place, 0), project(place, THING_HEIGHT)
    part = _around(look.grid, [bottom, top], radius)
    canvas, grid = canvas[part], look.grid[part]
    across = (grid[..., 0] - bottom[0]) / radius
    rim = radius * TILT * np.sqrt(np.maximum(1 - across**2, 0))
    side = (np.abs(across) < 1) & (grid[..., 1] < bottom[1] + rim) & (grid[..., 1] > top[1] - rim)
    canvas[side] = colour * (0.62 - 0.28 * across[side])[:, None]
    lid = np.linalg.norm((grid - top) / [radius, radius * TILT], axis=-1)
    canvas[lid < 1] = colour * 1.05
    canvas[(lid > 0.55) & (lid < 0.7)] = colour * 0.8


def _gripper(canvas: Floats, look: _Appearance, wrist: Floats, tip: Floats, direction: float) -> None:
    """Render a post down to the table and two fingers across the direction of the forearm."""
    across = np.array([-np.sin(direction), np.cos(direction)]) * GRIPPER * 0.8
    forward = np.array([np.cos(direction), np.sin(direction)]) * GRIPPER * 0.6
    palm = project(tip, 0.12)
    _capsule(canvas, look.grid, wrist, palm, 0.05, 0.05, look.joint)
    for sign in (-1, 1):
        knuckle, end = project(tip + sign * across, 0.12), project(tip + sign * across + forward, 0.0)
        _capsule(canvas, look.grid, palm, knuckle, 0.032, 0.032, np.array([0.6, 0.62, 0.66]))
        _capsule(canvas, look.grid, knuckle, end, 0.03, 0.024, np.array([0.6, 0.62, 0.66]))


def _around(grid: Floats, points: list[Floats], margin: float) -> tuple[slice, slice]:
    """Return rows and columns of the pixels within `margin` of the box of some points."""
    pixels = (np.stack(points) + 1) * len(grid) / 2
    low = (pixels.min(0) - margin * len(grid) / 2).astype(int).clip(0)
    high = (pixels.max(0) + margin * len(grid) / 2).astype(int).clip(0) + 2
    return slice(low[1], high[1]), slice(low[0], high[0])


def _along(grid: Floats, start: Floats, end: Floats) -> tuple[Floats, Floats]:
    """Return each pixel's position along a segment, `[S, S]` in [0, 1], and distance from it."""
    axis = end - start
    share = (((grid - start) @ axis) / max(float(axis @ axis), 1e-9)).clip(0, 1)
    return share, np.linalg.norm(grid - start - share[..., None] * axis, axis=-1)


def _capsule(canvas: Floats, grid: Floats, start: Floats, end: Floats, wide: float, narrow: float, colour: Floats) -> None:
    """Render a round bar that narrows from `start` to `end`, with diffuse light and a highlight from its normals."""
    part = _around(grid, [start, end], wide)
    canvas, grid = canvas[part], grid[part]
    share, distance = _along(grid, start, end)
    radius = wide + (narrow - wide) * share
    inside = distance < radius
    flat = (grid - start - share[..., None] * (end - start))[inside] / radius[inside][:, None]
    up = np.sqrt(np.maximum(1 - (flat**2).sum(-1), 0))
    facing = (np.concatenate([flat, up[:, None]], -1) @ (LIGHT / np.linalg.norm(LIGHT))).clip(0, 1)
    canvas[inside] = colour * (0.35 + 0.65 * facing)[:, None] + 0.35 * facing[:, None] ** 12
