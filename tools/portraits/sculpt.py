"""A head as layers: depth, normals and masks of its parts, from the 478 points of one face seen from the front."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from PIL import Image
from scipy.interpolate import RBFInterpolator
from scipy.ndimage import gaussian_filter

from tools.portraits.shape import SIDE, Array, blob, dome, fill, over, smooth, soften, stroke, taper

UNIT = 0.50 * SIDE
"""Pixels from the upper forehead (point 10) to the chin (point 152)."""

EYES = (0.5 * SIDE, 0.45 * SIDE)
"""Pixel position of the middle between the eyes."""

FLATTEN = 0.72
"""Share of the measured depth that is kept: Face Mesh exaggerates it."""

OVAL = [
    10, 338, 297, 332, 284, 251, 389, 356, 454, 323, 361, 288, 397, 365, 379, 378, 400, 377,
    152, 148, 176, 149, 150, 136, 172, 58, 132, 93, 234, 127, 162, 21, 54, 103, 67, 109,
]  # fmt: skip
EYE = {
    "right": ([33, 246, 161, 160, 159, 158, 157, 173, 133], [33, 7, 163, 144, 145, 153, 154, 155, 133]),
    "left": ([263, 466, 388, 387, 386, 385, 384, 398, 362], [263, 249, 390, 373, 374, 380, 381, 382, 362]),
}
BROW = {"right": ([46, 53, 52, 65, 55], [70, 63, 105, 66, 107]), "left": ([276, 283, 282, 295, 285], [300, 293, 334, 296, 336])}
IRIS = {"right": 468, "left": 473}
LIPS_OUTER_UP = [61, 185, 40, 39, 37, 0, 267, 269, 270, 409, 291]
LIPS_OUTER_LOW = [61, 146, 91, 181, 84, 17, 314, 405, 321, 375, 291]
LIPS_INNER_UP = [78, 191, 80, 81, 82, 13, 312, 311, 310, 415, 308]
LIPS_INNER_LOW = [78, 95, 88, 178, 87, 14, 317, 402, 318, 324, 308]


@dataclass
class Head:
    """Layers of `SIDE` pixels.

    Attributes:
        points: `[478, 2]` in pixels.
        depth: `[SIDE, SIDE]` height towards the viewer in pixels, of skin and neck.
        mask: parts in [0, 1]: `face` (with the skull), `neck`, `ears`, `eyes`, `iris`, `pupil`, `lips_up`, `lips_low`,
            `lashes`, `crease`, `nostrils`, `mouth`, `brows`.
        lines: curves `[n, 2]` in pixels: `jaw`, `nose`, and others that a drawing would show.
    """

    points: Array
    depth: Array
    mask: dict[str, Array] = field(default_factory=dict)
    lines: dict[str, Array] = field(default_factory=dict)

    def normals(self, sigma: float = 2.0) -> Array:
        """Unit normals `[SIDE, SIDE, 3]`: x right, y down, z towards the viewer; computed per part to keep seams sharp."""
        skin = normals_of(gaussian_filter(self.depth, sigma))
        neck = normals_of(gaussian_filter(self.mask["neck_depth"], 3))
        ears = normals_of(gaussian_filter(self.mask["ears_depth"], 1.5))
        return over(over(neck, ears, self.mask["ears"]), skin, self.mask["face"])


def normals_of(depth: Array) -> Array:
    """Unit normals `[SIDE, SIDE, 3]` of a height field in pixels."""
    down, right = np.gradient(depth)
    raw = np.dstack([-right, -down, np.ones_like(depth)])
    return raw / np.linalg.norm(raw, axis=-1, keepdims=True)


def sculpt(face: Array, *, neck: float = 0.30, skull: float = 0.24, ears: bool = True, lashes: float = 1.0) -> Head:
    """Build a head.

    Args:
        face: `[478, 3]`, x right, y down, z away from the viewer; the eyes' middle is the origin, 10 and 152 are 1 apart.
        neck: its width over the face's height.
        skull: how far the top of the head lies above point 10, in the same unit.
        ears: whether they are visible.
        lashes: strength of the lash line.
    """
    points = face[:, :2] * UNIT + EYES
    contour = _contour(points, skull)
    head = Head(points, _relief(face, contour))
    skin = fill(smooth(contour, 400))
    head.mask["face"] = skin
    head.lines["head"] = smooth(contour, 400)
    _neck(head, neck)
    _ears(head)
    if not ears:
        head.mask["ears"] = np.zeros_like(skin)
    _eyes(head, lashes)
    _mouth(head)
    _nose(head)
    _brows(head)
    return head


def _contour(points: Array, skull: float) -> Array:
    """The head's outline: the jaw as measured, the skull as an arch above the cheekbones."""
    oval = points[OVAL]
    left, right = points[454], points[234]
    top = points[10] - (0, skull * UNIT)
    jaw = oval[8:29]  # from the left cheekbone round the chin to the right one
    middle, half = (left + right) / 2, (left[0] - right[0]) / 2
    angles = np.radians(np.linspace(0, 180, 15)[1:-1])
    bulge = 1 + 0.07 * np.sin(angles) ** 2
    across = middle[0] - half * bulge * np.sign(np.cos(angles)) * np.abs(np.cos(angles)) ** 0.72
    arch = np.stack([across, middle[1] - (middle[1] - top[1]) * np.sin(angles) ** 0.72], -1)
    return np.vstack([jaw, arch])


def _relief(face: Array, contour: Array) -> Array:
    """Depth of the face: a thin plate through the measured points, rounded off at the outline."""
    points, depth = face[:468, :2] * UNIT + EYES, -FLATTEN * face[:468, 2] * UNIT
    oval = points[OVAL]
    centre = oval.mean(0)
    rings = [(1.12, 0.10), (1.4, 0.36)]
    places = np.vstack([points, *[centre + (oval - centre) * reach for reach, _ in rings]])
    heights = np.concatenate([depth, *[depth[OVAL] - drop * UNIT for _, drop in rings]])
    step = 4
    grid = np.stack(np.meshgrid(np.arange(0, SIDE, step), np.arange(0, SIDE, step)), -1).reshape(-1, 2) + (step - 1) / 2
    plate = RBFInterpolator(places / UNIT, heights / UNIT, smoothing=3e-4)(grid / UNIT) * UNIT
    small = Image.fromarray(plate.reshape(SIDE // step, SIDE // step).astype(np.float32))
    relief = np.asarray(small.resize((SIDE, SIDE), Image.Resampling.BICUBIC), float)
    # Away from the features few points were measured: the plate ripples there.
    features = soften(fill(centre + 0.62 * (oval - centre) + (0, 0.06 * UNIT)), 0.07 * UNIT)
    relief = features * relief + (1 - features) * gaussian_filter(relief, 0.05 * UNIT)
    return relief + dome(fill(smooth(contour, 400)), 0.20 * UNIT)


def _neck(head: Head, width: float) -> None:
    chin = head.points[152]
    half = width * UNIT
    top, bottom = chin[1] - 0.32 * UNIT, float(SIDE + 20)
    x = chin[0]
    sides = [
        (x - half, top),
        (x - 0.96 * half, chin[1] + 0.02 * UNIT),
        (x - 1.02 * half, chin[1] + 0.2 * UNIT),
        (x - 1.7 * half, bottom),
    ]
    right = [(2 * x - px, py) for px, py in sides[::-1]]
    curve = np.vstack([smooth(np.array(sides), 60, closed=False), smooth(np.array(right), 60, closed=False)])
    head.mask["neck"] = fill(curve)
    grid = np.arange(SIDE)
    round_ = np.sqrt(np.clip(1 - ((grid - x) / (1.25 * half)) ** 2, 0, 1)) * half
    base = np.median(head.depth[int(chin[1]) - 30 : int(chin[1]), int(x)]) - 0.45 * UNIT
    depth = np.broadcast_to(base + round_[None], (SIDE, SIDE)).copy()
    # Two cords run from behind the ears to the pit of the throat.
    for side in (-1, 1):
        cord = smooth(
            np.array(
                [
                    (x + side * 0.95 * half, chin[1] - 0.1 * UNIT),
                    (x + side * 0.55 * half, chin[1] + 0.17 * UNIT),
                    (x + side * 0.12 * half, chin[1] + 0.40 * UNIT),
                ]
            ),
            80,
            False,
        )
        depth += soften(stroke(cord, 0.06 * UNIT), 12) * 0.012 * UNIT
    head.mask["neck_depth"] = depth


def _ears(head: Head) -> None:
    total, depth = np.zeros((SIDE, SIDE)), np.zeros((SIDE, SIDE))
    for side, at in ((-1, 234), (1, 454)):
        x, y = head.points[at]
        half = 0.052 * UNIT
        base = np.array([(0.2, -1.9), (1.0, -2.3), (1.7, -1.5), (1.5, 0.2), (0.9, 1.9), (0.1, 2.3), (-0.8, 1.4), (-0.8, -1.0)])
        curve = smooth(base * (side * half, half) + (x + side * 0.15 * half, y + 0.03 * UNIT), 120)
        ear = fill(curve)
        depth += dome(ear, 0.05 * UNIT) - 0.6 * dome(fill(curve * 0.62 + curve.mean(0) * 0.38), 0.05 * UNIT)
        total = np.maximum(total, ear)
        head.lines[f"ear{side}"] = curve
    head.mask["ears"], head.mask["ears_depth"] = total, depth


def _eyes(head: Head, lashes_strength: float) -> None:
    for name in ("eyes", "iris", "pupil", "lashes", "crease", "lower", "shine", "lid"):
        head.mask[name] = np.zeros((SIDE, SIDE))
    for side, (up, low) in EYE.items():
        upper, lower = smooth(head.points[up], 60, False), smooth(head.points[low], 60, False)
        opening = fill(np.vstack([upper, lower[::-1]]))
        width = np.linalg.norm(upper[-1] - upper[0])
        centre = head.points[IRIS[side]]
        radius = 0.25 * width
        middle = np.array([centre[0], (upper[30, 1] + lower[30, 1]) / 2 - 0.035 * width])
        angles = np.linspace(0, 2 * np.pi, 60)
        disc = np.stack([np.cos(angles), np.sin(angles)], -1)
        head.mask["eyes"] = np.maximum(head.mask["eyes"], opening)
        head.mask["iris"] = np.maximum(head.mask["iris"], fill(middle + disc * radius, 1.2) * opening)
        head.mask["pupil"] = np.maximum(head.mask["pupil"], fill(middle + disc * radius * 0.45, 1.2) * opening)
        glint = middle + (-0.35 * radius, -0.4 * radius)
        head.mask["shine"] = np.maximum(head.mask["shine"], fill(glint + disc * radius * 0.22, 1.0) * opening)
        # The lash line is thickest over the outer third and runs a little beyond the corner.
        outward = -1 if side == "right" else 1
        flick = upper[0] + lashes_strength * np.array((outward * 0.07 * width, -0.03 * width))
        lashes = smooth(np.vstack([flick, upper[4::8], upper[-1]]), 90, False)
        head.mask["lashes"] = np.maximum(
            head.mask["lashes"], stroke(lashes, taper(90, (0.045 + 0.03 * lashes_strength) * width, 0.25, 0.1))
        )
        head.lines[f"lash_{side}"] = lashes
        crease = upper * (1, 1) - (0, 0.115 * width)
        crease[:, 1] -= 0.05 * width * np.sin(np.linspace(0, np.pi, 60))
        head.mask["crease"] = np.maximum(head.mask["crease"], stroke(crease[4:-4], taper(52, 0.035 * width), 1.6))
        head.mask["lid"] = np.maximum(head.mask["lid"], soften(fill(np.vstack([upper, crease[::-1]])), 3))
        head.lines[f"crease_{side}"] = crease[4:-4]
        head.mask["lower"] = np.maximum(head.mask["lower"], stroke(lower[6:], taper(54, 0.03 * width), 1.4))
        head.lines[f"lower_{side}"] = lower[:44]


def _mouth(head: Head) -> None:
    p = head.points
    # Closed lips: both inner edges become one line between them.
    seam = (p[LIPS_INNER_UP] + p[LIPS_INNER_LOW]) / 2
    seam = smooth(np.vstack([p[61], seam, p[291]]), 90, False)
    up, low = smooth(p[LIPS_OUTER_UP], 90, False), smooth(p[LIPS_OUTER_LOW], 90, False)
    head.mask["lips_up"] = fill(np.vstack([up, seam[::-1]]), 2.0)
    head.mask["lips_low"] = fill(np.vstack([seam, low[::-1]]), 2.0)
    width = np.linalg.norm(p[61] - p[291])
    head.mask["mouth"] = stroke(seam, taper(90, 0.035 * width, 0.3, 0.3), 1.2)
    head.lines["mouth"], head.lines["lip_up"], head.lines["lip_low"] = seam, up, low
    head.depth += (
        0.018
        * UNIT
        * (dome(head.mask["lips_low"], 0.03 * UNIT) + 0.6 * dome(head.mask["lips_up"], 0.02 * UNIT))
        / (0.03 * UNIT)
    )
    head.depth -= 0.012 * UNIT * soften(head.mask["mouth"], 3)


def _nose(head: Head) -> None:
    p = head.points
    mask = np.zeros((SIDE, SIDE))
    for inner, outer in ((97, 98), (326, 327)):
        centre = 0.45 * p[inner] + 0.55 * p[outer] + (0, -0.006 * UNIT)
        width = 0.40 * np.abs(p[outer][0] - p[2][0])
        tilt = -1 if outer == 98 else 1
        curve = np.array([(-1, 0.15), (-0.2, -0.42), (0.85, -0.1), (0.95, 0.3), (0.1, 0.25)]) * (tilt, 1)
        mask = np.maximum(mask, fill(smooth(curve * (width, width * 0.6) + centre), 2.2))
    head.mask["nostrils"] = mask
    head.lines["nose"] = smooth(p[[129, 98, 97, 2, 326, 327, 358]], 90, False)
    for side, points in (("right", [129, 64, 98]), ("left", [358, 294, 327])):
        head.lines[f"wing_{side}"] = smooth(p[points], 40, False)
    head.mask["cheeks"] = blob(*(0.6 * p[50] + 0.4 * p[205]), 0.085 * UNIT, 0.07 * UNIT) + blob(
        *(0.6 * p[280] + 0.4 * p[425]), 0.085 * UNIT, 0.07 * UNIT
    )
    head.mask["tip"] = blob(*p[4], 0.05 * UNIT, 0.04 * UNIT)


def _brows(head: Head) -> None:
    mask = np.zeros((SIDE, SIDE))
    for side, (low, up) in BROW.items():
        middle = (head.points[low] + head.points[up]) / 2
        line = smooth(middle, 80, False)
        head.lines[f"brow_{side}"] = line
        thick = 0.66 * np.linalg.norm(head.points[low] - head.points[up], axis=1).mean()
        widths = thick * np.interp(np.linspace(0, 1, 80), [0, 0.35, 0.85, 1], [0.22, 0.8, 1.0, 0.72])
        mask = np.maximum(mask, stroke(line, widths, 1.5))
    head.mask["brows"] = mask
