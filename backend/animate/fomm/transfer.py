"""A source picture follows driving pictures: keypoints are found in both, motion carried over, frames rendered."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from backend.animate.fomm.model import Fomm
from backend.animate.transfer import relative
from backend.core.errors import InputError
from backend.core.types import Keypoints

Picture = NDArray[np.uint8]

BATCH = 4
"""Frames rendered at once: the published model holds about half a gigabyte for each."""


def reenact(
    model: Fomm,
    source: Picture,
    driving: Iterable[Picture],
    *,
    size: int | None = None,
    absolute: bool = False,
    batch: int = BATCH,
) -> Iterator[Picture]:
    """Render the source as each driving picture moves.

    Args:
        model: detector and generator.
        source: `[H, W, 3]` uint8; like every picture, its central square is taken and brought to `size`.
        driving: pictures in order; the first is the one that later ones are compared with.
        size: edge of the frames; by default that which the model was trained on (256 for the published ones).
        absolute: take the driver's keypoints as they are instead of their motion since the first picture.
        batch: frames rendered at once.

    Yields:
        `[size, size, 3]` uint8, as many as driving pictures.

    Raises:
        InputError: `size`: the model cannot work at it.
    """
    size = model.config.size if size is None else size
    if size <= 0 or size % model.config.multiple:
        raise InputError("size", f"This model works at multiples of {model.config.multiple} pixels, not at {size}.")
    picture = to_tensor([source], size)
    pictures = iter(driving)
    reference: Keypoints | None = None
    with torch.inference_mode():
        ours, features = model.detect(picture), model.generator.encode(picture)
        while chunk := list(islice(pictures, batch)):
            theirs = model.detect(to_tensor(chunk, size))
            reference = theirs[:1] if reference is None else reference
            moved = theirs if absolute else relative(ours, theirs, reference, turn=torch.eye(2))
            count = len(chunk)
            again = (x.expand(count, *x.shape[1:]) for x in (picture, features, ours.value, ours.jacobian))
            shown, encoded, value, jacobian = again
            frames = model.generator(shown, encoded, Keypoints(value, jacobian), moved)
            yield from (frames * 255).round().byte().permute(0, 2, 3, 1).numpy()


def to_tensor(pictures: Iterable[Picture], size: int) -> Tensor:
    """Central squares of `[H, W, 3]` uint8 pictures -> `[F, 3, size, size]` in [0, 1]."""
    return torch.stack([torch.from_numpy(central_square(picture, size)) for picture in pictures]).permute(0, 3, 1, 2) / 255


def central_square(picture: Picture, size: int) -> Picture:
    """Cut `[H, W, 3]` to its central square and bring it to `[size, size, 3]`."""
    height, width = picture.shape[:2]
    side = min(height, width)
    left, top = (width - side) / 2, (height - side) / 2
    box = (left, top, left + side, top + side)
    return np.array(Image.fromarray(picture).resize((size, size), Image.Resampling.LANCZOS, box))
