"""Whole paths at once: their distribution, their noise, their refinement, and futures longer than one pass."""

import pytest
import torch

from backend.core.errors import ModelError
from backend.forecast.gru_nf import Forecaster, ForecasterConfig
from backend.forecast.joint import JointForecaster, joint_context
from backend.forecast.joint_flow import JointConfig, JointFlow
from backend.forecast.noise import RolloutNoise
from backend.forecast.refine import Refinement

D, T, Z = 12, 6, 10
CONFIG = ForecasterConfig(
    features=D, hidden=8, blocks=2, block_hidden=8, joint=JointConfig(steps=T, slow=Z, blocks=3, block_hidden=16)
)


def walks(count, length, seed=0):
    random = torch.Generator().manual_seed(seed)
    mix = torch.randn(D, D, generator=random)
    return torch.randn(count, length, D, generator=random).cumsum(1) @ mix * 0.1


@pytest.fixture
def forecaster():
    random = torch.Generator().manual_seed(3)
    model = Forecaster(CONFIG)
    for parameter in model.parameters():
        if parameter.requires_grad:
            parameter.data = torch.randn(parameter.shape, generator=random) * 0.1
    paths = walks(200, T + 1)
    model.joint.fit_components(paths[:, 1:] - paths[:, :1], torch.ones(D))
    return model.freeze()


def test_the_components_of_training_paths_give_their_covariance_back():
    """The untrained flow is standard normal, so its paths have the training paths' second moments."""
    flow = JointFlow(D, 4, JointConfig(steps=T, slow=40, fast_temperature=1.0)).eval()
    flow.amplitude.bias.data.zero_()
    paths = walks(4000, T + 1)
    displacement = paths[:, 1:] - paths[:, :1]
    flow.fit_components(displacement, displacement.flatten(0, 1).std(0))
    given = flow.condition(torch.zeros(1, 4), torch.full((1, 1), 0.99))
    noise = torch.randn(20_000, flow.noise_size, generator=torch.Generator().manual_seed(1))
    found = flow.decode(given, noise, 20_000, T).flatten(1)
    true = displacement.flatten(1)
    moments = [sample.T @ sample / len(sample) for sample in (found.detach(), true)]
    assert (moments[0] - moments[1]).norm() < 0.08 * moments[1].norm()
    # Without the fast components, most of the motion is still there.
    noise[:, flow.config.slow + 1 :] = 0
    slow = flow.decode(given, noise, 20_000, T).detach()
    assert slow.square().sum() > 0.9 * len(slow) / len(displacement) * displacement.square().sum()


@pytest.mark.parametrize("refine", [None, Refinement(2, 0.4)])
def test_a_stream_s_futures_do_not_depend_on_its_batch(forecaster, refine):
    model, k = JointForecaster(forecaster), 3
    state = model.observe(walks(4, 5))
    noise = RolloutNoise.draw(model.noise_shape(T, refine), 4, k, torch.Generator().manual_seed(0), torch.device("cpu"))
    together = model.forecast(state, noise, refine)
    for row, part in enumerate(noise.split(k)):
        alone = model.forecast(state[row : row + 1], part, refine)
        torch.testing.assert_close(alone.paths[0], together.paths[row], atol=1e-3, rtol=1e-3)
        assert refine is None or torch.equal(alone.acceptance[0], together.acceptance[row])


def test_a_shorter_future_is_the_start_of_a_longer_one(forecaster):
    model, state = JointForecaster(forecaster), forecaster.observe(walks(2, 5))
    whole = model.sample(state, 2, T, torch.Generator().manual_seed(0)).paths
    assert torch.allclose(model.sample(state, 2, 2, torch.Generator().manual_seed(0)).paths, whole[:, :, :2], atol=1e-6)


def test_a_future_longer_than_one_pass_continues_from_its_own_end(forecaster):
    model, state = JointForecaster(forecaster), forecaster.observe(walks(2, 5))
    noise = RolloutNoise.draw(model.noise_shape(T + 2), 2, 3, torch.Generator().manual_seed(0), torch.device("cpu"))
    assert noise.base_TRD.shape[0] == 2 and noise.steps == T + 2
    paths = model.forecast(state, noise).paths
    assert paths.shape == (2, 3, T + 2, D)
    follow = state[1:].expand(3)
    for step in range(T):
        follow = forecaster.step(follow, paths[1, :, step])
    rest = model.forecast(follow, RolloutNoise(noise.base_TRD[1:, 3:], horizon=2)).paths
    torch.testing.assert_close(rest[:, 0], paths[1, :, T:], atol=1e-3, rtol=1e-3)


def test_no_steps_and_no_temperature_are_honest_zeros(forecaster):
    model, state = JointForecaster(forecaster), forecaster.observe(walks(2, 5))
    plain, none = (model.sample(state, 2, T, torch.Generator().manual_seed(0), refine) for refine in (None, Refinement(0)))
    assert torch.equal(plain.paths, none.paths) and none.acceptance is None
    still = model.sample(state, 4, T, refine=Refinement(2, 0.5), temperature=0.0)
    assert torch.equal(still.paths, still.paths[:, :1].expand_as(still.paths)) and still.acceptance is None


def test_refined_noise_is_the_noise_that_the_flow_alone_needs(forecaster):
    model, state, k = JointForecaster(forecaster), forecaster.observe(walks(2, 5)), 3
    still, moving = Refinement(1, 0.0), Refinement(3, 0.5)
    noise = RolloutNoise.draw(model.noise_shape(T, moving), 2, k, torch.Generator().manual_seed(0), torch.device("cpu"))
    paths = model.forecast(state, noise, moving).paths
    assert torch.allclose(model.refined_noise(state, paths, noise, still), noise.base_TRD[0, :, :Z], atol=1e-4)
    moved = model.refined_noise(state, paths, noise, moving)
    again = noise.base_TRD.clone()
    again[0, :, :Z] = moved
    torch.testing.assert_close(model.forecast(state, RolloutNoise(again, horizon=T)).paths, paths, atol=1e-4, rtol=1e-3)


def test_the_context_of_a_stream_is_that_of_its_whole_sequence(forecaster):
    frames = walks(3, 9)
    whole = joint_context(forecaster, forecaster.states(frames)[:, 6])
    state = forecaster.start(3)
    for frame in frames[:, :7].unbind(1):
        state = forecaster.step(state, frame)
    for found, expected in zip(joint_context(forecaster, state), whole, strict=True):
        torch.testing.assert_close(found, expected, atol=1e-5, rtol=1e-4)


def test_it_comes_with_the_forecaster_s_weights(forecaster, tmp_path):
    forecaster.save(tmp_path)
    loaded = Forecaster.load(tmp_path)
    assert loaded.config == CONFIG
    state = forecaster.observe(walks(1, 5))
    found, expected = (
        JointForecaster(one).sample(state, 2, T, torch.Generator().manual_seed(0)).paths for one in (loaded, forecaster)
    )
    torch.testing.assert_close(found, expected, atol=2e-2, rtol=2e-2)


def test_a_forecaster_without_it_says_how_to_train_one():
    with pytest.raises(ModelError) as caught:
        JointForecaster(Forecaster(ForecasterConfig(features=D, hidden=8, blocks=2, block_hidden=8)).freeze())
    assert caught.value.code == "joint_missing" and "train joint" in caught.value.hint
