"""Compose: a pure function of portrait and layers, at any resolution."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from backend.animate.compose import FrameLayers, compose, crop_grid, identity_grid, resize_flow, warp


def picture(size: int, frames: int = 2) -> torch.Tensor:
    return torch.rand(frames, 3, size, size, generator=torch.Generator().manual_seed(0))


def plain(frames: int = 2, flow: int = 16, side: int = 32, crop: int = 16) -> FrameLayers:
    """Layers that leave a portrait as it is, although they apply in full."""
    return FrameLayers(
        fade=torch.ones(frames),
        centres=torch.zeros(frames, 3, 2),
        axes=torch.tensor([0.3, 0.1]).expand(frames, 3, 2),
        offset=torch.zeros(frames, 2, flow, flow),
        alpha=torch.ones(frames, 1, side, side),
        paint=torch.zeros(frames, 3, side, side),
        opacity=torch.zeros(frames, 3, 1, crop, crop),
        colour=torch.zeros(frames, 3, 3, crop, crop),
    )


def wild(frames: int = 2) -> FrameLayers:
    """Layers that change everything."""
    source = torch.Generator().manual_seed(2)
    rand = lambda *shape: torch.rand(*shape, generator=source)
    alpha, opacity = rand(frames, 1, 32, 32), rand(frames, 3, 1, 16, 16)
    return replace(
        plain(frames),
        centres=rand(frames, 3, 2) - 0.5,
        axes=rand(frames, 3, 2) * 0.5 + 0.1,
        offset=rand(frames, 2, 16, 16) - 0.5,
        alpha=alpha,
        paint=(1 - alpha) * rand(frames, 3, 32, 32),
        opacity=opacity,
        colour=opacity * rand(frames, 3, 3, 16, 16),
    )


def by_hand(portrait: np.ndarray, layers: FrameLayers, x: float, y: float) -> np.ndarray:
    """The colour of the first frame at a position in [-1, 1], number by number: what a shader computes."""

    def read(field: torch.Tensor, u: float, v: float, *, outside: bool = False) -> np.ndarray:
        values = field.numpy().astype(np.float64)
        height, width = values.shape[-2:]
        column, row = ((u + 1) * width - 1) / 2, ((v + 1) * height - 1) / 2
        total = np.zeros(values.shape[0])
        for j in (int(np.floor(row)), int(np.floor(row)) + 1):
            for i in (int(np.floor(column)), int(np.floor(column)) + 1):
                weight = (1 - abs(row - j)) * (1 - abs(column - i))
                if outside and not (0 <= i < width and 0 <= j < height):
                    continue
                total += weight * values[:, min(max(j, 0), height - 1), min(max(i, 0), width - 1)]
        return total

    fade = float(layers.fade[0])
    dx, dy = read(layers.offset[0], x, y) * fade
    alpha = 1 - fade * (1 - read(layers.alpha[0], x, y)[0])
    covered = fade * read(layers.paint[0], x, y)
    for part in range(layers.opacity.shape[1]):
        centre, axis = layers.centres[0, part].numpy(), layers.axes[0, part].numpy()
        right, down = x - centre[0], y - centre[1]
        u, v = (np.array([axis[0] * right + axis[1] * down, axis[0] * down - axis[1] * right]) / (axis**2).sum()).tolist()
        opacity = fade * read(layers.opacity[0, part], u, v, outside=True)[0]
        covered = covered * (1 - opacity) + fade * read(layers.colour[0, part], u, v, outside=True)
        alpha *= 1 - opacity
    return alpha * read(torch.from_numpy(portrait), x + dx, y + dy) + covered


def test_the_identity_flow_returns_the_picture():
    portrait = picture(24)
    grid = identity_grid(24, 24, portrait).expand(2, 24, 24, 2)
    assert torch.allclose(warp(portrait, grid), portrait, atol=1e-5)


@pytest.mark.parametrize("size", [32, 48, 96])
def test_layers_without_change_leave_a_portrait_of_any_size_alone(size):
    assert torch.allclose(compose(picture(size), plain()), picture(size), atol=1e-4)


@pytest.mark.parametrize("size", [24, 32, 100])
def test_a_frame_without_fade_is_the_portrait_whatever_the_networks_say(size):
    assert torch.allclose(compose(picture(size), replace(wild(), fade=torch.zeros(2))), picture(size), atol=1e-4)


@pytest.mark.parametrize("fade", [0.3, 1.0])
def test_every_pixel_is_what_the_formula_gives(fade):
    portrait, layers = picture(40), replace(wild(), fade=torch.full((2,), fade))
    frame = compose(portrait, layers)[0].numpy()
    for row, column in ((0, 0), (3, 31), (19, 20), (20, 12), (39, 7), (28, 39)):
        x, y = (column * 2 + 1) / 40 - 1, (row * 2 + 1) / 40 - 1
        assert frame[:, row, column] == pytest.approx(by_hand(portrait[0].numpy(), layers, x, y), abs=1e-4)


def test_alpha_zero_shows_only_the_inpainted_colour():
    layers = replace(plain(), alpha=torch.zeros(2, 1, 32, 32), paint=torch.full((2, 3, 32, 32), 0.3))
    assert torch.allclose(compose(picture(64), layers), torch.tensor(0.3))


def test_crops_keep_their_resolution_in_large_frames():
    """Stripes of one pixel in a crop survive, though alpha and paint are coarse."""
    layers = plain(1)
    stripes = (torch.arange(16) % 2).float().expand(1, 3, 3, 16, 16)
    layers = replace(
        layers, opacity=torch.ones(1, 3, 1, 16, 16), colour=stripes, axes=layers.axes * 0 + torch.tensor([0.25, 0])
    )
    frame = compose(picture(512, 1), layers)
    seen = F.grid_sample(frame, crop_grid(layers.centres, layers.axes, 16)[:1], align_corners=False)
    assert (seen[..., 1::2] - seen[..., ::2]).min() > 0.7


def test_a_constant_shift_stays_constant_when_the_flow_is_resized():
    flow = identity_grid(8, 8, torch.zeros(())).expand(1, 8, 8, 2) + 0.25
    large = resize_flow(flow, 20, 20) - identity_grid(20, 20, flow)
    assert torch.allclose(large, torch.tensor(0.25), atol=1e-6)
