"""Reenactment: detects keypoints in source and driving pictures, transfers the motion and renders the frames."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from backend.animate.fomm.model import Fomm
from backend.animate.transfer import transfer_motion
from backend.core.errors import InputError
from backend.core.types import Keypoints, Picture

BATCH = 4
"""Frames rendered at once: the published model needs about half a gigabyte for each."""


def reenact(
    model: Fomm,
    source: Picture,
    driving: Iterable[Picture],
    *,
    size: int | None = None,
    absolute: bool = False,
    batch: int = BATCH,
) -> Iterator[Picture]:
    """Render the source with the motion of the driving pictures.

    Args:
        model: detector and generator.
        source: `[H, W, 3]`; the central square of every picture is resized to `size`.
        driving: pictures in order; the first one is the reference.
        size: side of the frames in pixels; by default that of the training pictures (256 for the published models).
        absolute: use the driver's keypoints themselves instead of their motion since the reference.
        batch: frames rendered at once.

    Yields:
        A frame `[size, size, 3]` for each driving picture.

    Raises:
        InputError: `size`: the model cannot work at this size.
    """
    size = model.config.size if size is None else size
    if size <= 0 or size % model.config.multiple:
        raise InputError("size", f"This model works at multiples of {model.config.multiple} pixels, not at {size}.")
    picture = to_tensor([source], size)
    pictures = iter(driving)
    reference: Keypoints | None = None
    with torch.inference_mode():
        own, features = model.detect(picture), model.generator.encode(picture)
        while chunk := list(islice(pictures, batch)):
            detected = model.detect(to_tensor(chunk, size))
            reference = detected[:1] if reference is None else reference
            moved = detected if absolute else transfer_motion(own, detected, reference, rotation=torch.eye(2))
            count = len(chunk)
            sources, encoded, value, jacobian = (
                x.expand(count, *x.shape[1:]) for x in (picture, features, own.value, own.jacobian)
            )
            frames = model.generator(sources, encoded, Keypoints(value, jacobian), moved)
            yield from (frames * 255).round().byte().permute(0, 2, 3, 1).numpy()


def to_tensor(pictures: Iterable[Picture], size: int) -> Tensor:
    """Return the central squares of pictures `[H, W, 3]` as `[F, 3, size, size]` in [0, 1]."""
    return torch.stack([torch.from_numpy(central_square(picture, size)) for picture in pictures]).permute(0, 3, 1, 2) / 255


def central_square(picture: Picture, size: int) -> Picture:
    """Resize the central square of `[H, W, 3]` to `[size, size, 3]`."""
    height, width = picture.shape[:2]
    side = min(height, width)
    left, top = (width - side) / 2, (height - side) / 2
    box = (left, top, left + side, top + side)
    return np.array(Image.fromarray(picture).resize((size, size), Image.Resampling.LANCZOS, box))
