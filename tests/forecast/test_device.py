"""The whole forecast on `meta`, whose tensors have a shape and a device but no values: what reads a value, or allocates on the
host, fails there as it would on a GPU."""

import pytest
import torch

from backend.core.types import ForecastSettings
from backend.forecast.baselines import Bootstrap, CopyLast, RandomWalk
from backend.forecast.choice import draw_and_choose
from backend.forecast.diagnostics.refinement_check import check_refinement, encode_paths
from backend.forecast.graphs import GraphedForecaster
from backend.forecast.gru_nf import Forecaster, ForecasterConfig
from backend.forecast.joint import JointForecaster
from backend.forecast.joint_flow import JointConfig
from backend.forecast.noise import RolloutNoise
from backend.forecast.paper.loop import PaperLoop
from backend.forecast.refine import KERNELS, Refinement
from backend.forecast.selection import path_distances, select_futures
from backend.forecast.vrnn import Vrnn, VrnnConfig

META = torch.device("meta")
B, D, L, HIDDEN, Z = 3, 12, 2, 16, 8


@pytest.fixture(scope="module")
def forecaster():
    joint = JointConfig(steps=2, slow=Z, blocks=2, block_hidden=16)
    config = ForecasterConfig(features=D, hidden=HIDDEN, layers=L, blocks=2, block_hidden=16, joint=joint)
    return Forecaster(config).to(META).freeze()


def assert_there(tensor, *shape):
    assert tensor.device.type == "meta" and tuple(tensor.shape) == shape, (tensor.device, tensor.shape, shape)


def assert_state(state, streams=B):
    for name, shape in (("h", (L, HIDDEN)), ("frame", (D,)), ("mean", (D,)), ("count", ()), ("step", (D,)), ("energy", (6,))):
        assert_there(getattr(state, name), streams, *shape)


def frames(streams=B):
    return torch.zeros(streams, D, device=META)


def observed(forecaster, streams=B):
    state = forecaster.start(streams)
    assert_state(state, streams)
    for _ in range(2):
        assert_there(forecaster.surprise(state, frames(streams)), streams)
        state = forecaster.step(state, frames(streams))
        assert_state(state, streams)
    return state


@pytest.mark.parametrize("sampling", ["joint", "steps"])
@pytest.mark.parametrize(
    ("graphs", "refine", "choose", "coupled"),
    [
        (False, Refinement(2, 0.3), "4x", "on"),
        (True, Refinement(1, 0.3), "4x", "off"),
        (False, None, "off", "on"),
        (False, None, "4x", "off"),
    ],
)
def test_a_stream_is_observed_drawn_chosen_and_forecast_again_on_the_device(
    forecaster, graphs, refine, choose, coupled, sampling
):
    state, k, horizon = observed(forecaster), 2, 3
    settings = ForecastSettings(k=k, horizon=horizon, choose=choose, coupled=coupled)
    futures = JointForecaster(forecaster) if sampling == "joint" else forecaster
    model = GraphedForecaster(futures, capture=lambda device, work: work) if graphs else futures
    # Three steps are two passes of a joint flow over two.
    passes, latent = (2, Z) if sampling == "joint" else (horizon, D)
    chosen, shown = draw_and_choose(model, state, [None] * B, settings, refine)
    assert len(chosen) == B and (shown is None) == (choose == "off")
    if shown is not None:
        assert_there(shown.paths, B, k, horizon, D)
    for one in chosen:
        assert_there(one.noise.base_TRD, passes, k, D if sampling == "steps" else Z + 1 + 2 * D)
        assert_there(one.shares, 0 if choose == "off" else k)
        if refine is not None:
            assert_there(one.noise.normal_MRZ, passes * 2 * refine.steps, k, latent)
            assert_there(one.noise.log_uniform_MR1, passes * 2 * refine.steps, k, 1)
    noise = RolloutNoise.cat([one.noise for one in chosen])
    for _ in range(2):
        forecast = model.forecast(state, noise, refine, 0.9)
        assert_there(forecast.paths, B, k, horizon, D)
        if refine is not None:
            assert_there(forecast.acceptance, B, k)
            assert_there(check_refinement(futures, state, forecast.paths, noise, refine, 0.9), B, 2)
        state = forecaster.step(state, frames())
        assert_state(state)


@pytest.mark.parametrize("kernel", KERNELS)
def test_every_kernel_and_the_path_weights_stay_on_the_device(forecaster, kernel):
    state, refine = observed(forecaster), Refinement(1, 0.3, 0.5, kernel)
    noise = RolloutNoise.draw(forecaster.noise_shape(2, refine), B, 2, None, META)
    assert all(part.device == META for part in noise.parts)
    forecast = forecaster.forecast(state, noise, refine, importance=True)
    assert_there(forecast.log_weights, B, 2)
    encoded = encode_paths(forecaster, state, forecast.paths)
    assert_there(encoded.noise_BKHD, B, 2, 2, D)
    assert_there(encoded.nll_BKH, B, 2, 2)


def test_a_whole_context_is_observed_on_the_device(forecaster):
    state = forecaster.observe(torch.zeros(B, 8, D, device=META))
    assert_state(state)
    assert_there(forecaster.sample(state, 2, 3, None, Refinement()).paths, B, 2, 3, D)
    assert_there(forecaster.log_prob(state, frames()), B)


def test_streams_are_joined_split_and_selected_on_the_device(forecaster):
    state = observed(forecaster)
    assert_state(type(state).cat(state.split()))
    assert_state(state.expand(2), 2 * B)
    assert_state(state[:1], 1)


@pytest.mark.parametrize("k", [1, 4])
def test_futures_are_chosen_on_the_device(k):
    paths = torch.zeros(B, 8, 2, D, device=META)
    chosen, shares = select_futures(paths, k)
    assert_there(chosen, B, k)
    assert_there(shares, B, k)
    assert_there(path_distances(paths), B, 8, 8)


def test_rivals_forecast_on_the_device(forecaster):
    context = torch.zeros(B, 8, D, device=META)
    bank, walk = torch.zeros(50, 6, D, device=META), RandomWalk(torch.randn(50, 6, D))
    # It is fitted once, where values can be read; it samples on the device.
    walk._factor, walk._step_std_SD = walk._factor.to(META), walk._step_std_SD.to(META)
    for rival in (CopyLast(), Bootstrap(bank), walk):
        assert_there(rival.sample(context, 2, 3), B, 2, 3, D)
    vrnn = Vrnn(VrnnConfig(features=D, hidden=8, latent=3, net=8)).to(META)
    assert_there(vrnn.sample(vrnn.observe(context), 2, 2).paths, B, 2, 2, D)
    assert_there(PaperLoop(forecaster).sample(context, 1, 2), B, 1, 2, D)


def test_what_reads_a_value_fails_here():
    with pytest.raises((NotImplementedError, RuntimeError)):
        torch.zeros(1, device=META).item()
    with pytest.raises((NotImplementedError, RuntimeError)):
        bool(torch.isfinite(torch.zeros(3, device=META)).all())
