"""Draws the sheets of a batch in one of the three ways: as tiles, as their layers, or as keypoints that the clients render."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from backend.core.types import Way
from backend.server.live.governor import Plan
from backend.server.live.isolation import Isolation
from backend.server.live.session_slot import BatchItem

if TYPE_CHECKING:
    from backend.pipeline import Pipeline, Stream

KEYPOINTS_AHEAD = 1
"""Steps by which a client that renders keypoints itself does so before it shows them."""


class SheetDrawing:
    """Draws with one pipeline; a session that fails is left out."""

    def __init__(self, pipeline: Pipeline, isolation: Isolation) -> None:
        self._pipeline, self._isolation = pipeline, isolation

    def draw(self, items: list[BatchItem], way: Way, plan: Plan) -> list[BatchItem]:
        """Draw the sheets of the sessions of one way; return the items that did not fail, some without tiles by plan.

        Args:
            items: of these sessions, observed and forecast.
            way: theirs.
            plan: how to render.
        """
        if way == "keypoints":
            return self._transfer(items)
        chosen = [item for item in items if (item.slot.sheets + item.slot.number) % plan.interval == 0]
        layered = way == "layers"
        for item in chosen:
            if (futures := item.slot.futures) is None:
                continue
            step = futures.step(item.tick)
            if layered:
                # Where sheets come less often than the clock ticks, the next one is that far away.
                item.step = futures.claim_ahead(step, max(plan.layer_stride, plan.interval, len(item.work.ticks)))
            elif futures.claim_step(step, plan.stride):
                item.step = step
        if layered:
            for item, layers in self._isolation.call(chosen, lambda some: self._pipeline.render_layers(_requests(some))):
                item.layers = layers
        else:
            for item, tiles in self._isolation.call(chosen, lambda some: self._pipeline.render(_requests(some), plan.tile)):
                item.tiles = tiles
        failed = [item for item in chosen if not item.frames]
        return [item for item in items if item not in failed]

    def _transfer(self, items: list[BatchItem]) -> list[BatchItem]:
        """Move the portraits' keypoints, which the clients render by themselves; return the items that did not fail."""
        for item in items:
            if (futures := item.slot.futures) is not None:
                item.step = futures.claim_ahead(futures.step(item.tick), KEYPOINTS_AHEAD)
                futures.paths_sent &= not item.work.asked
        served = self._isolation.call(items, lambda some: self._pipeline.move([_motion_request(item) for item in some]))
        for item, motion in served:
            item.motion = motion
            if motion.paths is not None and item.slot.futures is not None:
                item.slot.futures.paths_sent = True
        return [item for item, _ in served]


def _requests(items: Sequence[BatchItem]) -> list[tuple[Stream, Any]]:
    """Return what to render: the present of every session, and its futures where they are due."""
    requests = []
    for item in items:
        flat = item.observation.present_flat[None]
        if item.step and item.slot.futures is not None:
            futures = item.slot.futures.fan.paths[:, item.step - 1]
            present, flat = flat, futures.new_empty((len(futures) + 1, futures.shape[-1]))
            flat[:1], flat[1:] = present, futures
        requests.append((item.slot.stream, flat))
    return requests


def _motion_request(item: BatchItem) -> tuple[Stream, Any, Any]:
    """Return what to move: the present, and the paths of a round that the client does not have yet."""
    futures = item.slot.futures
    paths = futures.fan.paths if futures is not None and not futures.paths_sent else None
    return item.slot.stream, item.observation.present_flat, paths
