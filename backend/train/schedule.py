"""The learning rate that every training follows: up from 0 over some updates, then down to 0 along half a cosine."""

from __future__ import annotations

import math

from torch.optim import Optimizer


def set_rate(optimiser: Optimizer, highest: float, step: int, share: float, warm_up: int) -> None:
    """Set an optimiser's learning rate.

    Args:
        optimiser: all of its groups get the same rate.
        highest: the rate at the end of the warm-up, were the training endless.
        step: updates taken so far.
        share: how much of the training is over, in [0, 1].
        warm_up: updates over which the rate rises.
    """
    rate = highest * min(1.0, (step + 1) / warm_up) * 0.5 * (1 + math.cos(math.pi * share))
    for group in optimiser.param_groups:
        group["lr"] = rate
