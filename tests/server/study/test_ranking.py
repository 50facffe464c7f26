"""Bradley-Terry scores against an independent fit and against known preferences."""

from __future__ import annotations

import datetime
from itertools import combinations
from random import Random

import numpy as np
import pytest
from scipy.optimize import minimize

from backend.server.study.ranking import MIN_VOTERS, bradley_terry, rank
from backend.server.study.store import Vote
from tests.server.study.voters import SCORES, prefers_left

METHODS = list(SCORES["realism"])


def vote(voter: int, left: str, right: str, choice: str, number: int = 0) -> Vote:
    day = datetime.date(2026, 1, 2)
    return Vote(f"{voter}-{left}-{right}-{number}", str(voter), day, "realism", left, right, "talking", 20, choice)


def simulated(voters: int, random: Random) -> list[Vote]:
    pairs = [pair for pair in combinations(METHODS, 2) for _ in range(2)]
    return [
        vote(voter, *pair, "left" if prefers_left("realism", *pair, random) else "right", number)
        for voter in range(voters)
        for number, pair in enumerate(pairs)
    ]


@pytest.mark.parametrize("seed", range(5))
def test_scores_maximise_the_likelihood(seed):
    wins = np.random.default_rng(seed).integers(0, 20, (4, 4)).astype(float)
    np.fill_diagonal(wins, 0)
    # One undecided vote a pair is part of the estimate.
    counted = wins + 0.5 * (1 - np.eye(4))
    loss = lambda s: (counted * np.logaddexp(0, s[None, :] - s[:, None])).sum()
    found = minimize(loss, np.zeros(4), method="BFGS", options={"gtol": 1e-9}).x
    np.testing.assert_allclose(bradley_terry(wins[None])[0], found - found.mean(), atol=1e-4)


def test_known_preferences_are_recovered_in_order():
    ranks = rank(simulated(200, Random(0)), METHODS, np.random.default_rng(0))
    assert [each.method for each in ranks] == METHODS
    assert all(each.votes == 200 * 6 for each in ranks)


def test_intervals_hold_the_true_scores_about_as_often_as_they_say():
    inside = []
    for seed in range(40):
        for each in rank(simulated(40, Random(seed)), METHODS, np.random.default_rng(seed)):
            assert each.low is not None and each.high is not None and each.low < each.score < each.high
            inside.append(each.low <= SCORES["realism"][each.method] <= each.high)
    assert 0.88 <= np.mean(inside) <= 1.0


def test_votes_of_one_person_are_resampled_together():
    """Twelve people who all agree with themselves: intervals are as wide as for twelve votes, not for 1200."""
    one = [vote(v, "truth", "chosen", "left" if v % 3 else "right") for v in range(12)]
    many = [vote(v, "truth", "chosen", "left" if v % 3 else "right", n) for v in range(12) for n in range(100)]
    few, all_ = (rank(votes, ["truth", "chosen"], np.random.default_rng(0))[0] for votes in (one, many))
    assert all_.high - all_.low > 0.9 * (few.high - few.low)


def test_a_method_that_never_lost_and_no_votes_at_all_have_finite_scores():
    for votes in ([], [vote(v, "truth", "chosen", "left") for v in range(MIN_VOTERS)]):
        assert all(np.isfinite(each.score) for each in rank(votes, METHODS, np.random.default_rng(0)))


def test_no_difference_counts_half_for_each():
    first, second = rank([vote(0, "truth", "chosen", "none")], ["truth", "chosen"], np.random.default_rng(0))
    assert first.score == second.score == 0 and first.preferred == second.preferred == 0.5


def test_few_voters_have_no_interval():
    votes = [vote(v, "truth", "chosen", "left") for v in range(MIN_VOTERS - 1)]
    assert rank(votes, ["truth", "chosen"], np.random.default_rng(0))[0].low is None
