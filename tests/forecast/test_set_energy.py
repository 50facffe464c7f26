import pytest
import torch

from backend.forecast.set_energy import SetEnergy

T, B, K, D = 16, 400, 4, 12


def refined(energy, scale=None):
    generator = torch.Generator().manual_seed(0)
    base = torch.randn(T, B * K, D, generator=generator)
    after = energy.refine(base, K, torch.ones(D) if scale is None else scale, generator)
    mean = (after.sum(0) / T**0.5).unflatten(0, (B, K))
    return base, after, mean


def mean_cosine(mean):
    direction = mean / mean.norm(dim=-1, keepdim=True)
    cosines = direction @ direction.mT
    return ((cosines.sum((1, 2)) - K) / (K * (K - 1))).mean().item()


def test_without_repulsion_paths_stay_independent_standard_normal():
    base, after, mean = refined(SetEnergy(strength=0.0))
    assert mean_cosine(mean) == pytest.approx(0, abs=0.02)
    assert mean.var().item() == pytest.approx(1, abs=0.03)
    # Only the part that is the same at every step changes.
    torch.testing.assert_close(after.diff(dim=0), base.diff(dim=0), atol=1e-5, rtol=0)


@pytest.mark.parametrize("scale", [None, torch.linspace(0.1, 2, D)])
def test_paths_of_a_set_point_away_from_each_other_and_each_stays_as_likely(scale):
    _, after, mean = refined(SetEnergy(), scale)
    weighted = mean if scale is None else mean * scale
    assert mean_cosine(weighted) < -0.1
    assert mean.var().item() == pytest.approx(1, abs=0.04)
    assert mean.mean().item() == pytest.approx(0, abs=0.03)
    assert after.square().mean().item() == pytest.approx(1, abs=0.02)


def test_a_single_path_is_only_resampled():
    generator = torch.Generator().manual_seed(1)
    base = torch.randn(T, 500, D, generator=generator)
    after = SetEnergy().refine(base, 1, torch.ones(D), generator)
    assert (after.sum(0) / T**0.5).var().item() == pytest.approx(1, abs=0.05)
