"""The design of the perceptual study: which pairs a voter judges, in which order, and what each side shows."""

from __future__ import annotations

import itertools
import math
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

from backend.core.errors import InputError

METHODS = ("gru_nf", "gru_snf", "chosen")
TRUTH = "truth"
"""What happened. It is one future, so only questions about a single future compare it."""

COMPARED = {"realism": (*METHODS, TRUTH), "diversity": METHODS}
"""The methods that each question compares, in the order in which the questions are asked."""

ROUNDS = 2
"""How often a voter judges every pair of methods for each question."""

TRIALS = ROUNDS * sum(math.comb(len(methods), 2) for methods in COMPARED.values())
"""Pairs that one voter judges."""

FUTURES = 4
"""K: futures that a method samples at one moment."""

CLIPS = {"realism": 1, "diversity": FUTURES}
"""Futures that each side shows."""

MAX_VOTERS = 2000
"""Voters whose trials are kept. The trials of the earliest voter are deleted first, and can then not be judged any more."""


@dataclass(frozen=True)
class StudyMoment:
    """A moment at which futures begin: a bundled recording and the last observed step."""

    recording: str
    step: int


@dataclass(frozen=True)
class Shown:
    """What one side shows: futures that a method sampled at a moment. `futures` are their indices, in [0, K)."""

    moment: StudyMoment
    method: str
    futures: tuple[int, ...]


@dataclass(frozen=True)
class StudyTrial:
    """One pair to judge. Its random `id` says nothing about the methods."""

    id: str
    question: str
    left: Shown
    right: Shown


def design(moments: Sequence[StudyMoment], random: Random) -> list[StudyTrial]:
    """Return one voter's trials: for each question, `ROUNDS` rounds in which every pair of methods comes once.

    Order of the pairs, sides, moments and futures are random. Both sides show the same moment.
    """
    trials: list[StudyTrial] = []
    order = itertools.chain.from_iterable(random.sample(moments, len(moments)) for _ in itertools.count())
    for question, methods in COMPARED.items():
        pairs = list(itertools.combinations(methods, 2))
        for pair in itertools.chain.from_iterable(random.sample(pairs, len(pairs)) for _ in range(ROUNDS)):
            moment = next(order)
            left, right = (
                Shown(moment, method, tuple(random.sample(range(FUTURES), CLIPS[question])))
                for method in random.sample(pair, 2)
            )
            trials.append(StudyTrial(secrets.token_urlsafe(9), question, left, right))
    return trials


class OpenTrials:
    """The trials of the latest voters, by their ids."""

    def __init__(self, moments: Sequence[StudyMoment], random: Random) -> None:
        self._moments, self._random = moments, random
        self._voters: dict[str, list[str]] = {}
        self._trials: dict[str, tuple[str, StudyTrial]] = {}

    def begin(self) -> tuple[str, list[StudyTrial]]:
        """Return a new voter's random number and trials."""
        voter, trials = secrets.token_hex(6), design(self._moments, self._random)
        self._voters[voter] = [trial.id for trial in trials]
        self._trials |= {trial.id: (voter, trial) for trial in trials}
        if len(self._voters) > MAX_VOTERS:
            for trial in self._voters.pop(next(iter(self._voters))):
                del self._trials[trial]
        return voter, trials

    def get(self, trial: str) -> tuple[str, StudyTrial]:
        """Return a trial and its voter; raises `trial_unknown`."""
        if trial not in self._trials:
            raise InputError("trial_unknown", "This pair does not exist, or is too old.", "Reload the page to begin again.")
        return self._trials[trial]
