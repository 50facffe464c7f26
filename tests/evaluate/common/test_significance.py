"""Sign flips call few chance differences significant, whatever their distribution, and find real ones."""

from itertools import product

import numpy as np
import pytest
import torch
from scipy import stats

from backend.evaluate.common.resampling import Resampler, ratio
from backend.evaluate.common.significance import MAX_EXACT_PEOPLE, MIN_PEOPLE, corrected, few_people, sign_flip_p
from backend.evaluate.report.report import Comparison


def parts(values, windows=None):
    values = torch.as_tensor(values, dtype=torch.float64)
    count = torch.ones_like(values) if windows is None else torch.as_tensor(windows).double()
    return torch.stack([values * count, count], dim=1)


def scores(random, people):
    """Errors of one method on some people: skewed, with heavy tails, and very different from person to person."""
    return np.exp(random.normal(0, 1, people)) * random.pareto(2.2, people)


def rejected(people, rounds, gain=1.0):
    """Share of comparisons with p < 0.05 of two methods, of which the first one's errors are `gain` times as large."""
    random = np.random.default_rng(people)
    found = []
    for _ in range(rounds):
        windows = random.integers(1, 12, people)
        level = np.exp(random.normal(0, 0.5, people))  # Some people are hard for both.
        ours, theirs = (level * (1 + 0.2 * scores(random, people)) for _ in range(2))
        found.append(sign_flip_p(parts(gain * ours, windows), parts(theirs, windows), ratio) < 0.05)
    return np.mean(found)


@pytest.mark.parametrize(("people", "rounds"), [(7, 1500), (24, 400)])
def test_one_in_twenty_chance_differences_is_called_significant(people, rounds):
    assert 0.03 <= rejected(people, rounds) <= 0.07


@pytest.mark.parametrize(("people", "gain"), [(7, 0.3), (24, 0.6)])
def test_a_real_difference_is_found(people, gain):
    assert rejected(people, 60, gain) > 0.8


def test_skewed_differences_of_mean_zero_are_called_significant_no_more_often():
    random = np.random.default_rng(0)
    found = []
    for _ in range(400):
        difference = random.gamma(2, 1, 24) - 2
        found.append(sign_flip_p(parts(difference), parts(np.zeros(24)), ratio) < 0.05)
    assert 0.02 <= np.mean(found) <= 0.08


def test_all_exchanges_of_few_people_are_tried():
    """By brute force over the people's sums, for a ratio whose denominators differ between the methods."""
    random = np.random.default_rng(3)
    ours, theirs = (torch.from_numpy(random.gamma(1.5, 1, (8, 2))) for _ in range(2))
    observed = abs((ratio(ours.sum(0)) - ratio(theirs.sum(0))).item())
    reached = []
    for swap in product([False, True], repeat=8):
        swapped = torch.tensor(swap)[:, None]
        one, two = torch.where(swapped, theirs, ours).sum(0), torch.where(swapped, ours, theirs).sum(0)
        reached.append(abs((ratio(one) - ratio(two)).item()) >= observed - 1e-12)
    assert sign_flip_p(ours, theirs, ratio) == pytest.approx(np.mean(reached))


def test_random_exchanges_of_many_people_agree_with_scipy():
    difference = np.random.default_rng(5).normal(0.25, 1, MAX_EXACT_PEOPLE + 16)
    expected = stats.permutation_test(
        (difference, np.zeros(len(difference))), lambda a, b: np.mean(a - b), permutation_type="samples", n_resamples=20_000,
        rng=np.random.default_rng(0),
    ).pvalue  # fmt: skip
    assert sign_flip_p(parts(difference), parts(np.zeros(len(difference))), ratio) == pytest.approx(expected, abs=0.01)


def test_a_distance_over_pairs_of_people_is_tested_by_linear_parts():
    """Methods that differ by chance only: the mean over pairs mixes people, which must not make them look certain."""
    random = np.random.default_rng(2)
    resampler = Resampler([f"p{number:02d}" for number in range(20)])
    chance, real = [], []
    for _ in range(150):
        one, two = random.exponential(1, (2, 20))
        first, second, worse = (
            resampler.of_pairs(torch.from_numpy(np.add.outer(each, each) + 0.1 * np.outer(each, each)))
            for each in (one, two, two + 1)
        )
        assert ratio(first.parts_PC.sum(0)).item() == pytest.approx(first.value)
        chance.append(first.minus(second).p < 0.05)
        real.append(first.minus(worse).p < 0.05)
    assert np.mean(chance) <= 0.09 and np.mean(real) > 0.7


def test_fewer_than_six_people_are_not_tested_and_a_note_says_why():
    values = np.arange(1.0, MIN_PEOPLE)
    assert sign_flip_p(parts(values), parts(np.zeros(MIN_PEOPLE - 1)), ratio) is None
    assert sign_flip_p(parts(np.arange(1.0, MIN_PEOPLE + 1)), parts(np.zeros(MIN_PEOPLE)), ratio) == 2 / 2**MIN_PEOPLE
    assert "only 5 people" in few_people(5)[0] and "0.062" in few_people(5)[0]
    assert "only one person" in few_people(1)[0] and few_people(MIN_PEOPLE) == []


def test_holm_corrects_over_the_tests_of_a_metric():
    p_values = [0.01, 0.04, 0.03, 0.005]
    tests = [Comparison("crps", "a", f"b{place}", 0.0, p=p) for place, p in enumerate(p_values)]
    tests += [Comparison("apd", "a", "b", 0.0, p=0.04), Comparison("crps", "a", "few", 0.0)]
    found = corrected(tests)
    # By hand: 4 x 0.005, 3 x 0.01, 2 x 0.03, and 0.04 raised to the one before it.
    assert [test.p_holm for test in found[:4]] == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert found[4].p_holm == 0.04 and found[5].p_holm is None
    assert [test.significant for test in found] == [True, False, False, True, True, None]
    assert corrected(found) == found
