"""A small flow whose weights look as if training had been at them."""

import pytest
import torch

from backend.starflow.flow import Flow, FlowConfig

SMALL = FlowConfig(
    rows=2, columns=2, channels=3, deep_width=64, deep_layers=2, shallow_width=64, shallow_layers=1, words=5, deep_spread=2
)


@pytest.fixture(scope="module")
def flow() -> Flow:
    torch.manual_seed(0)
    flow = Flow(SMALL)
    for block in (*flow.shallow, flow.deep):
        torch.nn.init.normal_(block.head.weight, std=0.05)
    return flow.eval().requires_grad_(False)
