"""The six invented people of the bundled portraits."""

from __future__ import annotations

from tools.portraits.hairdos import afro, bob, receding, short_beard, updo, waves
from tools.portraits.person import Person

AMARA = Person(
    (0.3, 0.6, 0.4, -0.5, 0.2),
    skin=(0.46, 0.28, 0.19),
    hair=(0.10, 0.075, 0.07),
    lips=(0.50, 0.20, 0.19),
    iris=(0.20, 0.11, 0.06),
    cloth=(0.86, 0.58, 0.16),
    ground=(0.10, 0.38, 0.40),
    hairdo=afro,
    seed=1,
    eyes=1.25,
    smile=0.014,
    neck=0.245,
    jaw=0.96,
    collar=0.78,
)
BRAM = Person(
    (0.9, -0.9, -0.8, -0.8, 0.4),
    skin=(0.86, 0.62, 0.50),
    hair=(0.42, 0.20, 0.09),
    lips=(0.68, 0.36, 0.32),
    iris=(0.25, 0.36, 0.40),
    cloth=(0.16, 0.15, 0.17),
    ground=(0.24, 0.19, 0.13),
    hairdo=short_beard,
    seed=2,
    eyes=1.25,
    lashes=0.2,
    neck=0.31,
)
MEI = Person(
    (-0.5, 1.2, 0.5, 0.8, 0.0, -0.5),
    skin=(0.96, 0.80, 0.68),
    hair=(0.11, 0.10, 0.16),
    lips=(0.82, 0.25, 0.27),
    iris=(0.20, 0.12, 0.09),
    cloth=(0.20, 0.38, 0.62),
    ground=(0.97, 0.71, 0.33),
    hairdo=bob,
    seed=3,
    eyes=1.25,
    jaw=0.92,
    neck=0.22,
    smile=0.016,
    ears=False,
)
LIVIA = Person(
    (-0.9, 0.4, 1.2, 0.3, 0.6),
    skin=(0.93, 0.92, 0.90),
    hair=(0.93, 0.92, 0.90),
    lips=(0.93, 0.92, 0.90),
    iris=(0.9, 0.9, 0.9),
    cloth=(0.93, 0.92, 0.90),
    ground=(0.13, 0.15, 0.19),
    hairdo=updo,
    seed=4,
    eyes=1.15,
    jaw=0.95,
    neck=0.25,
)
OTTO = Person(
    (-0.2, -1.2, -1.2, 0.4, -0.8, 0.8),
    skin=(0.88, 0.70, 0.60),
    hair=(0.62, 0.60, 0.58),
    lips=(0.70, 0.42, 0.38),
    iris=(0.3, 0.34, 0.38),
    cloth=(0.30, 0.28, 0.28),
    ground=(0.80, 0.78, 0.72),
    hairdo=receding,
    seed=5,
    eyes=1.2,
    lashes=0.2,
    neck=0.29,
    brow=0.97,
)
CARLA = Person(
    (0.5, 0.2, 0.8, -1.2, -0.3, -0.6),
    skin=(0.80, 0.56, 0.42),
    hair=(0.28, 0.14, 0.09),
    lips=(0.74, 0.22, 0.24),
    iris=(0.28, 0.30, 0.16),
    cloth=(0.72, 0.16, 0.22),
    ground=(0.62, 0.66, 0.72),
    hairdo=waves,
    seed=6,
    eyes=1.15,
    smile=0.022,
    neck=0.235,
    ears=False,
)
