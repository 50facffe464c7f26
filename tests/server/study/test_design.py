"""The balanced design of the study."""

from __future__ import annotations

from collections import Counter
from itertools import combinations
from random import Random

import pytest

from backend.core.errors import InputError
from backend.server.study import trials
from backend.server.study.trials import CLIPS, COMPARED, FUTURES, ROUNDS, TRIALS, OpenTrials, StudyMoment, design

MOMENTS = [StudyMoment(name, step) for name in ("laughing", "quiet", "talking", "turning") for step in (20, 50, 80)]


def test_every_pair_of_methods_comes_equally_often_in_every_visit():
    for seed in range(20):
        plan = design(MOMENTS, Random(seed))
        assert len(plan) == TRIALS
        pairs = Counter((trial.question, frozenset((trial.left.method, trial.right.method))) for trial in plan)
        expected = {(q, frozenset(pair)): ROUNDS for q, methods in COMPARED.items() for pair in combinations(methods, 2)}
        assert pairs == expected


def test_a_visit_that_breaks_off_is_balanced_up_to_the_last_round():
    plan = design(MOMENTS, Random(0))
    first = [frozenset((trial.left.method, trial.right.method)) for trial in plan[: len(plan) // 3]]
    assert len(set(first)) == len(first) == 6


def test_sides_and_drivers_are_random():
    plans = [trial for seed in range(300) for trial in design(MOMENTS, Random(seed))]
    for question, methods in COMPARED.items():
        for method in methods:
            sides = [
                trial.left.method == method
                for trial in plans
                if trial.question == question and method in (trial.left.method, trial.right.method)
            ]
            # Six standard deviations of a fair coin.
            assert abs(sum(sides) / len(sides) - 0.5) < 3 / len(sides) ** 0.5
    drivers = Counter(trial.left.moment.recording for trial in plans)
    assert max(drivers.values()) < 1.1 * min(drivers.values())


def test_both_sides_show_the_same_moment_and_as_many_futures():
    for trial in design(MOMENTS, Random(1)):
        assert trial.left.moment == trial.right.moment
        for side in (trial.left, trial.right):
            assert len(set(side.futures)) == CLIPS[trial.question] and set(side.futures) <= set(range(FUTURES))


def test_ids_are_unique_and_an_unknown_one_is_refused():
    opened = OpenTrials(MOMENTS, Random(0))
    ids = [trial.id for _ in range(20) for trial in opened.begin()[1]]
    assert len(set(ids)) == len(ids)
    with pytest.raises(InputError) as caught:
        opened.get("none")
    assert caught.value.code == "trial_unknown"


def test_the_trials_of_the_earliest_voter_are_deleted_first(monkeypatch):
    monkeypatch.setattr(trials, "MAX_VOTERS", 2)
    opened = OpenTrials(MOMENTS, Random(0))
    (_, first), (second, kept), (_, _) = opened.begin(), opened.begin(), opened.begin()
    assert opened.get(kept[0].id) == (second, kept[0])
    with pytest.raises(InputError):
        opened.get(first[0].id)
