import math

import dcor
import numpy as np
import pytest
import scoringrules
import torch
from scipy import stats

from backend.forecast import metrics


@pytest.fixture
def sample():
    generator = torch.Generator().manual_seed(0)
    paths = torch.randn(5, 9, 4, 6, generator=generator, dtype=torch.float64)
    return paths, torch.randn(5, 4, 6, generator=generator, dtype=torch.float64)


def test_crps_equals_the_fair_estimate_of_scoringrules(sample):
    paths, truth = sample
    expected = scoringrules.crps_ensemble(truth.numpy(), paths.numpy(), m_axis=1, estimator="fair").mean(-1)
    np.testing.assert_allclose(metrics.crps_each(paths, truth).mean(-1).numpy(), expected)


def test_energy_score_equals_the_double_sum_of_its_definition(sample):
    paths, truth = sample
    k = paths.shape[1]
    expected = torch.zeros(5, 4, dtype=torch.float64)
    for w in range(5):
        for h in range(4):
            x, y = paths[w, :, h], truth[w, h]
            pairs = sum((x[i] - x[j]).norm() for i in range(k) for j in range(k))
            expected[w, h] = sum((x[i] - y).norm() for i in range(k)) / k - pairs / (2 * k * (k - 1))
    torch.testing.assert_close(metrics.energy_score(paths, truth), expected)


def test_energy_score_agrees_with_scoringrules(sample):
    paths, truth = sample
    k = paths.shape[1]
    biased = scoringrules.es_ensemble(truth.numpy(), paths.numpy(), m_axis=1, v_axis=-1)
    spread = torch.cdist(paths.transpose(1, 2), paths.transpose(1, 2)).sum((-1, -2))
    fair = torch.from_numpy(np.asarray(biased)) + spread / 2 * (1 / k**2 - 1 / (k * (k - 1)))
    torch.testing.assert_close(metrics.energy_score(paths, truth), fair)


def test_energy_score_of_one_number_is_the_crps(sample):
    paths, truth = sample
    torch.testing.assert_close(
        metrics.energy_score(paths[..., :1], truth[..., :1]), metrics.crps_each(paths[..., :1], truth[..., :1]).mean(-1)
    )


def test_energy_score_can_be_differentiated_where_paths_coincide(sample):
    paths, truth = sample
    same = paths[:, :1].repeat(1, 3, 1, 1).requires_grad_()
    metrics.energy_score(same, truth).sum().backward()
    assert torch.isfinite(same.grad).all()


def test_path_energy_score_treats_a_path_as_one_vector(sample):
    paths, truth = sample
    expected = metrics.energy_score(paths.reshape(5, 9, 1, 24), truth.reshape(5, 1, 24))[:, 0] / math.sqrt(4)
    torch.testing.assert_close(metrics.path_energy_score(paths, truth), expected)


def test_min_ade_and_apd_equal_their_loops(sample):
    paths, truth = sample
    values, target = paths.unflatten(-1, (3, 2)), truth.unflatten(-1, (3, 2))
    for w in range(5):
        errors = [(values[w, k] - target[w]).norm(dim=-1).mean() for k in range(9)]
        pairs = [(values[w, i] - values[w, j]).norm(dim=-1).mean() for i in range(9) for j in range(i)]
        torch.testing.assert_close(metrics.best_of(metrics.displacement(values, target).mean(2))[w], min(errors))
        torch.testing.assert_close(metrics.apd(values)[w], sum(pairs) / len(pairs))


def test_best_of_groups_is_the_mean_over_disjoint_groups_and_leaves_the_rest(sample):
    paths, truth = sample
    error = metrics.displacement(paths.unflatten(-1, (3, 2)), truth.unflatten(-1, (3, 2)))
    for w in range(5):
        ade = [float(np.linalg.norm((paths[w, k] - truth[w]).reshape(4, 3, 2), axis=-1).mean()) for k in range(9)]
        last = [float(np.linalg.norm((paths[w, k, -1] - truth[w, -1]).reshape(3, 2), axis=-1).mean()) for k in range(9)]
        assert metrics.best_of(error.mean(2), 4)[w].item() == pytest.approx((min(ade[:4]) + min(ade[4:8])) / 2)
        assert metrics.best_of(error[..., -1])[w].item() == pytest.approx(min(last))


@pytest.mark.parametrize("k", [9, 10, 100])
def test_the_weighted_quantile_loss_is_gluonts_s(k):
    """Their formula, written out in NumPy: nearest sample for a quantile, 2 |(f - y) ((y <= f) - q)|, sums over all numbers."""
    random = np.random.default_rng(0)
    paths, truth = random.normal(size=(5, k, 4, 6)), random.normal(size=(5, 4, 6))
    weighted = []
    for q in np.linspace(0.1, 0.9, 9).round(1):
        forecast = np.sort(paths, axis=1)[:, int(np.round((k - 1) * q))]
        weighted.append(2 * np.abs((forecast - truth) * ((truth <= forecast) - q)).sum() / np.abs(truth).sum())
    found = metrics.quantile_loss_each(torch.from_numpy(paths), torch.from_numpy(truth)).sum() / np.abs(truth).sum()
    assert found.item() == pytest.approx(np.mean(weighted))


def test_the_quantile_loss_of_one_level_is_twice_scoringrules_s(sample, monkeypatch):
    paths, truth = sample
    monkeypatch.setattr(metrics, "QUANTILES", (0.3,))
    quantile = np.quantile(paths.numpy(), 0.3, axis=1, method="nearest")
    expected = 2 * scoringrules.quantile_score(truth.numpy(), quantile, 0.3)
    np.testing.assert_allclose(metrics.quantile_loss_each(paths, truth).numpy(), expected)


def test_scores_of_each_number_grow_with_its_unit(sample):
    paths, truth = sample
    unit = torch.rand(5, 1, 6, dtype=torch.float64) + 0.5
    for each in (metrics.crps_each, metrics.quantile_loss_each):
        torch.testing.assert_close(each(paths * unit[:, None] + 3, truth * unit + 3), each(paths, truth) * unit)


def test_the_energy_distance_is_dcor_s():
    generator = torch.Generator().manual_seed(0)
    draws = torch.randn(3, 12, 30, generator=generator, dtype=torch.float64)
    happened = torch.randn(12, 30, generator=generator, dtype=torch.float64) + 0.3
    expected = np.mean([dcor.energy_distance(draw.numpy(), happened.numpy()) for draw in draws])
    assert metrics.energy_distance_terms(draws, happened).mean().item() == pytest.approx(expected)
    assert metrics.energy_distance_terms(happened[None], happened).mean().item() == pytest.approx(0, abs=1e-9)


def test_error_and_diversity_of_the_best_fifth_equal_their_loops():
    generator = torch.Generator().manual_seed(0)
    paths, truth = torch.randn(3, 20, 4, 6, generator=generator), torch.randn(3, 4, 6, generator=generator)
    mae, diversity = metrics.best_fifth(paths, truth)
    for w in range(3):
        errors = (paths[w] - truth[w]).abs().mean((1, 2))
        best = [paths[w, i] for i in errors.argsort()[:4]]
        pairs = [(best[i] - best[j]).abs().mean(1) for i in range(4) for j in range(i)]
        torch.testing.assert_close(mae[w], torch.stack([(path - truth[w]).abs().mean(1) for path in best]).mean(0))
        torch.testing.assert_close(diversity[w], torch.stack(pairs).mean(0))


def test_pit_of_a_perfect_forecast_is_uniform():
    generator = torch.Generator().manual_seed(2)
    paths, truth = torch.randn(2000, 13, 1, 4, generator=generator), torch.randn(2000, 1, 4, generator=generator)
    histogram = metrics.pit_histogram(paths, truth, generator)
    assert histogram.shape == (2000, 1, 10)
    counts = histogram.sum((0, 1)) * 4
    assert counts.sum().item() == pytest.approx(8000)
    assert stats.chisquare(counts.numpy()).pvalue > 0.01


def test_pit_breaks_ties_at_random_and_counts_ranks_as_scipy_does():
    truth = torch.zeros(4000, 1, 1)
    tied = metrics.pit_histogram(torch.zeros(4000, 5, 1, 1), truth, torch.Generator().manual_seed(0)).mean((0, 1))
    np.testing.assert_allclose(tied, 0.1, atol=0.02)
    paths = torch.arange(99.0).view(1, 99, 1, 1)
    for value in (-1.0, 30.5, 200.0):
        rank = stats.rankdata(np.append(paths.flatten(), value))[-1] - 1
        found = metrics.pit_histogram(paths, torch.full((1, 1, 1), value), torch.Generator().manual_seed(0))
        assert found[0, 0].argmax().item() == min(9, int(rank / 10))


def test_the_sum_of_distances_does_not_depend_on_the_way_it_is_computed(sample):
    paths, truth = sample
    by_product = metrics.energy_score(paths + 100, truth + 100)
    torch.testing.assert_close(metrics.energy_score(paths.clone().requires_grad_(), truth).detach(), by_product)


def test_apd_of_equal_futures_is_zero_and_min_ade_of_the_truth_is_zero(sample):
    _, truth = sample
    values = truth.unflatten(-1, (3, 2))
    same = values[:, None].expand(-1, 4, -1, -1, -1)
    assert metrics.apd(same).abs().max() == 0
    assert metrics.best_of(metrics.displacement(same, values).mean(2)).abs().max() == 0


@pytest.mark.parametrize("level", [0.5, 0.8])
@pytest.mark.parametrize("k", [19, 50])
def test_coverage_of_a_perfect_forecast_is_its_level(k, level):
    generator = torch.Generator().manual_seed(1)
    paths = torch.randn(4000, k, 1, 4, generator=generator)
    truth = torch.randn(4000, 1, 4, generator=generator)
    assert metrics.coverage(paths, truth, level).mean().item() == pytest.approx(level, abs=0.012)


def test_coverage_falls_when_the_paths_are_too_narrow():
    generator = torch.Generator().manual_seed(1)
    paths, truth = torch.randn(500, 20, 1, 4, generator=generator), torch.randn(500, 1, 4, generator=generator)
    assert metrics.coverage(paths * 0.5, truth, 0.8).mean() < 0.6


def test_a_copy_of_twice_the_amplitude_accelerates_twice_as_much():
    truth = torch.randn(3, 8, 2, 2, generator=torch.Generator().manual_seed(0))
    futures, happened = metrics.accelerations(truth[:, None] * 2, truth)
    assert futures.shape == happened.shape == (3, 6)
    torch.testing.assert_close(futures, 2 * happened)


def test_uniform_motion_does_not_accelerate():
    line = torch.arange(8.0).view(1, 8, 1, 1).expand(2, 8, 3, 2)
    futures, happened = metrics.accelerations(line[:, None], line)
    assert futures.abs().max() == 0 and happened.abs().max() == 0
