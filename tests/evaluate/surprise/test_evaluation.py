"""Anomalies are what they say they are, AUROC is Mann-Whitney's, and a report says how well each is noticed."""

import numpy as np
import pytest
import torch
from scipy.stats import kstest, mannwhitneyu

from backend.core.errors import InputError
from backend.evaluate.common.inputs import load_inputs
from backend.evaluate.common.resampling import Resampler
from backend.evaluate.surprise import anomalies
from backend.evaluate.surprise import evaluation as surprise
from backend.evaluate.surprise.anomalies import EVENT, AnomalyWindows, inject
from backend.evaluate.surprise.html import TITLES, write_surprise
from backend.forecast.gru_nf import Forecaster, ForecasterConfig


@pytest.fixture(scope="module")
def real():
    flat = torch.randn(6, 40, 12, generator=torch.Generator().manual_seed(0)).cumsum(1)
    return AnomalyWindows(flat, list("aabbcc"), torch.tensor([13, 14, 18, 20, 23, 24]), torch.ones(12))


def event(flat, real, frames=EVENT):
    return torch.stack([window[at : at + frames] for window, at in zip(flat, real.onset_W, strict=True)])


@pytest.mark.parametrize("name", anomalies.NAMES)
def test_nothing_happens_before_the_onset_and_something_at_it_or_right_after(real, name):
    found = inject(name, real)
    before = real.since_WT < 0
    assert torch.equal(found[before], real.flat_WTD[before])
    assert all((event(found, real) != event(real.flat_WTD, real)).flatten(1).any(1))
    assert torch.equal(inject(name, real), found)


def test_each_anomaly_is_what_its_name_says(real):
    flat, onset = real.flat_WTD, real.onset_W
    last = torch.stack([window[at - 1] for window, at in zip(flat, onset, strict=True)])
    assert torch.equal(event(inject("frozen", real), real), last[:, None].expand(-1, EVENT, -1))
    away = event(inject("frozen_noisy", real), real) - last[:, None]
    assert away.std().item() == pytest.approx(anomalies.LIVE_NOISE, rel=0.1)
    jumped = (inject("jump", real) - flat).view(6, 40, 2, 6)
    assert not jumped[..., 2:].any()
    length = jumped[:, -1, :, :2].norm(dim=-1)
    assert torch.allclose(length, torch.full_like(length, anomalies.JUMP_STEPS * 2**0.5))
    shuffled, own = (event(x, real).sort(1).values for x in (inject("shuffled", real), flat))
    assert torch.equal(shuffled, own)
    fast = event(inject("fast", real), real)
    assert torch.equal(fast, torch.stack([window[at : at + 2 * EVENT : 2] for window, at in zip(flat, onset, strict=True)]))
    swapped = inject("swapped", real)
    for row, person in enumerate(real.people):
        (other,) = (i for i in range(6) if torch.equal(swapped[row, -5:], flat[i, -5:]))
        assert real.people[other] != person


def test_the_auroc_is_that_of_mann_whitney_with_ties():
    random = np.random.default_rng(0)
    higher, lower = (torch.from_numpy(random.integers(0, 6, (5, 3)) + shift).float() for shift in (1, 0))
    oracle = mannwhitneyu(higher.flatten().numpy(), lower.flatten().numpy()).statistic / 15**2
    terms = surprise.wins(higher, lower)
    assert terms.mean().item() == pytest.approx(oracle)
    estimate = Resampler(list("aabbc")).of_pairs(terms)
    assert estimate.value == pytest.approx(oracle)
    low, high = estimate.interval()
    assert low <= estimate.value <= high


def test_the_normal_score_of_training_like_surprise_is_standard_normal():
    forecaster = Forecaster(ForecasterConfig(features=12, hidden=4, blocks=2, block_hidden=4))
    like = torch.randn(20_000, generator=torch.Generator().manual_seed(0)).exp()
    forecaster.surprise_quantiles.copy_(like.quantile(torch.linspace(0, 1, 101)))
    scores = surprise.normal_score(forecaster, like[None])[0]
    assert kstest(scores.numpy(), "norm").statistic < 0.02
    further = surprise.normal_score(forecaster, torch.tensor([[0.0, 100.0, 200.0]]))[0]
    assert further[0] < -2.3 and 2.6 < further[1] < further[2]


def test_the_smoothed_score_is_high_for_what_is_too_likely_and_for_what_is_too_unlikely():
    forecaster = Forecaster(ForecasterConfig(features=12, hidden=4, blocks=2, block_hidden=4))
    found = torch.full((3, 12), 0.5)
    found[1], found[2] = 0.0, 1.0
    score = surprise.smoothed(forecaster, found)
    assert score[:, : surprise.SMOOTHING - 1].isnan().all()
    assert (score[0, -1] < 0.1) and (score[1:, -1] > 2).all()


def test_the_report_has_every_anomaly_and_the_calibration(keypoint_folder):
    found = surprise.evaluate_surprise(load_inputs(keypoint_folder, keypoint_folder, keypoint_folder / "model"))
    results = found.report.results
    assert set(results) == {*anomalies.NAMES, "calibration"} and set(found.timelines) == {*anomalies.NAMES, "none"}
    for name in anomalies.NAMES:
        assert 0 <= results[name]["auroc"].value <= 1 and results[name]["auroc_smoothed"].low is not None
    assert results["jump"]["auroc"].value > 0.9
    assert sum(results["calibration"]["ks"].histogram) <= 1 + 1e-6


def test_recordings_that_are_too_short_are_refused(keypoint_folder, tmp_path):
    np.savez(tmp_path / "short.npz", keypoints=np.zeros((30, 12), np.float32), fps=12.5)
    with pytest.raises(InputError):
        surprise.evaluate_surprise(load_inputs(tmp_path, tmp_path, keypoint_folder / "model"))


def test_the_page_shows_every_anomaly_in_words_figures_and_pictures(keypoint_folder, tmp_path):
    found = surprise.evaluate_surprise(load_inputs(keypoint_folder, keypoint_folder, keypoint_folder / "model"))
    page = write_surprise(found, tmp_path).read_text("utf-8")
    assert page.count("<svg") == 2 and all(page.count(title) >= 2 for title in TITLES.values())
    assert set(TITLES) == set(anomalies.NAMES)
