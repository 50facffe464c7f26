"""Encoding sampled paths gives their noise; too little and too much refinement are flagged, moderate refinement is not."""

import numpy as np
import pytest
import torch
from scipy.stats import chi2

from backend.forecast.diagnostics.refinement_check import (
    check_refinement,
    compare,
    encode_paths,
    is_implausible,
    permutation_test,
    refinement_report,
)
from backend.forecast.diagnostics.refinement_flags import (
    AVERAGED,
    MAX_LOG_LIK_DROP,
    MIN_DISPLACEMENT,
    MIN_MEASUREMENTS,
    RefinementEffect,
    RefinementMonitor,
)
from backend.forecast.gru_nf import Forecaster, ForecasterConfig
from backend.forecast.noise import RolloutNoise
from backend.forecast.refine import Refinement

K, H, D = 6, 4, 12


@pytest.fixture(scope="module")
def forecaster():
    with torch.random.fork_rng():
        torch.manual_seed(0)
        model = Forecaster(ForecasterConfig(features=D, hidden=8, blocks=3, block_hidden=16))
        for parameter in model.flow.parameters():
            torch.nn.init.normal_(parameter, std=0.1)
    model.surprise_quantiles.copy_(torch.linspace(0, 40, 101))
    return model.freeze()


@pytest.fixture(scope="module")
def context():
    return torch.randn(5, 8, D, generator=torch.Generator().manual_seed(1)).cumsum(1) * 0.1


def sample(forecaster, context, refine=None, temperature=1.0, k=K, horizon=H, seed=0):
    source = torch.Generator().manual_seed(seed)
    return forecaster.sample(forecaster.observe(context), k, horizon, source, refine, temperature).paths


def drawn(forecaster, streams, refine=None, k=K, source=None):
    shape, source = forecaster.noise_shape(H, refine), source or torch.Generator().manual_seed(0)
    return RolloutNoise.draw(shape, streams, k, source, torch.device("cpu"))


def test_encoding_gives_the_noise_of_unrefined_paths_and_the_flow_s_own_likelihood(forecaster, context):
    state = forecaster.observe(context)
    found = encode_paths(forecaster, state, paths := sample(forecaster, context))
    noise = drawn(forecaster, len(context)).base_TRD
    assert torch.allclose(found.noise_BKHD, noise.permute(1, 0, 2).unflatten(0, (-1, K)), atol=1e-4)
    rows, nll = state.expand(K), []
    for frame in paths.flatten(0, 1).unbind(1):
        nll.append(-forecaster.log_prob(rows, frame))
        rows = forecaster.step(rows, frame)
    assert torch.allclose(found.nll_BKH, torch.stack(nll, 1).unflatten(0, (-1, K)), atol=1e-3)


def test_implausible_is_beyond_the_data_s_99_percent(forecaster):
    limit = forecaster.surprise_quantiles[99].item()
    assert is_implausible(forecaster, torch.tensor([limit - 0.1, limit + 0.1])).tolist() == [False, True]


def test_displacement_is_0_for_the_same_noise_and_1_for_other_noise_and_the_drop_is_lost_likelihood():
    random = torch.Generator().manual_seed(0)
    plain, other = torch.randn(2, 3, 50, 4, 60, generator=random).unbind(0)
    displacement, drop = compare(plain, plain)
    assert displacement.tolist() == [0, 0, 0] and drop.tolist() == [0, 0, 0]
    displacement, drop = compare(plain, other)
    assert displacement == pytest.approx(np.ones(3), abs=0.02) and drop == pytest.approx(np.zeros(3), abs=0.02)
    # The loss of log N(0, 1) per number, from scaling noise by 1.5.
    normal = torch.distributions.Normal(0, 1)
    lost = (normal.log_prob(plain) - normal.log_prob(1.5 * plain)).mean((1, 2, 3))
    assert compare(plain, 1.5 * plain)[1].tolist() == pytest.approx(lost.tolist(), rel=1e-5)


def test_the_first_step_is_measured_as_the_report_measures_whole_paths(forecaster, context):
    state, refine = forecaster.observe(context), Refinement(4, 0.4, 0.2)
    sources = [torch.Generator().manual_seed(seed) for seed in range(len(context))]
    noise = drawn(forecaster, len(context), refine, source=sources)
    paths = forecaster.forecast(state, noise, refine, 1.2).paths
    found = check_refinement(forecaster, state, paths, noise, refine, 1.2)
    again = [torch.Generator().manual_seed(seed) for seed in range(len(context))]
    plain = forecaster.sample(state, K, H, again, None, 1.2).paths
    report = refinement_report(forecaster, context, plain[:, :, :1], paths[:, :, :1])
    torch.testing.assert_close(found, torch.stack([report.displacement_B, report.log_lik_drop_B], 1), atol=1e-3, rtol=0)


def test_refinement_that_hardly_moves_is_flagged_and_so_is_one_that_runs_away(forecaster, context):
    context = context.repeat(4, 1, 1)
    plain = sample(forecaster, context, k=10)
    flags = {
        setting: refinement_report(forecaster, context, plain, sample(forecaster, context, refine, k=10)).flags
        for setting, refine in {
            "still": Refinement(1, 0.01, 0.0),
            "refused": Refinement(2, 30.0, 1.0),
            "moderate": Refinement(3, 0.3, 0.1),
            "wild": Refinement(8, 1.0, 0.0),
        }.items()
    }
    assert flags == {
        "still": {"under_refined"}, "refused": {"under_refined"}, "moderate": set(), "wild": {"over_refined"},
    }  # fmt: skip


def test_the_permutation_test_has_its_nominal_false_positive_rate():
    random = torch.Generator().manual_seed(0)
    found = [permutation_test(*torch.randn(2, 2, 4, 1, 3, generator=random), permutations=39, seed=seed) for seed in range(200)]
    # 200 trials at 5 %: binomial, 99.9 % range.
    assert 1 <= sum(p <= 0.05 for p in found) <= 22
    same = torch.randn(2, 4, 1, 3, generator=random)
    assert permutation_test(same, same) == 1


def test_the_permutation_test_detects_a_shift_and_a_change_of_variance():
    first, second = torch.randn(2, 8, 20, 2, 3, generator=torch.Generator().manual_seed(0))
    assert permutation_test(first, second + 1) < 0.01
    assert permutation_test(first, second * 2) < 0.01


def test_the_limit_of_the_log_likelihood_drop_is_the_radius_that_one_unrefined_step_in_a_hundred_of_60_numbers_exceeds():
    assert chi2.ppf(0.99, 60) / 60 == pytest.approx(1 + 2 * MAX_LOG_LIK_DROP, abs=0.01)


def flags_after(*measured: RefinementEffect) -> list[list[str]]:
    monitor, seen = RefinementMonitor(), []
    for effect in measured:
        monitor.update(effect)
        seen.append(monitor.flags)
    return seen


def test_a_monitor_raises_a_flag_only_after_enough_measurements():
    assert flags_after(*[RefinementEffect(0.01, 0)] * MIN_MEASUREMENTS) == [[]] * (MIN_MEASUREMENTS - 1) + [["under_refined"]]
    assert flags_after(*[RefinementEffect(1, 1)] * MIN_MEASUREMENTS)[-1] == ["over_refined"]
    assert flags_after(*[RefinementEffect(0.4, 0.1)] * 100) == [[]] * 100


def test_a_monitor_does_not_flicker_at_its_limits():
    random = np.random.default_rng(0)
    for at in (RefinementEffect(MIN_DISPLACEMENT, 0), RefinementEffect(0.5, MAX_LOG_LIK_DROP)):
        seen = flags_after(*(RefinementEffect(*(value * random.uniform(0.8, 1.2) for value in at)) for _ in range(500)))
        assert sum(before != after for before, after in zip(seen, seen[1:], strict=False)) <= 2


def test_a_monitor_forgets_old_measurements():
    seen = flags_after(*[RefinementEffect(1, 0.3)] * 50, *[RefinementEffect(1, 0.1)] * 3 * AVERAGED)
    assert seen[49] == ["over_refined"] and seen[-1] == []
