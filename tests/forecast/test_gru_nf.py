import json
import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.torch import load_file, save_file

from backend.core.errors import ModelError
from backend.forecast.gru_nf import Forecaster, ForecasterConfig
from backend.forecast.refine import Refinement
from backend.forecast.state import ForecastState
from backend.forecast.steps import MotionStatistics

SMALL = ForecasterConfig(features=12, hidden=16, layers=2, blocks=3, block_hidden=16, mean_frames=5)


def random_forecaster(seed=0, config=SMALL):
    generator = torch.Generator().manual_seed(seed)
    forecaster = Forecaster(config)
    for parameter in forecaster.parameters():
        if parameter.requires_grad:
            parameter.data = torch.randn(parameter.shape, generator=generator) * 0.15
    d = config.features
    mix = torch.randn(d, d, generator=generator) * 0.2 + torch.eye(d)
    positive = [torch.rand(d, generator=generator) + 0.5 for _ in range(3)]
    forecaster.set_statistics(MotionStatistics(torch.randn(d, generator=generator), *positive, mix))
    return forecaster.requires_grad_(False).eval()


@pytest.fixture
def forecaster():
    return random_forecaster()


@pytest.fixture
def frames():
    return torch.randn(3, 11, 12, generator=torch.Generator().manual_seed(1)).cumsum(1) * 0.2


def assert_same_state(left, right):
    for name in ("h", "frame", "mean", "count", "step", "energy"):
        torch.testing.assert_close(getattr(left, name), getattr(right, name), rtol=1e-4, atol=1e-5)


@settings(max_examples=10, deadline=None)
@given(st.integers(1, 12), st.integers(1, 4), st.integers(0, 50))
def test_streaming_frame_by_frame_equals_the_whole_sequence_at_once(length, batch, seed):
    forecaster = random_forecaster(seed)
    frames = torch.randn(batch, length, 12, generator=torch.Generator().manual_seed(seed))
    state = forecaster.start(batch)
    for frame in frames.unbind(1):
        state = forecaster.step(state, frame)
    assert_same_state(state, forecaster.observe(frames))


def test_streams_in_one_batch_do_not_touch_each_other(forecaster, frames):
    together = forecaster.observe(frames)
    alone = ForecastState.cat([forecaster.observe(frames[row : row + 1]) for row in range(3)])
    assert_same_state(together, alone)
    assert_same_state(ForecastState.cat(together.split()), together)


def test_streams_of_different_ages_share_a_batch(forecaster, frames):
    young, old = forecaster.observe(frames[:1, :1]), forecaster.observe(frames[1:2, :9])
    fresh = forecaster.start(1)
    after = forecaster.step(ForecastState.cat([young, old, fresh]), frames[:, 9])
    alone = [forecaster.step(state, frames[row : row + 1, 9]) for row, state in enumerate((young, old, fresh))]
    assert_same_state(after, ForecastState.cat(alone))


def test_a_state_is_not_changed_by_forecasting_from_it(forecaster, frames):
    state = forecaster.observe(frames)
    before = [tensor.clone() for tensor in (state.h, state.frame, state.mean, state.count)]
    forecaster.sample(state, 4, 6, torch.Generator().manual_seed(0), Refinement())
    assert all(torch.equal(a, b) for a, b in zip(before, (state.h, state.frame, state.mean, state.count), strict=True))


@pytest.mark.parametrize("refine", [None, Refinement(steps=2, step_size=0.3)])
@pytest.mark.parametrize(("k", "horizon"), [(1, 4), (5, 7)])
def test_a_forecast_has_k_finite_paths_of_the_horizon(forecaster, frames, refine, k, horizon):
    forecast = forecaster.sample(forecaster.observe(frames), k, horizon, torch.Generator().manual_seed(0), refine)
    assert forecast.paths.shape == (3, k, horizon, 12)
    assert torch.isfinite(forecast.paths).all()
    assert (forecast.acceptance is None) == (refine is None)
    assert refine is None or (forecast.acceptance.shape == (3, k) and 0 < forecast.acceptance.mean() <= 1)


def test_one_seed_gives_one_forecast_and_another_seed_another(forecaster, frames):
    state = forecaster.observe(frames)
    paths = [forecaster.sample(state, 3, 5, torch.Generator().manual_seed(seed), Refinement()).paths for seed in (0, 0, 1)]
    assert torch.equal(paths[0], paths[1])
    assert not torch.equal(paths[0], paths[2])


def test_futures_differ_from_each_other(forecaster, frames):
    paths = forecaster.sample(forecaster.observe(frames), 6, 5, torch.Generator().manual_seed(0)).paths
    assert torch.pdist(paths[0].flatten(1)).min() > 0.1


def test_with_0_steps_gru_snf_is_gru_nf_and_with_tiny_ones_nearly(forecaster, frames):
    state = forecaster.observe(frames)
    plain = forecaster.sample(state, 3, 5, torch.Generator().manual_seed(0)).paths
    zero = forecaster.sample(state, 3, 5, torch.Generator().manual_seed(0), Refinement(steps=0))
    tiny = forecaster.sample(state, 3, 5, torch.Generator().manual_seed(0), Refinement(steps=2, step_size=1e-7)).paths
    assert torch.equal(plain, zero.paths) and zero.acceptance is None
    torch.testing.assert_close(plain, tiny, atol=1e-4, rtol=1e-4)


def test_at_temperature_zero_all_futures_are_one(forecaster, frames):
    paths = forecaster.sample(forecaster.observe(frames), 4, 5, torch.Generator().manual_seed(0), temperature=0.0).paths
    assert (paths - paths[:, :1]).abs().max() < 1e-5


def test_each_path_goes_on_from_its_own_past(forecaster, frames):
    """Feeding a path's first frames back as observations gives the state its later frames were drawn from."""
    state = forecaster.observe(frames[:1])
    noise = torch.randn(4, 2, 12, generator=torch.Generator().manual_seed(0))
    paths = forecaster.rollout(state.expand(2), noise)
    for k in range(2):
        own = state
        for frame in paths[k, :2]:
            own = forecaster.step(own, frame[None])
        torch.testing.assert_close(forecaster.rollout(own, noise[2:, k : k + 1])[0], paths[k, 2:], rtol=1e-3, atol=1e-4)


def test_more_consistency_pulls_the_futures_together(forecaster, frames):
    state = forecaster.observe(frames)
    width = [
        forecaster.sample(state, 32, 1, torch.Generator().manual_seed(0), Refinement(8, 0.3, beta)).paths.std(1).mean().item()
        for beta in (0.0, 4.0)
    ]
    assert width[1] < 0.8 * width[0]


def test_log_prob_is_that_of_the_standardised_difference_by_change_of_variables(forecaster, frames):
    state = forecaster.observe(frames[:, :-1])
    difference = (frames[:, -1] - state.frame) / forecaster.step_std
    given_state = forecaster.condition(state.h)
    operator = forecaster.whiten * forecaster.step_std[:, None]
    expected = given_state.log_prob(difference @ operator) + torch.linalg.slogdet(operator)[1]
    torch.testing.assert_close(forecaster.log_prob(state, frames[:, -1]), expected, rtol=1e-3, atol=1e-3)


def test_surprise_is_the_share_of_training_frames_with_a_higher_density(forecaster, frames):
    state = forecaster.observe(frames[:, :-1])
    surprise = -forecaster.log_prob(state, frames[:, -1])
    forecaster.surprise_quantiles.copy_(torch.linspace(surprise[0].item() - 0.25, surprise[0].item() + 0.75, 101))
    assert forecaster.surprise(state, frames[:, -1])[0].item() == pytest.approx(0.25, abs=0.011)
    assert forecaster.surprise(state, frames[:, -1] + 100).tolist() == [1.0, 1.0, 1.0]


def test_saving_and_loading_keeps_the_forecast_to_half_precision(forecaster, frames, tmp_path):
    forecaster.save(tmp_path / "model", {"seed": 7})
    loaded = Forecaster.load(tmp_path / "model")
    config = json.loads((tmp_path / "model" / "config.json").read_text())
    assert config["seed"] == 7 and config["architecture"]["features"] == 12
    paths = [f.sample(f.observe(frames), 3, 4, torch.Generator().manual_seed(0)).paths for f in (forecaster, loaded)]
    torch.testing.assert_close(*paths, atol=0.02, rtol=0.02)
    assert torch.equal(forecaster.step_std, loaded.step_std)


def test_a_missing_model_says_how_to_make_one(tmp_path):
    with pytest.raises(ModelError) as caught:
        Forecaster.load(tmp_path)
    assert caught.value.code == "forecaster_missing" and "train" in caught.value.hint


@pytest.mark.parametrize("damage", ["weights", "config", "architecture"])
def test_a_damaged_model_is_refused_in_words(forecaster, tmp_path, damage):
    forecaster.save(tmp_path)
    if damage == "weights":
        (tmp_path / "weights.safetensors").write_bytes(b"nonsense")
    elif damage == "config":
        (tmp_path / "config.json").write_text("{")
    else:
        (tmp_path / "config.json").write_text(json.dumps({"architecture": {"features": 18}}))
    with pytest.raises(ModelError) as caught:
        Forecaster.load(tmp_path)
    assert caught.value.code == "forecaster_damaged"
    assert len(str(caught.value)) < 300 + len(str(tmp_path)) and "\n" not in str(caught.value)


def test_a_model_with_a_weight_that_is_not_a_number_is_refused(forecaster, tmp_path):
    forecaster.save(tmp_path)
    tensors = load_file(tmp_path / "weights.safetensors")
    tensors["moments.bias"][0] = torch.nan
    save_file(tensors, tmp_path / "weights.safetensors")
    with pytest.raises(ModelError, match=r"moments\.bias holds NaN"):
        Forecaster.load(tmp_path)


def test_a_rollout_passes_gradients_to_every_trained_weight():
    forecaster = random_forecaster().requires_grad_(True)
    forecaster.moments.requires_grad_(False)
    frames = torch.randn(2, 4, 12, generator=torch.Generator().manual_seed(0))
    noise = torch.randn(3, 2, 12, generator=torch.Generator().manual_seed(1))
    forecaster.rollout(forecaster.observe(frames), noise).square().sum().backward()
    missing = {name for name, parameter in forecaster.named_parameters() if parameter.grad is None or not parameter.grad.any()}
    assert missing == {"moments.weight", "moments.bias"}
    assert all(math.isfinite(parameter.grad.sum()) for parameter in forecaster.parameters() if parameter.grad is not None)


def test_freezing_changes_no_forecast_and_no_density(frames):
    live, frozen = random_forecaster(), random_forecaster().freeze()
    state = live.observe(frames[:, :-1])
    paths = [f.sample(state, 3, 4, torch.Generator().manual_seed(0), Refinement()).paths for f in (live, frozen)]
    torch.testing.assert_close(*paths)
    torch.testing.assert_close(live.log_prob(state, frames[:, -1]), frozen.log_prob(state, frames[:, -1]))
    assert not any(parameter.requires_grad for parameter in frozen.parameters())
