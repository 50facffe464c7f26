"""Pseudo-keypoints: where they begin, and how they follow the face."""

import torch

from backend.animate.pseudo_keypoints import REST_POSITIONS, PseudoKeypoints
from backend.core.types import Keypoints


def face(shift: float = 0.0, scale: float = 0.3) -> Keypoints:
    value = (torch.linspace(-0.4, 0.4, 10)[:, None] * torch.tensor([1.0, -1.0]) + shift)[None]
    return Keypoints(value, (scale * torch.eye(2)).expand(1, 10, 2, 2))


def test_untrained_pseudo_keypoints_lie_in_their_places_around_the_face():
    found = PseudoKeypoints(10)(face())
    assert torch.allclose(found.value[0], 0.3 * torch.tensor(REST_POSITIONS), atol=1e-6)
    assert torch.allclose(found.jacobian[0], 0.3 * torch.eye(2).expand(6, 2, 2))


def test_hair_moves_with_the_head_and_shoulders_in_part():
    pseudo_keypoints = PseudoKeypoints(10)
    moved = (pseudo_keypoints(face(0.1)).value - pseudo_keypoints(face()).value)[0, :, 0]
    assert torch.allclose(moved, torch.tensor([0.1, 0.1, 0.1, 0.07, 0.04, 0.04]), atol=1e-6)


def test_positions_stay_in_float32_under_autocast_and_in_half_weights():
    pseudo_keypoints = PseudoKeypoints(10).bfloat16()
    with torch.autocast("cpu", torch.bfloat16):
        near, nearer = pseudo_keypoints(face(0.1)), pseudo_keypoints(face(0.1001))
    assert near.value.dtype == torch.float32
    assert torch.allclose((nearer.value - near.value)[0, 0, 0], torch.tensor(1e-4), rtol=0.02)
