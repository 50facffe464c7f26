import pytest
import torch

from backend.forecast.noise import NoiseShape, RolloutNoise, antithetic

CPU = torch.device("cpu")
SHAPE = NoiseShape(times=3, base=5, moves=4, latent=2)


@pytest.mark.parametrize("k", [2, 3, 8])
def test_antithetic_rows_are_normal_alone_and_negatively_correlated(k):
    """Each row keeps its mean 0 and variance 1; two rows of a group are correlated by -1 / (K - 1), other rows not at all."""
    normal = antithetic(torch.randn(50_000, 2 * k, 2, generator=torch.Generator().manual_seed(0)), k)
    for column in normal.unbind(-1):
        correlation = column.T @ column / len(column)
        group = torch.full((k, k), -1 / (k - 1)).fill_diagonal_(1)
        torch.testing.assert_close(correlation, torch.block_diag(group, group), atol=0.02, rtol=0)
    fourth = normal.pow(4).mean()
    assert fourth == pytest.approx(3, abs=0.1)


def test_rows_of_a_group_sum_to_zero():
    normal = antithetic(torch.randn(5, 12, 3, generator=torch.Generator().manual_seed(0)), 4)
    torch.testing.assert_close(normal.unflatten(1, (-1, 4)).sum(2), torch.zeros(5, 3, 3), atol=1e-5, rtol=0)


def test_a_single_row_is_unchanged():
    normal = torch.randn(5, 3, 2)
    assert antithetic(normal, 1) is normal


def seeded(seed):
    return torch.Generator().manual_seed(seed)


def assert_same_noise(left, right):
    for name in ("base_TRD", "normal_MRZ", "log_uniform_MR1"):
        assert torch.equal(getattr(left, name), getattr(right, name)), name


def test_each_stream_s_noise_comes_from_its_own_source_alone():
    together = RolloutNoise.draw(SHAPE, 2, 3, [seeded(7), seeded(8)], CPU)
    assert len(together) == 6
    for stream, seed in enumerate((7, 8)):
        alone = RolloutNoise.draw(SHAPE, 1, 3, [seeded(seed)], CPU)
        assert_same_noise(together[torch.arange(3 * stream, 3 * stream + 3)], alone)
    again = RolloutNoise.cat([together[torch.arange(3)], together[torch.arange(3, 6)]])
    assert_same_noise(again, together)


def test_paths_are_selected_by_their_indices():
    noise = RolloutNoise.draw(SHAPE, 1, 8, seeded(0), CPU)
    some = noise[torch.tensor([5, 2])]
    assert torch.equal(some.base_TRD, noise.base_TRD[:, [5, 2]])
    assert torch.equal(some.normal_MRZ, noise.normal_MRZ[:, [5, 2]])
    assert torch.equal(some.log_uniform_MR1, noise.log_uniform_MR1[:, [5, 2]])


def test_without_moves_there_is_only_base_noise_and_it_is_the_same():
    plain = RolloutNoise.draw(NoiseShape(3, 5), 2, 2, seeded(0), CPU)
    assert plain.normal_MRZ is None and plain.log_uniform_MR1 is None
    assert torch.equal(plain.base_TRD, RolloutNoise.draw(SHAPE, 2, 2, seeded(0), CPU).base_TRD)
    assert plain[torch.tensor([1])].normal_MRZ is None and RolloutNoise.cat([plain, plain]).normal_MRZ is None


def test_only_base_noise_is_coupled():
    coupled = RolloutNoise.draw(SHAPE, 2, 4, seeded(0), CPU, coupled=True)
    torch.testing.assert_close(coupled.base_TRD.unflatten(1, (2, 4)).sum(2), torch.zeros(3, 2, 5), atol=1e-5, rtol=0)
    assert torch.equal(coupled.normal_MRZ, RolloutNoise.draw(SHAPE, 2, 4, seeded(0), CPU).normal_MRZ)
