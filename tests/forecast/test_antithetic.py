import pytest
import torch

from backend.forecast.antithetic import antithetic


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
