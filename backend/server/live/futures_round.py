"""One generation of futures: from the tick its paths were drawn to the tick that proves them right or wrong."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from backend.server.protocol import Verdict

if TYPE_CHECKING:
    from backend.pipeline import Observation, Pipeline, SampledFutures


class Generation:
    """K paths that play in real time while what really happens is written beside them.

    Args:
        number: counts the generations of a session from 1.
        start: index of the clock tick at which the paths were forecast.
        present: what was observed at that tick.
        fan: the paths, `[K, H, 60]`.
    """

    def __init__(self, number: int, start: int, present: Observation, fan: SampledFutures) -> None:
        self.number = number
        self.fan = fan
        self.start = start
        self.horizon = int(fan.paths.shape[1])
        self._drawn: int | None = None
        self._present = present
        self._truth: dict[int, Observation] = {}

    def step(self, tick: int) -> int:
        """Return how many steps after the start a tick lies: 0 at the start, `horizon` at the end, never more."""
        return min(tick - self.start, self.horizon)

    def due(self, step: int, stride: int) -> bool:
        """Say whether the futures of this step are to be drawn, and count them as drawn if so.

        Steps may be skipped when frames come slower than the clock: what counts is the distance to the last drawn one.
        """
        if step < 1 or (self._drawn is not None and step - self._drawn < stride):
            return False
        self._drawn = step
        return True

    def see(self, tick: int, observation: Observation) -> None:
        """Write down what happened at a tick; ticks beyond the horizon are not this generation's concern."""
        step = tick - self.start
        if 1 <= step <= self.horizon:
            self._truth[step] = observation

    def finished(self, tick: int) -> bool:
        """Say whether the horizon has been reached."""
        return tick - self.start >= self.horizon

    def verdict(self, pipeline: Pipeline) -> Verdict | None:
        """Measure every path against the steps that were observed; None where none was."""
        steps = sorted(self._truth)
        if not steps:
            return None
        paths = self.fan.paths
        truth = paths.new_zeros((len(steps), paths.shape[-1]))
        for row, step in enumerate(steps):
            truth[row] = self._truth[step].present_flat
        errors = [float(error) for error in pipeline.score(paths[:, [step - 1 for step in steps]], truth)]
        copy_last = float(pipeline.copy_last_error(self._present.present_flat, truth))
        return Verdict(self.number, errors, best_of(errors), copy_last)


def best_of(errors: Sequence[float]) -> int:
    """Return the index of the least error."""
    return min(range(len(errors)), key=errors.__getitem__)
