import pytest
import torch

from backend.core.errors import InputError
from backend.forecast.baselines import Bootstrap, CopyLast, RandomWalk
from backend.forecast.displacement_bank import displacements


@pytest.fixture
def motion():
    """Smooth correlated motion `[300, 20, 4]`: sums of sums of noise, which a plain sum of its steps would not match."""
    generator = torch.Generator().manual_seed(0)
    steps = torch.randn(300, 20, 4, generator=generator)
    steps[..., 1] = steps[..., 0] + 0.1 * steps[..., 1]
    steps = (steps + 0.8 * steps.roll(1, dims=1)) * torch.tensor([1.0, 1.0, 3.0, 0.1])
    return steps.cumsum(1)


@pytest.mark.parametrize("make", [lambda m: CopyLast(), RandomWalk, Bootstrap])
def test_every_baseline_gives_k_paths_of_the_horizon_from_its_generator(make, motion):
    baseline = make(displacements(motion))
    context = motion[:7, :8]
    first = baseline.sample(context, 5, 10, torch.Generator().manual_seed(3))
    assert first.shape == (7, 5, 10, 4)
    assert torch.equal(first, baseline.sample(context, 5, 10, torch.Generator().manual_seed(3)))


def test_copy_last_holds_the_last_frame(motion):
    paths = CopyLast().sample(motion[:3, :8], 2, 4)
    assert (paths == motion[:3, None, 7:8]).all()


def test_random_walk_is_as_wide_as_training_motion_at_every_step(motion):
    walk = RandomWalk(displacements(motion))
    context = torch.zeros(4000, 1, 4)
    paths = walk.sample(context, 2, 10, torch.Generator().manual_seed(0))
    for h in range(1, 11):
        expected = (motion[:, h] - motion[:, 0]).square().mean(0).sqrt()
        torch.testing.assert_close(paths[:, :, h - 1].flatten(0, 1).std(0), expected, rtol=0.08, atol=0)


def test_random_walk_keeps_the_correlation_of_steps(motion):
    paths = RandomWalk(displacements(motion)).sample(torch.zeros(4000, 1, 4), 2, 4, torch.Generator().manual_seed(0))
    expected = torch.corrcoef(motion.diff(dim=1).flatten(0, 1).T)
    torch.testing.assert_close(torch.corrcoef(paths[:, :, 0].flatten(0, 1).T), expected, atol=0.05, rtol=0)


def test_bootstrap_paths_are_training_paths_shifted_here(motion):
    context = motion[:2, :8] + 100
    paths = Bootstrap(displacements(motion)).sample(context, 3, 12, torch.Generator().manual_seed(0))
    training = motion[:, 1:13] - motion[:, :1]
    for w in range(2):
        for k in range(3):
            distance = (training - (paths[w, k] - context[w, -1])).abs().amax((1, 2))
            assert distance.min() < 1e-4


def test_a_number_that_never_moves_stays_where_it_is(motion):
    motion[..., 2] = 7.0
    paths = RandomWalk(displacements(motion)).sample(motion[:3, :8], 2, 5, torch.Generator().manual_seed(0))
    assert (paths[..., 2] == 7.0).all() and torch.isfinite(paths).all()


@pytest.mark.parametrize("make", [RandomWalk, Bootstrap])
def test_a_horizon_longer_than_the_training_motion_is_refused_in_words(make, motion):
    baseline = make(displacements(motion))
    assert baseline.sample(motion[:1, :8], 2, 19).shape == (1, 2, 19, 4)
    with pytest.raises(InputError) as caught:
        baseline.sample(motion[:1, :8], 2, 20)
    assert caught.value.code == "horizon_too_long" and "19" in caught.value.hint
