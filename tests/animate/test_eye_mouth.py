"""Crops of eyes and mouth are cut at the right place and blended back into it."""

from dataclasses import replace

import torch
from torch.nn import functional as F

from backend.animate.compose import blend_crops, compose, crop_grid, identity_grid, picture_grid
from backend.animate.eye_mouth import PART_KEYPOINTS, EyeMouth, locate_crops
from backend.core.types import Keypoints
from tests.animate.test_compose import plain


def tilted(angle: float = 0.3, scale: float = 0.35) -> Keypoints:
    turn = torch.tensor(angle)
    rotation = torch.stack([torch.stack([turn.cos(), -turn.sin()]), torch.stack([turn.sin(), turn.cos()])])
    value = torch.rand(2, 10, 2, generator=torch.Generator().manual_seed(0)) * 0.6 - 0.3
    return Keypoints(value, (scale * rotation).expand(2, 10, 2, 2))


def test_the_two_maps_undo_each_other():
    centres, axes = locate_crops(tilted())
    there, back = crop_grid(centres, axes, 32), picture_grid(centres, axes, 256)
    again = F.grid_sample(back.permute(0, 3, 1, 2), there, align_corners=False).permute(0, 2, 3, 1)
    inner = slice(8, 24)
    assert torch.allclose(again[:, inner, inner], identity_grid(32, 32, again)[inner, inner].expand(6, 16, 16, 2), atol=1e-4)


def test_a_crop_is_upright_in_a_rotated_face():
    face = tilted(angle=torch.pi / 2)
    centres, axes = locate_crops(face)
    assert torch.allclose(
        axes[0, 2], torch.tensor([0.0, 0.35 * 0.95]), atol=1e-6
    )  # the crop's right is the picture's lower side
    assert torch.allclose(centres[0, 2], face.value[0, [5, 6]].mean(0))


def test_blending_a_pictures_own_crops_into_it_leaves_it_unchanged():
    source = torch.Generator().manual_seed(1)
    picture = F.interpolate(torch.rand(2, 3, 8, 8, generator=source), (96, 96), mode="bicubic").clamp(0, 1)
    face, details = tilted(), EyeMouth(120, 64)
    opacity = details.window.expand(2, len(PART_KEYPOINTS), 1, 64, 64)
    centres, axes = locate_crops(face)
    own = replace(plain(), centres=centres, axes=axes, opacity=opacity, colour=opacity * details.cut_crops(picture, face))
    assert blend_crops(own, 96)[0].min() < 0.05  # Something was blended in.
    assert (compose(picture, own) - picture).abs().max() < 0.02


def test_transparent_crops_change_nothing():
    alpha, paint = torch.rand(2, 1, 64, 64), torch.rand(2, 3, 64, 64)
    after, covered = blend_crops(replace(plain(), alpha=alpha, paint=paint), 64)
    assert torch.allclose(after, alpha) and torch.allclose(covered, paint)


def test_the_network_inpaints_each_crop_and_fades_at_its_edge():
    details = EyeMouth(120, 32, channels=8, blocks=1).eval()
    face, picture = tilted(), torch.rand(2, 3, 64, 64)
    share, colour = details(details.cut_crops(picture, face), picture, face, torch.zeros(2, 120))
    assert share.shape == (2, 3, 1, 32, 32) and colour.shape == (2, 3, 3, 32, 32)
    assert share[..., 0].max() < 0.15 and share[..., 16, 16].min() > 0
