"""The published loop, and how it differs from ours."""

import pytest
import torch

from backend.forecast.gru_nf import Forecaster, ForecasterConfig
from backend.forecast.paper.flow import PaperFlow
from backend.forecast.paper.loop import PaperLoop, paper_energy


@pytest.fixture(scope="module")
def forecaster():
    generator = torch.Generator().manual_seed(0)
    forecaster = Forecaster(ForecasterConfig(features=6, hidden=16, layers=2, blocks=3, block_hidden=16))
    for parameter in forecaster.parameters():
        parameter.data = torch.randn(parameter.shape, generator=generator) * 0.15
    return forecaster.freeze()


@pytest.fixture(scope="module")
def context():
    return torch.randn(2, 5, 6, generator=torch.Generator().manual_seed(1)).cumsum(1) * 0.3


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


@pytest.mark.parametrize("steps", [0, 2])
def test_samples_have_their_shape_and_follow_their_seed(forecaster, context, steps):
    loop = PaperLoop(forecaster, steps)
    paths, same, other = (loop.sample(context, 5, 4, seeded(seed)) for seed in (0, 0, 1))
    assert paths.shape == (2, 5, 4, 6) and torch.isfinite(paths).all()
    assert torch.equal(paths, same) and not torch.equal(paths, other)


def test_all_samples_of_a_step_come_from_one_state_to_which_the_mean_is_fed_back(forecaster, context):
    """Without MCMC each step's samples are the flow's own, given the means of the steps before."""
    paths = PaperLoop(forecaster, steps=0).sample(context, 5, 3, seeded())
    state, generator = forecaster.observe(context), seeded()
    for h in range(3):
        given = forecaster.condition(state.h)
        for k in range(5):
            step = given.decode(torch.randn(2, 6, generator=generator))
            torch.testing.assert_close(paths[:, k, h], state.frame + step @ forecaster.unwhiten)
        state = forecaster.step(state, paths[:, :, h].mean(1))


def test_a_sample_is_no_path_in_time(forecaster, context):
    """What sample k is at one step does not determine what it is at the next; our paths continue."""

    def correlation(paths):
        first, second = paths[0, :, 0, 0], paths[0, :, 1, 0]
        return torch.corrcoef(torch.stack([first, second]))[0, 1].item()

    assert abs(correlation(PaperLoop(forecaster, steps=0).sample(context[:1], 400, 2, seeded()))) < 0.15
    ours = forecaster.sample(forecaster.observe(context[:1]), 400, 2, seeded()).paths
    assert correlation(ours) > 0.5


def test_the_target_is_an_untrained_head(forecaster, context):
    h = forecaster.observe(context).h
    target, same, other = (PaperLoop(forecaster, seed=seed).target(h) for seed in (3, 3, 4))
    assert torch.equal(target, same) and not torch.equal(target, other)
    assert target.shape == (2, 6)


def test_a_coordinate_is_accepted_on_its_own_so_a_row_may_move_in_part(forecaster):
    loop = PaperLoop(forecaster, steps=1, step_size=1.0)
    y = torch.randn(200, 6, generator=seeded())
    moved = loop._refine(1, y, torch.zeros(200, 6), seeded(1)) != y
    share = moved.float().mean(1)
    assert ((share > 0) & (share < 1)).float().mean() > 0.5


def test_the_prior_of_a_coordinate_is_the_whole_row_s():
    y, target = torch.tensor([[1.0, 2.0]]), torch.tensor([[1.0, 1.0]])
    assert paper_energy(y, target, 0.0).tolist() == [[2.5, 2.5]]
    assert paper_energy(y, target, 1.0).tolist() == [[0.0, 1.0]]
    assert paper_energy(y, target, 0.5).tolist() == [[1.25, 1.75]]


def test_the_published_moves_do_not_keep_the_energy_s_density(forecaster):
    """Exact draws of the middle block's U = (1/2) |y|^2 / 2 + (1/2) |y|^2, of variance 2/3, shrink; by ours they stay."""
    loop = PaperLoop(forecaster, steps=30, step_size=0.7)
    y = torch.randn(4000, 6, generator=seeded()) * (2 / 3) ** 0.5
    assert loop._refine(1, y, torch.zeros(4000, 6), seeded(1)).var() < 0.57


def paper_flow(features=6, context=4, **sizes):
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return PaperFlow(features, context, **sizes)


def test_the_paper_s_flow_has_two_nets_of_five_layers_in_each_of_five_blocks():
    flow = paper_flow(features=60, context=1536)
    net = (61 * 512 + 512) + 3 * (512 * 512 + 512) + (512 * 60 + 60)
    assert sum(parameter.numel() for parameter in flow.parameters()) == 5 * 2 * net + 1536 + 1


def test_a_block_of_the_paper_s_flow_moves_half_the_features_by_the_other_half():
    flow = paper_flow(blocks=2, hidden=8)
    trail = [torch.randn(3, 6, generator=seeded())]
    flow(torch.randn(3, 4, generator=seeded(1))).decode(trail[0], lambda _, y: trail.append(y) or y)
    for block, odd in ((0, [1, 3, 5]), (1, [0, 2, 4])):
        assert torch.equal((trail[block + 1] == trail[block]).all(0).nonzero()[:, 0], torch.tensor(odd))


def test_the_paper_s_flow_sees_one_number_of_its_context():
    flow = paper_flow(hidden=8)
    context, z = torch.randn(1, 4, generator=seeded(1)), torch.randn(1, 6, generator=seeded())
    away = torch.randn(1, 4, generator=seeded(2))
    unseen = away - (away @ flow.label.weight.T) / flow.label.weight.square().sum() * flow.label.weight
    torch.testing.assert_close(flow(context + 5 * unseen).decode(z), flow(context).decode(z))
    assert not torch.allclose(flow(context + 5 * away).decode(z), flow(context).decode(z))


def test_the_loop_samples_from_the_paper_s_flow_where_it_is_given(forecaster, context):
    loop = PaperLoop(forecaster, flow=paper_flow(context=32, blocks=4, hidden=8))
    paths, own = loop.sample(context, 3, 4, seeded()), PaperLoop(forecaster).sample(context, 3, 4, seeded())
    assert paths.shape == (2, 3, 4, 6) and torch.isfinite(paths).all() and not torch.equal(paths, own)
