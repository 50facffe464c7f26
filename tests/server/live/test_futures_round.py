from __future__ import annotations

import numpy as np
import pytest
import scoringrules
import torch

from backend.server.live.futures_round import FuturesRound, weighted_energy_score
from tests.server.fake_pipeline import FakeFan, FakeObservation, FakePipeline

K, H = 3, 5


def _flat(x: float) -> torch.Tensor:
    flat = torch.zeros(10, 6)
    flat[:, 0] = x
    return flat.flatten()


def _observed(x: float) -> FakeObservation:
    return FakeObservation(_flat(x), None, True)


def _round(start: int = 100) -> FuturesRound:
    """Path k moves right by k * 0.1 at every step, from 0."""
    paths = torch.stack([torch.stack([_flat(k * 0.1 * (s + 1)) for s in range(H)]) for k in range(K)])
    fan = FakeFan(paths, np.zeros((K, H, 10, 2), np.float32), ["gru_nf"] * K, None, None)
    return FuturesRound(7, start, _observed(0.0), fan)


def test_steps_count_from_the_start_to_the_horizon():
    futures = _round()
    assert [futures.step(100 + i) for i in range(8)] == [0, 1, 2, 3, 4, 5, 5, 5]
    assert [futures.finished(100 + i) for i in (4, 5, 6)] == [False, True, True]


def test_futures_are_due_at_every_stride():
    futures = _round()
    assert [step for step in range(6) if futures.claim_step(step, 2)] == [1, 3, 5]


def test_a_skipped_step_does_not_delay_the_next_rendering():
    futures = _round()
    assert [step for step in (0, 2, 3, 5) if futures.claim_step(step, 2)] == [2, 5]


def test_the_verdict_names_the_path_nearest_to_the_observation():
    futures = _round()
    for step in range(1, H + 1):
        futures.observe(100 + step, _observed(0.1 * step))
    verdict = futures.verdict(FakePipeline())
    assert verdict.generation == 7
    assert verdict.best == 1
    assert verdict.errors == pytest.approx([0.3, 0.0, 0.3], abs=1e-6)
    assert verdict.copy_last == pytest.approx(0.3)
    # Mean error 0.2, mean distance of two futures (0.3 * 4 + 0.6 * 2) / 9.
    assert verdict.together == pytest.approx(0.2 - 0.5 * 2.4 / 9)


@pytest.mark.parametrize("shares", [[], [0.5, 0.25, 0.25], [1.0, 0.0, 0.0]])
def test_futures_together_score_as_the_published_energy_score(shares):
    generator = np.random.default_rng(4)
    samples, truth = generator.normal(size=(3, 2)), generator.normal(size=2)
    weights = np.array(shares or [1 / 3] * 3)
    errors = np.linalg.norm(samples - truth, axis=-1)
    between = np.linalg.norm(samples[:, None] - samples, axis=-1)
    # The oracle takes equal weights: a sample of weight 1/4 is one of four equal ones.
    repeated = np.repeat(samples, np.rint(weights * 12).astype(int), axis=0)
    expected = scoringrules.es_ensemble(truth, repeated, estimator="nrg")
    assert weighted_energy_score(errors, between, weights) == pytest.approx(expected)


def test_a_single_future_scores_its_distance():
    assert weighted_energy_score(np.array([0.3]), np.zeros((1, 1)), np.ones(1)) == pytest.approx(0.3)


def test_the_verdict_counts_only_observations_within_the_horizon():
    futures = _round()
    futures.observe(100, _observed(9.0))
    futures.observe(102, _observed(0.4))
    futures.observe(106, _observed(9.0))
    verdict = futures.verdict(FakePipeline())
    assert verdict.best == 2
    assert verdict.errors == pytest.approx([0.4, 0.2, 0.0], abs=1e-6)


def test_there_is_no_verdict_without_observations():
    assert _round().verdict(FakePipeline()) is None


def test_futures_are_claimed_ahead_and_again_when_the_clock_reaches_them():
    playing = _round()
    assert [playing.claim_ahead(step, 2) for step in range(H + 1)] == [2, 0, 4, 0, 5, 0]


def test_a_late_clock_claims_futures_ahead_of_where_it_is():
    playing = _round()
    assert [playing.claim_ahead(step, 2) for step in (0, 3, 4, 5)] == [2, 5, 0, 0]


def test_after_claims_ahead_steps_of_pictures_wait_for_the_clock():
    playing = _round()
    assert playing.claim_ahead(0, 2) == 2
    assert [playing.claim_step(step, 1) for step in (1, 2, 3)] == [False, False, True]
