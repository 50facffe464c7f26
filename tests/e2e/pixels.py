"""Reads what the tiles show from their canvases."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from playwright.sync_api import Page

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


def tiles(page: Page, row: int = NOW) -> NDArray[np.int16]:
    """Return the non-empty tiles of a row, `[tiles, 32, 32, 3]`: the leading tile first."""
    data = np.array(page.evaluate(READ, row), np.int16)
    return data.reshape(len(data), 32, 32, 4)[..., :3]


def redness(pictures: NDArray[np.int16]) -> NDArray[np.float64]:
    """Return the mean of red minus blue in the middle of each picture, where the face is."""
    middle = pictures[..., 10:22, 10:22, :].astype(np.float64)
    return (middle[..., 0] - middle[..., 2]).mean((-1, -2))
