"""One round of futures: from the tick at which K paths were forecast to the tick at which their horizon ends."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from backend.core.types import FloatArray
from backend.server.protocol import Verdict

if TYPE_CHECKING:
    from backend.pipeline import Observation, Pipeline, SampledFutures


class FuturesRound:
    """K paths `[K, H, 60]` (`fan`) that play in real time while the observed motion is recorded for comparison.

    The wire calls a round a `generation`; `number` counts those of a session from 1. The paths were forecast at clock tick
    `start`, from the observation `present`.
    """

    def __init__(self, number: int, start: int, present: Observation, fan: SampledFutures) -> None:
        self.number, self.start, self.fan = number, start, fan
        self.horizon = int(fan.paths.shape[1])
        self._rendered_step: int | None = None
        self.paths_sent = False  # whether a client that renders by itself has the paths
        self.ended = False  # whether it has got its verdict; it is shown until the next one begins
        self._present = present
        self._observed: dict[int, Observation] = {}

    def step(self, tick: int) -> int:
        """Return how many steps after the start a tick lies, at most `horizon`."""
        return min(tick - self.start, self.horizon)

    def claim_step(self, step: int, stride: int) -> bool:
        """Return whether the futures of this step are due for rendering, and count them as rendered if so.

        Frames that arrive slower than the clock skip steps, so the stride is measured from the last rendered step.
        """
        if step < 1 or (self._rendered_step is not None and step - self._rendered_step < stride):
            return False
        self._rendered_step = step
        return True

    def claim_ahead(self, step: int, ahead: int) -> int:
        """Return the step of the futures that are due at a step, `ahead` steps later, or 0; count them as rendered.

        The page moves to them until they are due on the clock, so the next ones are due then.
        """
        if self._rendered_step is not None and step < self._rendered_step:
            return 0
        due = min(step + ahead, self.horizon)
        if due == self._rendered_step:
            return 0
        self._rendered_step = due
        return due

    def observe(self, tick: int, observation: Observation) -> None:
        """Record the observation at a tick; ticks outside the horizon are ignored."""
        step = tick - self.start
        if 1 <= step <= self.horizon:
            self._observed[step] = observation

    def finished(self, tick: int) -> bool:
        """Return whether the horizon has been reached."""
        return tick - self.start >= self.horizon

    def verdict(self, pipeline: Pipeline) -> Verdict | None:
        """Measure every path against the observed steps; None if no step was observed."""
        steps = sorted(self._observed)
        if not steps:
            return None
        paths = self.fan.paths
        truth = paths.new_zeros((len(steps), paths.shape[-1]))
        for row, step in enumerate(steps):
            truth[row] = self._observed[step].present_flat
        seen = paths[:, [step - 1 for step in steps]]
        errors = [float(error) for error in pipeline.score(seen, truth)]
        shares = np.array(self.fan.shares or [1.0] * len(errors))
        together = weighted_energy_score(np.array(errors), pipeline.score(seen[:, None], seen), shares / shares.sum())
        copy_last = float(pipeline.copy_last_error(self._present.present_flat, truth))
        return Verdict(self.number, errors, errors.index(min(errors)), together, copy_last)


def weighted_energy_score(errors: FloatArray, between: FloatArray, weights: FloatArray) -> float:
    """Score weighted samples as one forecast: their mean distance from the truth, less half of that from each other.

    A single guess scores its distance, so both compare. Without the second term, several futures would never beat the one in
    their middle. (Gneiting and Raftery, "Strictly proper scoring rules", 2007, equation 22.) Here the samples with their
    shares are the forecast; where they are draws of one, `forecast.metrics.energy_score` estimates its score fairly.

    Args:
        errors: distance of every sample from the truth, `[K]`.
        between: of every sample from every other, `[K, K]`.
        weights: of the samples, `[K]`, sum 1.
    """
    return float(weights @ errors - 0.5 * weights @ between @ weights)
