"""Close-ups of eyes and lips: where they are cut, and that they land where they were cut."""

import torch
from torch.nn import functional as F

from backend.animate.compose import compose, identity_grid
from backend.animate.eye_mouth import PARTS, Details, crop_grid, frames_of, lay_over, picture_grid
from backend.core.types import Keypoints


def tilted(angle: float = 0.3, scale: float = 0.35) -> Keypoints:
    turn = torch.tensor(angle)
    rotation = torch.stack([torch.stack([turn.cos(), -turn.sin()]), torch.stack([turn.sin(), turn.cos()])])
    value = torch.rand(2, 10, 2, generator=torch.Generator().manual_seed(0)) * 0.6 - 0.3
    return Keypoints(value, (scale * rotation).expand(2, 10, 2, 2))


def test_the_two_maps_undo_each_other():
    centres, axes = frames_of(tilted())
    there, back = crop_grid(centres, axes, 32), picture_grid(centres, axes, 256)
    again = F.grid_sample(back.permute(0, 3, 1, 2), there, align_corners=False).permute(0, 2, 3, 1)
    inner = slice(8, 24)
    assert torch.allclose(again[:, inner, inner], identity_grid(32, 32, again)[inner, inner].expand(6, 16, 16, 2), atol=1e-4)


def test_a_crop_is_upright_in_a_tilted_face():
    face = tilted(angle=torch.pi / 2)
    centres, axes = frames_of(face)
    assert torch.allclose(
        axes[0, 2], torch.tensor([0.0, 0.35 * 0.95]), atol=1e-6
    )  # the crop's right is the picture's lower side
    assert torch.allclose(centres[0, 2], face.value[0, [5, 6]].mean(0))


def test_crops_of_a_picture_laid_over_it_leave_it_as_it_is():
    picture = F.interpolate(torch.rand(2, 3, 8, 8, generator=torch.Generator().manual_seed(1)), (96, 96), mode="bicubic").clamp(
        0, 1
    )
    face, details = tilted(), Details(120, 64)
    colour = details.look(picture, face)
    share = details.window.expand(2, len(PARTS), 1, 64, 64)
    alpha, paint = lay_over(torch.ones(2, 1, 96, 96), torch.zeros(2, 3, 96, 96), share, colour, face)
    assert alpha.min() < 0.05  # something was laid over
    flow = identity_grid(96, 96, picture).expand(2, 96, 96, 2)
    assert (compose(picture, flow, alpha, paint) - picture).abs().max() < 0.02


def test_paint_that_covers_nothing_changes_nothing():
    alpha, paint = torch.rand(2, 1, 64, 64) * 0.9, torch.rand(2, 3, 64, 64)
    none = torch.zeros(2, 3, 1, 32, 32)
    after, colour = lay_over(alpha, paint, none, torch.rand(2, 3, 3, 32, 32), tilted())
    assert torch.allclose(after, alpha)
    assert torch.allclose(colour, paint, atol=1e-4)


def test_the_network_paints_each_crop_and_fades_at_its_edge():
    details = Details(120, 32, channels=8, blocks=1).eval()
    face, picture = tilted(), torch.rand(2, 3, 64, 64)
    share, colour = details(details.look(picture, face), picture, face, torch.zeros(2, 120))
    assert share.shape == (2, 3, 1, 32, 32) and colour.shape == (2, 3, 3, 32, 32)
    assert share[..., 0].max() < 0.15 and share[..., 16, 16].min() > 0
