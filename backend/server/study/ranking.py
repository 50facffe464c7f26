"""Bradley-Terry scores of the methods, with intervals by resampling voters."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from backend.server.study.store import Vote

RESAMPLES = 1000
MIN_VOTERS = 5
"""Voters below which no interval is given: from fewer, resampling understates it."""

MAX_ROUNDS = 2000
TOLERANCE = 1e-8
"""Change of a relative strength below which the iteration has converged."""

Numbers = NDArray[np.float64]


@dataclass(frozen=True)
class Rank:
    """A method's place in the study.

    Attributes:
        method: its name.
        score: Bradley-Terry score; the scores of a question have mean 0. A method is preferred to another with probability
            1 / (1 + exp(other's score - score)).
        low, high: 95 % interval of the score; None with fewer than `MIN_VOTERS` voters.
        preferred: part of its votes in which it was preferred, in [0, 1]; no difference counts half. None without votes.
        votes: number of pairs that showed it.
    """

    method: str
    score: float
    low: float | None
    high: float | None
    preferred: float | None
    votes: int


def bradley_terry(wins_RMM: Numbers) -> Numbers:
    """Return the maximum-likelihood scores `[R, M]` of R sets of comparisons between M methods; each set has mean 0.

    The iteration is the MM algorithm of Hunter 2004 (Annals of Statistics 32, section 2). One undecided vote is added to
    every pair, so that a method that never lost gets a finite score.

    Args:
        wins_RMM: how often the row's method was preferred to the column's, `[R, M, M]`, at least 0; ties are half a win each.
    """
    methods = wins_RMM.shape[-1]
    wins_RMM = wins_RMM + 0.5 * (1 - np.eye(methods))
    total_RMM = wins_RMM + wins_RMM.swapaxes(-1, -2)
    won_RM = wins_RMM.sum(-1)
    strength_RM = np.ones_like(won_RM)
    for _ in range(MAX_ROUNDS):
        pair_RMM = strength_RM[:, :, None] + strength_RM[:, None, :]
        new_RM = won_RM / (total_RMM / pair_RMM).sum(-1)
        new_RM /= np.exp(np.log(new_RM).mean(-1, keepdims=True))
        change = np.abs(new_RM / strength_RM - 1).max()
        strength_RM = new_RM
        if change < TOLERANCE:
            break
    scores: Numbers = np.log(strength_RM)
    return scores


def rank(votes: Sequence[Vote], methods: Sequence[str], random: np.random.Generator) -> list[Rank]:
    """Return the methods of one question, best first.

    Args:
        votes: of this question.
        methods: that it compares.
        random: resamples the voters.
    """
    wins_VMM = _wins(votes, methods)
    score_M = bradley_terry(wins_VMM.sum(0, keepdims=True))[0]
    interval_2M = _interval(wins_VMM, random) if len(wins_VMM) >= MIN_VOTERS else None
    won_M, lost_M = wins_VMM.sum((0, 2)), wins_VMM.sum((0, 1))
    ranks = [
        Rank(
            method=method,
            score=float(score_M[i]),
            low=None if interval_2M is None else float(interval_2M[0, i]),
            high=None if interval_2M is None else float(interval_2M[1, i]),
            preferred=float(won_M[i] / (won_M[i] + lost_M[i])) if won_M[i] + lost_M[i] else None,
            votes=round(won_M[i] + lost_M[i]),
        )
        for i, method in enumerate(methods)
    ]
    return sorted(ranks, key=lambda each: -each.score)


def _interval(wins_VMM: Numbers, random: np.random.Generator) -> Numbers:
    """Resample voters with replacement: lower and upper ends `[2, M]`. One person's votes are not independent."""
    voters, methods = wins_VMM.shape[:2]
    times_RV = random.multinomial(voters, np.full(voters, 1 / voters), RESAMPLES).astype(np.float64)
    score_RM = bradley_terry((times_RV @ wins_VMM.reshape(voters, -1)).reshape(-1, methods, methods))
    ends: Numbers = np.quantile(score_RM, (0.025, 0.975), axis=0)
    return ends


def _wins(votes: Sequence[Vote], methods: Sequence[str]) -> Numbers:
    """Return every voter's preferences `[V, M, M]`: rows preferred to columns."""
    place = {voter: i for i, voter in enumerate(dict.fromkeys(vote.voter for vote in votes))}
    wins_VMM = np.zeros((len(place), len(methods), len(methods)))
    for vote in votes:
        left, right, row = methods.index(vote.left), methods.index(vote.right), place[vote.voter]
        preferred_left = {"left": 1.0, "right": 0.0, "none": 0.5}[vote.choice]
        wins_VMM[row, left, right] += preferred_left
        wins_VMM[row, right, left] += 1 - preferred_left
    return wins_VMM
