"""The data path: streams do not depend on their batch, and futures have their shape, seed and settings."""

import shutil

import numpy as np
import pytest
import torch

from backend.core.errors import InputError, ModelError
from backend.core.types import ForecastSettings
from backend.forecast.gru_nf import Forecaster, ForecasterConfig
from backend.keypoints.clock import Tick, resample
from backend.pipeline import CONTEXT, Pipeline


def ticks(recording, count=12):
    segment = resample(recording)[0]
    return [Tick(segment.landmarks[i], float(segment.timestamps[i]), i, i == 0) for i in range(count)]


@pytest.fixture
def stream(pipeline, portrait_image):
    return pipeline.open(pipeline.portrait(portrait_image))


def test_a_stream_is_ready_after_the_context_and_has_no_surprise_at_first(pipeline, stream, recording):
    seen = [pipeline.observe([stream], [[tick]])[0] for tick in ticks(recording)]
    assert [observation.ready for observation in seen] == [False] * (CONTEXT - 1) + [True] * (len(seen) - CONTEXT + 1)
    assert seen[0].surprise is None
    assert all(0 <= observation.surprise <= 1 for observation in seen[1:])


def test_one_call_with_many_ticks_equals_many_calls(pipeline, portrait_image, recording):
    one, many = (pipeline.open(pipeline.portrait(portrait_image)) for _ in range(2))
    pipeline.observe([one], [ticks(recording)])
    for tick in ticks(recording):
        pipeline.observe([many], [[tick]])
    assert torch.allclose(one.state.h, many.state.h, atol=1e-6)


def test_streams_of_a_batch_do_not_touch_each_other(pipeline, portrait_image, recording):
    alone, together, other = (pipeline.open(pipeline.portrait(portrait_image), seed=5) for _ in range(3))
    pipeline.observe([alone], [ticks(recording)])
    pipeline.observe([other, together], [ticks(recording)[:3], ticks(recording)])
    settings = ForecastSettings(k=3, horizon=6)
    expected = pipeline.forecast([alone], [settings])[0]
    futures = pipeline.forecast([other, together], [settings, settings])[1]
    assert torch.allclose(futures.paths, expected.paths, atol=1e-4)


def test_a_restart_forgets_the_motion_but_not_the_reference(pipeline, stream, recording):
    pipeline.observe([stream], [ticks(recording)])
    reference = stream.reference
    again = Tick(ticks(recording)[5].landmarks, 99.0, 50, True)
    observation = pipeline.observe([stream], [[again]])[0]
    assert stream.steps == 1 and not observation.ready
    assert stream.reference is reference


def test_refinement_is_measured_at_every_fourth_step(pipeline, portrait_image, recording):
    streams = [pipeline.open(pipeline.portrait(portrait_image), seed=seed) for seed in range(2)]
    pipeline.observe(streams, [ticks(recording), ticks(recording)[:8]])
    settings = ForecastSettings(k=2, horizon=4)
    known = pipeline.forecast(streams, [settings] * 2)
    pipeline.observe(streams[:1], [[ticks(recording, 13)[12]]])
    alone = pipeline.forecast(streams, [settings] * 2)
    assert all(futures.refinement_effect for futures in known)
    assert alone[0].refinement_effect is None
    assert alone[1].refinement_effect == pytest.approx(known[1].refinement_effect, abs=1e-3)


def test_refinement_is_measured_where_mcmc_ran(pipeline, portrait_image, recording):
    streams = [pipeline.open(pipeline.portrait(portrait_image), seed=seed) for seed in range(2)]
    pipeline.observe(streams, [ticks(recording)] * 2)
    for settings in (ForecastSettings(method="gru_nf"), ForecastSettings(mcmc_steps=0), ForecastSettings(temperature=0.0)):
        assert [futures.refinement_effect for futures in pipeline.forecast(streams, [settings] * 2)] == [None, None]
    sizes = [ForecastSettings(mcmc_steps=8, step_size=size, consistency=0.0) for size in (0.0, 0.1, 1.0)]
    measured = [[futures.refinement_effect for futures in pipeline.forecast(streams, [settings] * 2)] for settings in sizes]
    for at_rest, moderate, extreme in zip(*measured, strict=True):
        assert at_rest.displacement == pytest.approx(0, abs=1e-2) and at_rest.log_lik_drop == pytest.approx(0, abs=0.01)
        assert 0.1 < moderate.displacement < extreme.displacement
        assert extreme.log_lik_drop > moderate.log_lik_drop
        assert extreme.flags() == {"over_refined"}


@pytest.mark.parametrize(("method", "paths"), [("gru_nf", 4), ("gru_snf", 4), ("both", 8)])
def test_there_are_k_paths_of_each_method(pipeline, stream, recording, method, paths):
    pipeline.observe([stream], [ticks(recording)])
    futures = pipeline.forecast([stream], [ForecastSettings(method=method, k=4, horizon=16)])[0]
    assert futures.paths.shape == (paths, 16, 60)
    assert futures.positions.shape == (paths, 16, 10, 2)
    assert len(futures.methods) == paths
    assert (futures.acceptance is None) == (method == "gru_nf")


@pytest.mark.parametrize("method", ["gru_snf", "both"])
def test_the_futures_shown_are_some_of_those_drawn_and_their_shares_sum_to_1(pipeline, portrait_image, recording, method):
    chosen, every = (pipeline.open(pipeline.portrait(portrait_image), seed=3) for _ in range(2))
    pipeline.observe([chosen, every], [ticks(recording)] * 2)
    settings = ForecastSettings(method=method, k=2, horizon=6, choose="4x")
    futures = pipeline.forecast([chosen], [settings])[0]
    drawn = pipeline.forecast([every], [ForecastSettings(method=method, k=8, horizon=6, choose="off")])[0]
    assert futures.drawn == 8 and drawn.drawn == 0 and drawn.shares == []
    for name in dict.fromkeys(futures.methods):
        rows = [row for row, of in enumerate(futures.methods) if of == name]
        shares = [futures.shares[row] for row in rows]
        assert sum(shares) == pytest.approx(1) and shares == sorted(shares, reverse=True)
        of_method = drawn.paths[[row for row, of in enumerate(drawn.methods) if of == name]]
        for row in rows:
            assert (of_method - futures.paths[row]).abs().amax((1, 2)).min() < 1e-4


def test_a_chosen_set_stays_until_it_is_reseeded_and_moves_with_the_driver(pipeline, stream, recording):
    settings = ForecastSettings(k=3, horizon=6)
    pipeline.observe([stream], [ticks(recording)])
    first = pipeline.forecast([stream], [settings])[0]
    kept = stream.futures["gru_snf"].noise
    pipeline.observe([stream], [[ticks(recording, 13)[12]]])
    second = pipeline.forecast([stream], [settings])[0]
    assert stream.futures["gru_snf"].noise is kept and second.shares == first.shares
    assert not torch.equal(first.paths, second.paths)
    stream.seed += 1
    pipeline.forecast([stream], [settings])
    assert stream.futures["gru_snf"].noise is not kept


def test_streams_with_and_without_a_set_share_a_batch(pipeline, portrait_image, recording):
    old, new, alone = (pipeline.open(pipeline.portrait(portrait_image), seed=seed) for seed in (1, 2, 2))
    pipeline.observe([old, new, alone], [ticks(recording)] * 3)
    settings = ForecastSettings(k=2, horizon=6)
    pipeline.forecast([old], [settings])
    together = pipeline.forecast([old, new], [settings] * 2)[1]
    expected = pipeline.forecast([alone], [settings])[0]
    assert together.shares == expected.shares
    assert torch.allclose(together.paths, expected.paths, atol=1e-4)


def test_futures_keep_their_noise_until_reseeded_and_differ_from_each_other(pipeline, stream, recording):
    pipeline.observe([stream], [ticks(recording)])
    first, second = (pipeline.forecast([stream], [ForecastSettings()])[0].paths for _ in range(2))
    stream.seed += 1
    third = pipeline.forecast([stream], [ForecastSettings()])[0].paths
    assert torch.equal(first, second)
    assert not torch.allclose(first, third)
    assert not torch.allclose(first[0], first[1])


def test_different_settings_in_one_call_are_each_applied(pipeline, portrait_image, recording):
    streams = [pipeline.open(pipeline.portrait(portrait_image)) for _ in range(3)]
    pipeline.observe(streams, [ticks(recording)] * 3)
    wanted = [ForecastSettings(k=2, horizon=4), ForecastSettings(k=5, horizon=8), ForecastSettings(k=2, horizon=4)]
    assert [tuple(futures.paths.shape[:2]) for futures in pipeline.forecast(streams, wanted)] == [(2, 4), (5, 8), (2, 4)]


@pytest.mark.parametrize("size", [32, 128, 256])
def test_frames_come_in_the_size_asked_for(pipeline, stream, recording, size):
    observation = pipeline.observe([stream], [ticks(recording)])[0]
    frames = pipeline.render([(stream, observation.present_flat[None].expand(3, 60))], size)[0]
    assert frames.shape == (3, size, size, 3)
    assert frames.dtype == np.uint8


def test_the_score_is_the_mean_distance_of_keypoints(pipeline):
    truth = torch.zeros(4, 60)
    path = truth.clone()
    path[:, 0::6] = 0.3
    path[:, 1::6] = 0.4
    assert pipeline.score(torch.stack([truth, path]), truth).tolist() == pytest.approx([0.0, 0.5])
    assert pipeline.copy_last_error(path[0], truth) == pytest.approx(0.5)


def test_missing_weights_are_named(tmp_path):
    with pytest.raises(ModelError, match="generator weights"):
        Pipeline.load(tmp_path)


def test_the_error_for_a_missing_generator_lists_those_that_exist(small_models):
    with pytest.raises(ModelError, match=r"no generator weights 'slim_256' .*: slim_128\."):
        Pipeline.load(small_models, generator="slim_256")


@pytest.mark.parametrize("device", ["nonsense", "cuda:99x"])
def test_a_name_that_is_no_device_is_refused_in_words(small_models, device):
    with pytest.raises(InputError, match="Choose the device cpu"):
        Pipeline.load(small_models, device=device)


def test_a_device_that_this_machine_lacks_is_refused_in_words(small_models, monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(InputError, match="no device 'cuda'"):
        Pipeline.load(small_models, device="cuda")


def test_models_for_other_keypoints_are_refused_at_loading(small_models, tmp_path):
    shutil.copytree(small_models, tmp_path / "models")
    Forecaster(ForecasterConfig(features=12, hidden=16, blocks=3, block_hidden=16)).save(tmp_path / "models" / "forecaster")
    with pytest.raises(ModelError) as caught:
        Pipeline.load(tmp_path / "models")
    assert caught.value.code == "models_mismatch"


def test_the_reference_of_a_live_stream_moves_to_a_better_one_until_it_is_reset(pipeline, portrait_image, recording):
    stream = pipeline.open(pipeline.portrait(portrait_image), track_reference=True)
    smiling = portrait_image.landmarks
    open_mouthed = smiling.copy()
    open_mouthed[[146, 91, 181, 84, 17, 314, 405, 321, 375, 95, 88, 178, 87, 14, 317, 402, 318, 324], 1] += 0.15
    ticks = [Tick(open_mouthed if i < 5 else smiling, i * 0.08, i, i == 0) for i in range(40)]
    for tick in ticks:
        pipeline.observe([stream], [[tick]])
    first, best = (pipeline.keypoints(landmarks).flat() for landmarks in (open_mouthed, smiling))
    assert (stream.reference.flat() - best).norm() < 0.05 * (first - best).norm()
    stream.reset_reference()
    for i in range(40, 60):
        pipeline.observe([stream], [[Tick(open_mouthed if i == 40 else smiling, i * 0.08, i, False)]])
    torch.testing.assert_close(stream.reference.flat(), first)
