"""Schedules of a run: the learning rate, and the moving average of the weights."""

from __future__ import annotations

import math
from collections.abc import Sequence

from torch import Tensor, nn
from torch.optim import Optimizer
from torch.optim.swa_utils import AveragedModel


def cosine_lr(optimiser: Optimizer, highest: float, step: int, share: float, warm_up: int) -> None:
    """Set an optimiser's learning rate: up from 0 over the warm-up, then down to 0 along half a cosine.

    Args:
        optimiser: all of its groups get the same rate.
        highest: the rate that the warm-up rises to.
        step: updates taken so far.
        share: how much of the training is over, in [0, 1].
        warm_up: updates over which the rate rises.
    """
    rate = highest * min(1.0, (step + 1) / warm_up) * 0.5 * (1 + math.cos(math.pi * share))
    for group in optimiser.param_groups:
        group["lr"] = rate


def averaged(model: nn.Module, decay: float) -> AveragedModel:
    """Return an exponential moving average of a model's weights and buffers, in evaluation mode.

    Update n decays by min(decay, n / (n + 10)), so that random first weights are soon forgotten; 0 copies the model.
    """

    def average(kept: Sequence[Tensor], new: Sequence[Tensor], n_averaged: Tensor | int) -> None:
        n = int(n_averaged)
        for old, current in zip(kept, new, strict=True):
            # Counters of batches are whole numbers.
            old.lerp_(current, 1 - min(decay, n / (n + 10))) if old.is_floating_point() else old.copy_(current)

    copy = AveragedModel(model, multi_avg_fn=average, use_buffers=True).requires_grad_(False).eval()
    copy.n_averaged.fill_(1)  # At 0 torch would copy the weights instead of averaging them.
    return copy
