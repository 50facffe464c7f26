import math

import numpy as np
import pytest
import scoringrules
import torch

from backend.forecast import metrics


@pytest.fixture
def sample():
    generator = torch.Generator().manual_seed(0)
    paths = torch.randn(5, 9, 4, 6, generator=generator, dtype=torch.float64)
    return paths, torch.randn(5, 4, 6, generator=generator, dtype=torch.float64)


def test_crps_equals_the_fair_estimate_of_scoringrules(sample):
    paths, truth = sample
    expected = scoringrules.crps_ensemble(truth.numpy(), paths.numpy(), m_axis=1, estimator="fair").mean(-1)
    np.testing.assert_allclose(metrics.crps(paths, truth).numpy(), expected)


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
        metrics.energy_score(paths[..., :1], truth[..., :1]), metrics.crps(paths[..., :1], truth[..., :1])
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
        torch.testing.assert_close(metrics.min_ade(values, target)[w], min(errors))
        torch.testing.assert_close(metrics.apd(values)[w], sum(pairs) / len(pairs))


def test_apd_of_equal_futures_is_zero_and_min_ade_of_the_truth_is_zero(sample):
    _, truth = sample
    values = truth.unflatten(-1, (3, 2))
    same = values[:, None].expand(-1, 4, -1, -1, -1)
    assert metrics.apd(same).abs().max() == 0
    assert metrics.min_ade(same, values).abs().max() == 0


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
