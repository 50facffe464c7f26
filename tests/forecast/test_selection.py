from itertools import combinations

import pytest
import torch

from backend.core.errors import InputError
from backend.forecast import selection
from backend.forecast.selection import path_distances, select_futures


def draws(b=1, n=32, h=16, keypoints=10, seed=0):
    """Random walks, with Jacobians that are not to be looked at."""
    return torch.randn(b, n, h, 6 * keypoints, generator=torch.Generator().manual_seed(seed)).cumsum(2)


def objective(distance, chosen):
    """The mean distance of all draws to their nearest chosen one."""
    return distance[list(chosen)].amin(0).mean().item()


def test_a_distance_is_the_mean_keypoint_distance_of_two_paths():
    paths = draws(2, 5, 3, 4)
    positions = paths.unflatten(-1, (4, 6))[..., :2]
    expected = (positions[:, :, None] - positions[:, None]).norm(dim=-1).mean((-1, -2))
    torch.testing.assert_close(path_distances(paths), expected)
    assert (path_distances(paths).diagonal(dim1=1, dim2=2) == 0).all()


@pytest.mark.parametrize("k", [1, 2, 3, 4])
def test_the_choice_is_about_the_best_of_all_subsets(k):
    paths = draws(40, 9, 4, 2)
    chosen, _ = select_futures(paths, k)
    ratios = []
    for distance, found in zip(path_distances(paths), chosen.tolist(), strict=True):
        best = min(objective(distance, subset) for subset in combinations(range(9), k))
        ratios.append(objective(distance, found) / best)
    ratios = torch.tensor(ratios)
    assert ratios.min() > 1 - 1e-5 and ratios.max() < 1.1
    assert (ratios < 1 + 1e-5).float().mean() >= (1 if k == 1 else 0.7)


def test_no_swap_improves_the_choice():
    paths = draws(4, 20, 4, 3)
    for distance, found in zip(path_distances(paths), select_futures(paths, 4)[0].tolist(), strict=True):
        reached = objective(distance, found)
        for slot in range(4):
            for other in range(20):
                assert objective(distance, [*found[:slot], other, *found[slot + 1 :]]) > reached * (1 - 1e-5)


def test_the_order_of_the_draws_does_not_change_the_chosen_futures():
    paths = draws(6, 24)
    order = torch.randperm(24, generator=torch.Generator().manual_seed(1))
    (chosen, share), (shuffled, shuffled_share) = select_futures(paths, 4), select_futures(paths[:, order], 4)
    for row, distance in enumerate(path_distances(paths)):
        assert objective(distance, chosen[row].tolist()) == pytest.approx(objective(distance, order[shuffled[row]].tolist()))
    torch.testing.assert_close(share, shuffled_share)


def test_streams_are_chosen_from_alike_in_a_batch_and_alone():
    paths = draws(8, 32)
    chosen, share = select_futures(paths, 4)
    assert torch.equal(path_distances(paths), torch.cat([path_distances(one) for one in paths.split(1)]))
    for row in range(8):
        alone, alone_share = select_futures(paths[row : row + 1], 4)
        assert torch.equal(alone[0], chosen[row]) and torch.equal(alone_share[0], share[row])


def test_shares_count_the_draws_nearest_to_each_future_and_descend():
    centres = torch.tensor([0.0, 100.0, 200.0]).repeat_interleave(torch.tensor([2, 7, 3]))
    paths = draws(1, 12, 2, 1) * 0.01 + centres[None, :, None, None]
    chosen, share = select_futures(paths, 3)
    torch.testing.assert_close(share, torch.tensor([[7, 3, 2]]) / 12)
    assert [int(centres[index]) for index in chosen[0]] == [100, 200, 0]
    _, share = select_futures(draws(5, 32), 8)
    assert (share.diff(dim=1) <= 0).all()
    torch.testing.assert_close(share.sum(1), torch.ones(5))


def test_equal_draws_are_chosen_once_each_and_share_evenly():
    chosen, share = select_futures(torch.zeros(2, 6, 4, 12), 4)
    assert chosen.tolist() == [[0, 1, 2, 3]] * 2
    torch.testing.assert_close(share, torch.full((2, 4), 0.25))
    twice = draws(1, 5).repeat(1, 2, 1, 1)
    chosen, share = select_futures(twice, 5)
    assert sorted(index % 5 for index in chosen[0].tolist()) == list(range(5))
    torch.testing.assert_close(share, torch.full((1, 5), 0.2))


def test_all_draws_can_be_chosen():
    chosen, share = select_futures(draws(2, 4), 4)
    assert chosen.tolist() == [[0, 1, 2, 3]] * 2 and (share == 0.25).all()


def test_the_jacobians_do_not_matter():
    paths = draws(1, 16)
    changed = paths.unflatten(-1, (-1, 6)).clone()
    changed[..., 2:] = 0
    for one, other in zip(select_futures(paths, 4), select_futures(changed.flatten(-2), 4), strict=True):
        assert torch.equal(one, other)


@pytest.mark.parametrize(("k", "n"), [(1, 8), (2, 16), (4, 32), (8, 64), (16, 64), (8, 8)])
def test_a_device_that_is_not_waited_for_chooses_the_same(monkeypatch, k, n):
    paths = torch.cat([draws(20, n, 6, 4, seed=1), draws(20, n, 6, 4, seed=2).pow(3)])
    expected, expected_share = select_futures(paths, k)
    monkeypatch.setattr(selection, "on_host", lambda device: False)
    chosen, share = select_futures(paths, k)
    assert torch.equal(chosen, expected) and torch.equal(share, expected_share)


def test_where_nothing_is_read_paths_that_are_not_finite_still_give_indices_in_range(monkeypatch):
    monkeypatch.setattr(selection, "on_host", lambda device: False)
    paths = draws(3, 8)
    paths[1, 3, 2, 5] = paths[2, :, 0, 0] = torch.nan
    chosen, _ = select_futures(paths, 2)
    assert chosen.min() >= 0 and chosen.max() < 8
    assert torch.equal(chosen[0], select_futures(paths[:1], 2)[0][0])


@pytest.mark.parametrize("bad", [torch.nan, torch.inf])
def test_paths_that_are_not_finite_are_refused(bad):
    paths = draws(2, 8)
    paths[1, 3, 2, 5] = bad
    with pytest.raises(InputError) as caught:
        select_futures(paths, 2)
    assert caught.value.code == "forecast_not_finite"


def test_more_futures_than_draws_and_fewer_than_one_are_refused():
    with pytest.raises(InputError) as caught:
        select_futures(draws(1, 8), 9)
    assert caught.value.code == "choose_too_many"
    with pytest.raises(ValueError, match="at least one"):
        select_futures(draws(1, 8), 0)
