"""A small flow with random weights, as after training; every test starts from the same seed."""

import pytest
import torch

from backend.starflow.flow import LatentFlow, LatentFlowConfig

SMALL = LatentFlowConfig(
    rows=2, columns=2, channels=3, deep_width=64, deep_layers=2, shallow_width=64, shallow_layers=1, vocabulary=5, deep_rank=2
)


@pytest.fixture(autouse=True)
def seed() -> None:
    torch.manual_seed(1)


@pytest.fixture(scope="module")
def flow() -> LatentFlow:
    torch.manual_seed(0)
    flow = LatentFlow(SMALL)
    for block in (*flow.shallow, flow.deep):
        torch.nn.init.normal_(block.loc_scale_head.weight, std=0.05)
    return flow.eval().requires_grad_(False)
