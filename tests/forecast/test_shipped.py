"""The weights in models/forecaster, on the bundled recordings."""

from pathlib import Path

import pytest
import torch

from backend.core.recording import Recording
from backend.core.types import ForecastSettings, Keypoints
from backend.forecast import metrics
from backend.forecast.baselines import CopyLast
from backend.forecast.gru_nf import Forecaster
from backend.forecast.refine import Refinement
from backend.keypoints.dataset import KeypointSequence, stack_windows
from backend.keypoints.regions import FaceRegions

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def forecaster():
    return Forecaster.load(ROOT / "models" / "forecaster")


@pytest.fixture(scope="module")
def flat():
    """Windows of 24 steps of the bundled recordings, `[W, 24, 60]`."""
    convert, motions = FaceRegions(), []
    for path in sorted((ROOT / "backend" / "assets" / "recordings").glob("*.npz")):
        recording = Recording.load(path)
        keypoints = convert(torch.from_numpy(recording.landmarks)).flat().numpy()
        motions.append(KeypointSequence(keypoints, recording.timestamps, path.stem, "val", path.name))
    return torch.from_numpy(stack_windows(motions, 24, 8)[0])


@pytest.mark.parametrize("refine", [None, Refinement()])
def test_forecasts_of_a_real_face_beat_standing_still_at_every_step(forecaster, flat, refine):
    paths = forecaster.sample(forecaster.observe(flat[:, :8]), 20, 16, torch.Generator().manual_seed(0), refine).paths
    still = CopyLast().sample(flat[:, :8], 2, 16)
    error, error_still = (
        metrics.crps_each(p / forecaster.std, flat[:, 8:] / forecaster.std).mean((0, 2)) for p in (paths, still)
    )
    assert (error < error_still).all()


def test_futures_of_a_real_face_differ_and_stay_in_the_picture(forecaster, flat):
    paths = forecaster.sample(forecaster.observe(flat[:, :8]), 8, 16, torch.Generator().manual_seed(0), Refinement()).paths
    values = Keypoints.from_flat(paths).value
    assert metrics.apd(values).median() > 0.02
    assert values.abs().max() < 2


def test_streaming_for_minutes_does_not_drift(forecaster, flat):
    """After a recording has played forwards and backwards for 4 minutes, forecasts are as good as at the start."""
    there_and_back = torch.cat([flat[:4], flat[:4].flip(1)], dim=1)
    state = forecaster.observe(there_and_back.repeat(1, 62, 1))
    assert torch.isfinite(state.h).all()
    paths = forecaster.sample(state, 8, 16, torch.Generator().manual_seed(0)).paths
    error = (paths - flat[:4, None, :16]).abs().mean()
    still = (flat[:4, :1] - flat[:4, :16]).abs().mean()
    assert torch.isfinite(paths).all() and error < 2 * still + 0.02


def test_surprise_of_real_motion_varies_over_its_range(forecaster, flat):
    state = forecaster.observe(flat[:, :8])
    surprise = forecaster.surprise(state, flat[:, 8])
    assert ((surprise >= 0) & (surprise <= 1)).all() and surprise.std() > 0.1
    assert (forecaster.surprise(state, flat[:, 8] + 0.3) == 1).all()


def test_the_default_refinement_is_the_demo_s():
    shipped = ForecastSettings()
    assert Refinement() == Refinement(shipped.mcmc_steps, shipped.step_size, shipped.consistency)
