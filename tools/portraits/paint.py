"""Paints a person: all materials, lit and blended over each other. Other styles use this painting or its parts."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tools.portraits.light import gloss, hollows, lambert, rim, unit, vignette
from tools.portraits.person import Colour, Layers
from tools.portraits.sculpt import UNIT
from tools.portraits.shape import SIDE, Array, blob, noise, over, soften

LUMA = np.array((0.299, 0.587, 0.114))
"""Weights of red, green and blue in brightness (ITU-R BT.601)."""


@dataclass(frozen=True)
class Lighting:
    """Directions, colours and strengths of the key, fill and rim light, and the share of ambient light."""

    key: tuple[float, float, float] = (-0.55, -0.55, 0.75)
    key_colour: Colour = (1.0, 0.95, 0.88)
    strength: float = 0.85
    fill: tuple[float, float, float] = (0.8, -0.1, 0.6)
    fill_colour: Colour = (0.75, 0.85, 1.0)
    fill_strength: float = 0.25
    ambient: float = 0.30
    rim: tuple[float, float, float] = (0.9, -0.4, 0.0)
    rim_colour: Colour = (0.9, 0.95, 1.0)
    rim_strength: float = 0.35


def lit(normals: Array, lighting: Lighting, wrap: float = 0.25) -> Array:
    """Return the light on a surface with these normals, `[SIDE, SIDE, 3]`; `wrap` as for `lambert`."""
    key = lambert(normals, unit(*lighting.key), wrap)[..., None] * np.array(lighting.key_colour) * lighting.strength
    fill = lambert(normals, unit(*lighting.fill), 0.4)[..., None] * np.array(lighting.fill_colour) * lighting.fill_strength
    edge = rim(normals, unit(*lighting.rim))[..., None] * np.array(lighting.rim_colour) * lighting.rim_strength
    return key + fill + edge + lighting.ambient


def backdrop(colour: Colour, generator: np.random.Generator, strength: float = 0.55, cloud: float = 0.03) -> Array:
    """A painted wall, lighter behind the head and clouded."""
    wall = np.array(colour) * vignette(strength)[..., None] * (1 + cloud * noise(generator, 260))[..., None]
    return wall * (1 + 0.35 * blob(0.5 * SIDE, 0.4 * SIDE, 0.34 * SIDE, 0.34 * SIDE))[..., None]


def skin_colour(layers: Layers, generator: np.random.Generator) -> Array:
    """Return the skin's own colour: warmer on cheeks, nose and ears, darker around the eyes, finely mottled."""
    head, person = layers.head, layers.person
    skin = np.array(person.skin)
    warm = skin * (1.06, 0.82, 0.80)
    picture = np.broadcast_to(skin, (SIDE, SIDE, 3)).copy()
    picture = over(picture, warm, 0.45 * np.clip(head.mask["cheeks"], 0, 1))
    picture = over(picture, warm, 0.40 * head.mask["tip"])
    picture = over(picture, warm, 0.5 * head.mask["ears"] * (1 - head.mask["face"]))
    picture = over(picture, skin * (0.86, 0.80, 0.80), 0.5 * soften(head.mask["lid"], 4))
    return picture * (1 + 0.012 * noise(generator, 40) + 0.008 * noise(generator, 6, 2))[..., None]


def eyes_over(picture: Array, layers: Layers, light: Array) -> Array:
    """Paint eyes, lashes and creases over a picture of skin lit by `light`."""
    head, person = layers.head, layers.person
    white = np.array((0.93, 0.90, 0.88)) * np.clip(light, 0.45, 1.1) * 0.92
    picture = over(picture, white, head.mask["eyes"])
    shade = soften(head.mask["lashes"], 0.016 * UNIT) * head.mask["eyes"]
    iris = np.array(person.iris)
    picture = over(picture, iris * 0.85, head.mask["iris"])
    # Brighter round the pupil, and a dark ring where the iris ends.
    picture = over(picture, iris * 1.7, 0.35 * soften(head.mask["pupil"], 7) * head.mask["iris"])
    picture = over(picture, iris * 0.3, 0.6 * (1 - soften(head.mask["iris"], 2.5)) * head.mask["iris"])
    picture = over(picture, (0.02, 0.02, 0.025), head.mask["pupil"])
    picture = over(picture, (0.12, 0.07, 0.06), np.clip(1.5 * shade, 0, 0.55))
    picture = over(picture, (1.0, 0.99, 0.96), 0.95 * head.mask["shine"])
    dark = np.array(person.skin) * 0.34
    picture = over(picture, dark, 0.75 * head.mask["crease"])
    picture = over(picture, dark, 0.55 * head.mask["lower"])
    return over(picture, np.array(person.hair) * 0.2 + 0.02, 0.95 * head.mask["lashes"])


def mouth_over(picture: Array, layers: Layers, light: Array, shine: Array) -> Array:
    """Paint the lips and the line between them over a picture of skin.

    Args:
        picture: `[SIDE, SIDE, 3]`.
        layers: the person.
        light: on the skin, `[SIDE, SIDE, 3]`.
        shine: highlights `[SIDE, SIDE]`.
    """
    head, lips = layers.head, np.array(layers.person.lips)
    picture = over(picture, lips * 0.82 * light, 0.85 * soften(head.mask["lips_up"], 1.5))
    picture = over(picture, lips * light + 0.35 * shine[..., None], 0.82 * soften(head.mask["lips_low"], 1.5))
    return over(picture, lips * 0.22, 0.9 * head.mask["mouth"])


def hair_over(picture: Array, layers: Layers, lighting: Lighting, part: str) -> Array:
    """Paint hair over a picture.

    Args:
        picture: `[SIDE, SIDE, 3]`.
        layers: the person.
        lighting: the lights.
        part: `front`, `back` or `beard`.
    """
    normals = layers.normals["back" if part == "back" else "front"]
    strands = layers.strands_back if part == "back" else layers.strands
    colour = np.array(layers.person.hair)
    light = lit(normals, lighting, 0.1) * (0.55 if part == "back" else 1.0)
    sheen = gloss(normals, unit(*lighting.key), 14) * (0.3 + 0.7 * np.clip(strands + 0.4, 0, 1))
    shaded = colour * light * (1 + 0.26 * strands)[..., None] + 0.20 * (0.25 + colour) * sheen[..., None]
    return over(picture, np.clip(shaded, 0, 1.2), layers.mask[part])


def brows_over(picture: Array, layers: Layers, share: float = 0.85) -> Array:
    """Paint the brows over a picture of skin."""
    texture = np.clip(0.9 + 0.1 * noise(np.random.default_rng(1), 9, 2), 0, 1)
    return over(picture, np.array(layers.person.hair) * 0.55, share * layers.head.mask["brows"] * texture)


def painting(layers: Layers, lighting: Lighting | None = None, ground: Array | None = None) -> Array:
    """Return the plain painting `[SIDE, SIDE, 3]` in [0, 1].

    Args:
        layers: the person.
        lighting: the lights; daylight by default.
        ground: background `[SIDE, SIDE, 3]`; a painted wall by default.
    """
    lighting = lighting or Lighting()
    generator = np.random.default_rng(layers.person.seed + 1)
    head, person = layers.head, layers.person
    picture = backdrop(person.ground, generator) if ground is None else ground
    picture = hair_over(picture, layers, lighting, "back")
    normals = layers.normals["skin"]
    open_sky = 0.62 + 0.38 * hollows(head.depth)
    open_sky = np.where(head.mask["face"] > 0.5, open_sky, 1.0)
    light = lit(normals, lighting, 0.3) * soften(open_sky, 1.5)[..., None]
    light = light * (1 - 0.55 * layers.mask["under_chin"])[..., None] * (1 - 0.45 * layers.mask["under_hair"])[..., None]
    shine = gloss(normals, unit(*lighting.key), 22) * head.mask["face"]
    base = skin_colour(layers, generator)
    # Light turns red within skin: shadows are warmer than half lights.
    depth_tint = np.clip(light, 0, 1.3) ** np.array((0.86, 1.05, 1.10))
    skin = base * depth_tint + 0.13 * shine[..., None] * np.array(lighting.key_colour)
    cloth = (
        np.array(person.cloth) * lit(layers.normals["cloth"], lighting, 0.2) * (1 + 0.03 * noise(generator, 8, 2))[..., None]
    )
    picture = over(picture, skin, layers.mask["skin"])
    picture = over(picture, cloth, layers.mask["cloth"])
    face = eyes_over(picture, layers, light)
    face = mouth_over(face, layers, light, gloss(normals, unit(*lighting.key), 30))
    face = over(face, np.array(person.skin) * 0.18, 0.8 * head.mask["nostrils"])
    face = brows_over(face, layers)
    picture = hair_over(face, layers, lighting, "beard")
    return np.clip(hair_over(picture, layers, lighting, "front"), 0, 1)


def studio(layers: Layers) -> Array:
    """The plain painting under studio lamps."""
    return painting(layers, Lighting(rim_strength=0.6))
