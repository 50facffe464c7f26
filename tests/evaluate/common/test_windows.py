import json
import math

import numpy as np
import pytest
import torch

from backend.core.errors import InputError
from backend.core.types import CLOCK_S
from backend.evaluate.common.inputs import choose_model, train_recordings
from backend.evaluate.common.methods import nll
from backend.evaluate.common.windows import CONTEXT_HORIZONS, MIN_RANGE, ContextHorizon, ForecastWindows
from backend.forecast.gru_nf import Forecaster, ForecasterConfig
from backend.forecast.steps import MotionStatistics
from backend.keypoints.dataset import KeypointSequence


def motion(frames=100, clip="a", width=12, seed=0, layout="flat", scale=0.1, step=0.01):
    random = np.random.default_rng(seed)
    flat = (random.normal(0, scale, (1, width)) + random.normal(0, step, (frames, width)).cumsum(0)).astype(np.float32)
    return KeypointSequence(flat, np.arange(frames) * CLOCK_S, f"person of {clip}", "val", clip, layout)


def forecaster(width=12, step=0.01, seed=0):
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        model = Forecaster(ForecasterConfig(features=width, hidden=8, blocks=2, block_hidden=8))
    ones = torch.ones(width)
    model.set_statistics(MotionStatistics(0 * ones, 0.1 * ones, step * ones, 0.05 * ones, torch.eye(width)))
    return model.freeze()


def test_windows_hold_context_and_horizon_and_know_where_they_come_from():
    for name, (context, horizon) in CONTEXT_HORIZONS.items():
        windows = ForecastWindows.of([motion(), motion(50, "b", seed=1)], ContextHorizon.of(name))
        assert windows.context_WCD.shape[1] == context and windows.truth_WHD.shape[1] == horizon
        assert len(windows) == 100 // (context + horizon) + 50 // (context + horizon)
        assert set(zip(windows.people, windows.videos, strict=True)) == {("person of a", "a"), ("person of b", "b")}


def test_a_longer_context_is_seen_but_the_paper_s_window_stays():
    lengths = ContextHorizon.of("8-16", 20)
    windows = ForecastWindows.of([motion()], lengths)
    assert windows.context_WCD.shape[1] == 20 and windows.truth_WHD.shape[1] == 16
    torch.testing.assert_close(windows.last_frames_WTD(), windows.flat_WTD[:, 12:])


@pytest.mark.parametrize(("name", "seen", "code"), [("7-7", None, "protocol_unknown"), ("8-16", 6, "context_short")])
def test_other_lengths_are_refused(name, seen, code):
    with pytest.raises(InputError) as caught:
        ContextHorizon.of(name, seen)
    assert caught.value.code == code


def test_recordings_that_are_too_short_are_refused_with_their_length():
    with pytest.raises(InputError, match="longest holds 20"):
        ForecastWindows.of([motion(20)], ContextHorizon.of("8-16"))


def test_the_paper_s_units_come_from_the_context_frames_of_the_video():
    parts = [motion(100, "a"), motion(100, "b", seed=1)]
    windows = ForecastWindows.of(parts, ContextHorizon.of("8-16"))
    low, scale = windows.min_max(torch.full((12,), 1e-9))
    for index, clip in enumerate(windows.videos):
        flat = next(part.flat for part in parts if part.clip == clip)
        seen = np.concatenate([flat[start : start + 8] for start in range(0, 96, 24)])
        np.testing.assert_allclose(low[index], seen.min(0), atol=1e-6)
        np.testing.assert_allclose(scale[index], np.ptp(seen, axis=0), atol=1e-6)


def test_a_number_that_is_still_in_the_context_does_not_explode():
    still = motion(24)
    still.flat[:8, 3] = still.flat[0, 3]
    spread = torch.full((12,), 0.1)
    _, scale = ForecastWindows.of([still], ContextHorizon.of("8-16")).min_max(spread)
    assert scale[0, 3].item() == pytest.approx(MIN_RANGE * 0.1)


def test_landmark_recordings_take_the_shipped_forecaster(tmp_path):
    assert choose_model(tmp_path, [motion(layout="face_regions")]) == tmp_path / "forecaster"


def test_keypoint_arrays_take_the_forecaster_under_which_they_are_likeliest(tmp_path):
    """A forecaster that knows steps of this size wins over those of smaller and larger ones, and over another width."""
    for name, step in (("forecaster", 0.5), ("forecaster_small", 0.002), ("forecaster_fomm", 0.01)):
        forecaster(step=step).save(tmp_path / name)
    forecaster(18, 0.01).save(tmp_path / "forecaster_wide")
    forecaster(step=0.0101).save(tmp_path / "forecaster_fomm_gaussian")
    (tmp_path / "forecaster_broken").mkdir()
    assert choose_model(tmp_path, [motion()]) == tmp_path / "forecaster_fomm"


@pytest.mark.parametrize(("case", "code"), [("width", "model_unfit"), ("mixed", "data_mixed"), ("short", "data_short")])
def test_recordings_that_no_forecaster_fits_are_refused(tmp_path, case, code):
    forecaster().save(tmp_path / "forecaster")
    motions = {
        "width": [motion(width=18)],
        "mixed": [motion(), motion(layout="face_regions")],
        "short": [motion(8)],
    }[case]
    with pytest.raises(InputError) as caught:
        choose_model(tmp_path, motions)
    assert caught.value.code == code


def test_the_likelihood_of_a_future_is_the_product_over_its_steps():
    """Without training every step is N(0, step^2): an untrained flow is a Gaussian of the step's spread."""
    model, flat = forecaster(step=0.02), torch.from_numpy(motion(24).flat)[None]
    unit = torch.full((12,), 0.005)
    found = nll(model, flat, 8, unit)
    moved = np.diff(flat[0].numpy().astype(np.float64), axis=0)[7:] / 0.005
    spread = 0.02 / 0.005
    expected = 0.5 * (moved / spread) ** 2 + math.log(spread) + 0.5 * math.log(2 * math.pi)
    np.testing.assert_allclose(found[0], expected.mean(1), rtol=1e-3)


def test_the_recordings_of_training_are_known_by_name(tmp_path):
    assert train_recordings(tmp_path) == set()
    (tmp_path / "config.json").write_text(json.dumps({"data": {"train_recordings": ["a.mp4", "b.npz", "c"]}}))
    assert train_recordings(tmp_path) == {"a", "b", "c"}
