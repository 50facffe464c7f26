import numpy as np
import pytest
import torch
from scipy import stats

from backend.evaluate.common.resampling import Resampler, ratio


def column(values):
    values = torch.as_tensor(values, dtype=torch.float64)
    return torch.stack([values, torch.ones_like(values)], dim=1)


def people(groups):
    return [f"p{group:03d}" for group in groups]


def test_the_interval_of_a_mean_is_scipy_s_bootstrap():
    values = np.random.default_rng(0).normal(3, 1, 60)
    low, high = Resampler(people(range(60))).of_sums(column(values), ratio).interval()
    expected = stats.bootstrap((values,), np.mean, method="percentile", n_resamples=4000, random_state=1).confidence_interval
    assert low == pytest.approx(expected.low, abs=0.04) and high == pytest.approx(expected.high, abs=0.04)


def test_people_are_resampled_whole():
    """Windows of one person that are all alike say no more than one of them."""
    values = np.random.default_rng(0).normal(0, 1, 12)
    many = Resampler(people(np.repeat(range(12), 10))).of_sums(column(np.repeat(values, 10)), ratio)
    one = Resampler(people(range(12))).of_sums(column(values), ratio)
    assert many.value == pytest.approx(one.value)
    np.testing.assert_allclose(many.interval(), one.interval())


def test_a_person_with_more_windows_weighs_more():
    estimate = Resampler(people([0, 0, 0, 1])).of_sums(column([1.0, 1.0, 1.0, 5.0]), ratio)
    assert estimate.value == 2
    assert {round(value, 6) for value in estimate.replicates_R.tolist()} == {1, 2, 5}


def test_the_mean_over_pairs_is_that_of_the_people_drawn():
    random = np.random.default_rng(0)
    groups, terms = random.integers(0, 5, 14), random.normal(size=(14, 14))
    resampler = Resampler(people(groups))
    estimate = resampler.of_pairs(torch.from_numpy(terms))
    apart = resampler.of_pairs(torch.from_numpy(terms), 1 - torch.eye(14))
    assert estimate.value == pytest.approx(terms.mean())
    assert apart.value == pytest.approx(terms[~np.eye(14, dtype=bool)].mean())
    present = np.unique(groups)
    for row in (3, 7):
        times = resampler._weight_RP[row + 1].numpy()
        drawn = np.concatenate([np.flatnonzero(groups == person) for person in np.repeat(present, times.astype(int))])
        assert estimate.replicates_R[row].item() == pytest.approx(terms[np.ix_(drawn, drawn)].mean())
        pairs = [terms[i, j] for i in drawn for j in drawn if i != j]
        assert apart.replicates_R[row].item() == pytest.approx(np.mean(pairs))


def test_a_known_difference_is_found_though_people_differ_more_than_methods():
    random = np.random.default_rng(0)
    groups = np.repeat(range(25), 4)
    person = random.normal(0, 1, 25)[groups]
    resampler = Resampler(people(groups))
    a, b = (person + random.normal(shift, 0.05, 100) for shift in (0, 0.1))
    first, second = (resampler.of_sums(column(values), ratio) for values in (a, b))
    difference = first.minus(second)
    low, high = difference.interval
    assert low < -0.1 < high < 0 and difference.p < 0.01
    assert first.interval()[1] > second.interval()[0]  # Unpaired, the difference does not show.


def test_equal_methods_differ_by_nothing_and_p_is_one():
    estimate = Resampler(people(range(7))).of_sums(column(np.arange(7.0)), ratio)
    difference = estimate.minus(estimate)
    assert difference.value == 0 and difference.interval == (0, 0) and difference.p == 1


def test_one_person_has_no_interval():
    estimate = Resampler(["a", "a"]).of_sums(column([1.0, 3.0]), ratio)
    assert estimate.value == 2 and estimate.interval() is None
    assert estimate.minus(estimate) == (0, None, None)
