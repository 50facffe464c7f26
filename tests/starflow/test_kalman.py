"""The running level: causal, right about constants and random walks, and calm where nothing moves."""

import pytest
import torch

from backend.starflow.affine import Affine
from backend.starflow.kalman import Level
from backend.starflow.transformer import positions

CHANGE, NOISE = 0.09, 0.2


def walk(frames: int = 24, batch: int = 64, step: float = CHANGE**0.5) -> torch.Tensor:
    """Random walks of 2 x 2 places and 3 channels, seen in noise: `[batch, frames * 4, 3]`."""
    torch.manual_seed(0)
    first = torch.randn(batch, 1, 4, 3)
    steps = step * torch.randn(batch, frames - 1, 4, 3)
    path = torch.cat([first, first + steps.cumsum(1)], 1)
    return (path + NOISE * torch.randn_like(path)).flatten(1, 2)


def level_of(change: float = CHANGE) -> Level:
    level = Level(3, 2, 2, NOISE)
    level.expect(torch.full((3,), change))
    return level


def test_it_knows_only_earlier_frames():
    x = torch.randn(1, 14, 3, requires_grad=True)
    expected = level_of()(x)
    assert expected.level.shape == expected.deviation.shape == x.shape
    assert not expected.level[:, :4].any() and not expected.surprise[:, :4].any()
    for part in (expected.level, expected.deviation, expected.surprise):
        (gradient,) = torch.autograd.grad(part[0, 9].sum(), x, retain_graph=True)
        assert not gradient[0, 8:].any()


def test_the_level_of_a_place_that_stands_still_is_nearer_the_truth_than_its_last_frame():
    torch.manual_seed(0)
    truth = torch.randn(64, 1, 4, 3)
    x = truth + NOISE * torch.randn(64, 24, 4, 3)
    found = level_of()(x.flatten(1, 2)).level.unflatten(1, (24, 4))
    assert (found[:, -1:] - truth).std() < 0.5 * NOISE


def test_a_random_walk_becomes_noise_of_deviation_1_without_memory():
    affine, x = Affine(3, 64, 1, 4, level=level_of()).eval(), walk()
    z, _ = affine(x, positions(24, 2, 2))
    settled = z.unflatten(1, (24, 4))[:, 6:]
    assert settled.std().item() == pytest.approx(1.0, abs=0.05)
    assert (settled[:, 1:] * settled[:, :-1]).mean().abs().item() < 0.08


def test_what_is_calmer_or_livelier_than_usual_is_noticed():
    """The noise of calm clips is all that is left of the deviation; that of lively ones covers their steps."""
    calm, lively = (level_of()(walk(step=step)).deviation[:, -4:].mean().item() for step in (0.0, 0.5))
    assert calm < 1.25 * NOISE
    assert lively == pytest.approx((0.25 + NOISE**2) ** 0.5, rel=0.25)


def test_one_place_can_move_while_the_others_rest():
    level = Level(3, 1, 8, NOISE)
    level.expect(torch.full((3,), CHANGE))
    torch.manual_seed(0)
    path = torch.zeros(32, 24, 8, 3)
    path[:, :, 0] = (CHANGE**0.5 * torch.randn(32, 24, 3)).cumsum(1)
    x = (path + NOISE * torch.randn_like(path)).flatten(1, 2)
    deviation = level(x).deviation.unflatten(1, (24, 8))[:, -1].mean((0, 2))
    assert deviation[0] > 1.2 * deviation[4]


def test_however_lively_it_gets_it_does_not_burst():
    """What follows its own deviations, doubled, stays bounded."""
    torch.manual_seed(0)
    level, x = level_of(), torch.randn(8, 4, 3)
    for _ in range(40):
        expected = level(torch.cat([x, torch.zeros(8, 4, 3)], 1))
        drawn = expected.level[:, -4:] + 2 * expected.deviation[:, -4:] * torch.randn(8, 4, 3)
        x = torch.cat([x, drawn], 1)
    assert expected.deviation[:, -4:].max() < 0.7


def test_tokens_told_by_their_deviations_are_the_tokens():
    """Wherever known ones end, in the middle of a frame too, and however the way is cut."""
    level, x = level_of(), walk(frames=6, batch=2)
    expected = level(x)
    apart = (x - expected.level) / expected.deviation
    for known in (0, 4, 9, 24):
        walked = level.walk(level.begin(x), x[:, :known], apart[:, known:])
        assert torch.allclose(walked.x, x, atol=1e-5)
        assert torch.allclose(walked.expected.deviation, expected.deviation, atol=1e-5)
        assert walked.followed.frames == 6 and walked.begun.shape[1] == 0
    first = level.walk(level.begin(x), x[:, :10], x[:, :0])
    assert first.followed.frames == 2 and torch.equal(first.begun, x[:, 8:10])
    second = level.walk(first.followed, first.begun, apart[:, 10:])
    assert torch.allclose(second.x, x[:, 8:], atol=1e-5)
    assert torch.allclose(second.expected.last(14).surprise, expected.surprise[:, 10:], atol=1e-5)
