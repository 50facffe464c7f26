"""The Kalman filter: causal, right about constants and random walks, stable."""

import pytest
import torch

from backend.starflow.affine import Affine
from backend.starflow.kalman import KalmanFilter
from backend.starflow.transformer import token_positions

CHANGE, NOISE = 0.09, 0.2


def walk(frames: int = 24, batch: int = 64, step: float = CHANGE**0.5) -> torch.Tensor:
    """Random walks of 2 x 2 places and 3 channels, seen in noise: `[batch, frames * 4, 3]`."""
    torch.manual_seed(0)
    first = torch.randn(batch, 1, 4, 3)
    steps = step * torch.randn(batch, frames - 1, 4, 3)
    path = torch.cat([first, first + steps.cumsum(1)], 1)
    return (path + NOISE * torch.randn_like(path)).flatten(1, 2)


def kalman_filter(change: float = CHANGE) -> KalmanFilter:
    kalman = KalmanFilter(3, 2, 2, NOISE)
    kalman.set_change_variance(torch.full((3,), change))
    return kalman


def test_a_prediction_depends_on_earlier_frames_only():
    x = torch.randn(1, 14, 3, requires_grad=True)
    prediction = kalman_filter()(x)
    assert prediction.mean.shape == prediction.std.shape == x.shape
    assert not prediction.mean[:, :4].any() and not prediction.innovation[:, :4].any()
    for part in (prediction.mean, prediction.std, prediction.innovation):
        (gradient,) = torch.autograd.grad(part[0, 9].sum(), x, retain_graph=True)
        assert not gradient[0, 8:].any()


def test_where_nothing_moves_the_mean_is_nearer_the_truth_than_the_last_frame():
    torch.manual_seed(0)
    truth = torch.randn(64, 1, 4, 3)
    x = truth + NOISE * torch.randn(64, 24, 4, 3)
    found = kalman_filter()(x.flatten(1, 2)).mean.unflatten(1, (24, 4))
    assert (found[:, -1:] - truth).std() < 0.5 * NOISE


def test_a_random_walk_becomes_white_noise_of_standard_deviation_1():
    affine, x = Affine(3, 64, 1, 4, kalman=kalman_filter()).eval(), walk()
    z, _ = affine(x, token_positions(24, 2, 2))
    later = z.unflatten(1, (24, 4))[:, 6:]
    assert later.std().item() == pytest.approx(1.0, abs=0.05)
    assert (later[:, 1:] * later[:, :-1]).mean().abs().item() < 0.08


def test_the_variance_adapts_to_smaller_and_larger_changes_than_usual():
    """Without any change only the noise is left of the standard deviation; otherwise it covers the steps."""
    still, moving = (kalman_filter()(walk(step=step)).std[:, -4:].mean().item() for step in (0.0, 0.5))
    assert still < 1.25 * NOISE
    assert moving == pytest.approx((0.25 + NOISE**2) ** 0.5, rel=0.25)


def test_the_variance_is_larger_only_where_something_moves():
    kalman = KalmanFilter(3, 1, 8, NOISE)
    kalman.set_change_variance(torch.full((3,), CHANGE))
    torch.manual_seed(0)
    path = torch.zeros(32, 24, 8, 3)
    path[:, :, 0] = (CHANGE**0.5 * torch.randn(32, 24, 3)).cumsum(1)
    x = (path + NOISE * torch.randn_like(path)).flatten(1, 2)
    std = kalman(x).std.unflatten(1, (24, 8))[:, -1].mean((0, 2))
    assert std[0] > 1.2 * std[4]


def test_the_variance_stays_bounded_when_samples_feed_it():
    """Even samples of twice the predicted standard deviation."""
    torch.manual_seed(0)
    kalman, x = kalman_filter(), torch.randn(8, 4, 3)
    for _ in range(40):
        prediction = kalman(torch.cat([x, torch.zeros(8, 4, 3)], 1))
        sampled = prediction.mean[:, -4:] + 2 * prediction.std[:, -4:] * torch.randn(8, 4, 3)
        x = torch.cat([x, sampled], 1)
    assert prediction.std[:, -4:].max() < 0.7


def test_tokens_given_by_their_residuals_are_the_tokens():
    """Wherever the known ones end, in the middle of a frame too, and in one call or two."""
    kalman, x = kalman_filter(), walk(frames=6, batch=2)
    prediction = kalman(x)
    residuals = (x - prediction.mean) / prediction.std
    for known in (0, 4, 9, 24):
        filtered = kalman.filter(kalman.initial_state(x), x[:, :known], residuals[:, known:])
        assert torch.allclose(filtered.tokens, x, atol=1e-5)
        assert torch.allclose(filtered.prediction.std, prediction.std, atol=1e-5)
        assert filtered.state.frames == 6 and filtered.partial.shape[1] == 0
    first = kalman.filter(kalman.initial_state(x), x[:, :10], x[:, :0])
    assert first.state.frames == 2 and torch.equal(first.partial, x[:, 8:10])
    second = kalman.filter(first.state, first.partial, residuals[:, 10:])
    assert torch.allclose(second.tokens, x[:, 8:], atol=1e-5)
    assert torch.allclose(second.prediction.last(14).innovation, prediction.innovation[:, 10:], atol=1e-5)
