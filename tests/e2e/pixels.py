"""Reads what the tiles show from their canvases."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from playwright.sync_api import Page

from tests.e2e.conftest import wait_for_sheets

READ = """row => [...document.querySelectorAll(
  `.tile-row:nth-child(${row}) .tile:not(.empty) canvas:not(.fan)`
)].map(canvas => {
  const small = document.createElement('canvas');
  small.width = small.height = 32;
  const context = small.getContext('2d');
  context.drawImage(canvas, 0, 0, 32, 32);
  return [...context.getImageData(0, 0, 32, 32).data];
})"""

NOW, PAST = 1, 2
MAX_LOOKS = 24
STILL = 0.2
"""Grey levels by which a tile that stands still may change."""


def tiles(page: Page, row: int = NOW) -> NDArray[np.int16]:
    """Return the non-empty tiles of a row, `[tiles, 32, 32, 3]`: the leading tile first."""
    data = np.array(page.evaluate(READ, row), np.int16)
    return data.reshape(len(data), 32, 32, 4)[..., :3]


def motion(page: Page) -> NDArray[np.float64]:
    """Return how much each tile moves, `[tiles]` in grey levels, after every one has moved or `MAX_LOOKS` looks.

    On a busy machine the server draws futures at few of the sheets.
    """
    change, seen = np.zeros(1), [tiles(page)]
    while not (change > STILL).all() and len(seen) < MAX_LOOKS:
        wait_for_sheets(page, 2)
        seen.append(tiles(page))
        change = np.stack(seen).astype(float).std(0).mean((-1, -2, -3))
    return change


def redness(pictures: NDArray[np.int16]) -> NDArray[np.float64]:
    """Return the mean of red minus blue in the middle of each picture, where the face is."""
    middle = pictures[..., 10:22, 10:22, :].astype(np.float64)
    return (middle[..., 0] - middle[..., 2]).mean((-1, -2))
