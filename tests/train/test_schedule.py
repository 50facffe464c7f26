"""The learning rate: up, then down to nothing."""

import pytest
import torch

from backend.train.schedule import cosine_lr


def rates(step: int, share: float) -> list[float]:
    parameters = [{"params": [torch.nn.Parameter(torch.zeros(1))]} for _ in range(2)]
    optimiser = torch.optim.SGD(parameters, 1.0)
    cosine_lr(optimiser, 0.4, step, share, warm_up=10)
    return [group["lr"] for group in optimiser.param_groups]


@pytest.mark.parametrize(
    ("step", "share", "rate"), [(0, 0.0, 0.04), (4, 0.0, 0.2), (9, 0.0, 0.4), (50, 0.0, 0.4), (50, 0.5, 0.2), (50, 1.0, 0.0)]
)
def test_the_rate_rises_over_the_warm_up_and_falls_to_0_at_the_end(step, share, rate):
    assert rates(step, share) == pytest.approx([rate, rate], abs=1e-9)
