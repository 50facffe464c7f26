"""The Prometheus metrics served at `/metrics`."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Literal, get_args

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector, generate_latest

from backend.core.types import Way

DropCause = Literal["late", "old_epoch", "malformed", "crowded", "superseded", "no_credit", "failed"]
"""Why a frame became no sheet: it came after a newer one; before the newest portrait or driver; it held no face; too many
waited; a newer one was in the same batch; its client had not shown the sheets before; its sheet could not be made."""

MILLISECONDS = (1, 2, 5, 10, 20, 40, 80, 160, 320, 640, 1280)
SECONDS = (1, 2, 5, 10, 20, 40, 80, 160, 320)


class Metrics:
    """The metrics of one server, in a registry of their own."""

    def __init__(self) -> None:
        self._registry = registry = CollectorRegistry()
        ProcessCollector(registry=registry)  # of the server's own process, which runs no model
        self.sessions = Gauge("motionfan_sessions", "Open sessions", registry=registry)
        self._ways = Gauge("motionfan_sessions_by_way", "Open sessions, by way", ["way"], registry=registry)
        self._inference = Gauge("motionfan_inference_memory_bytes", "Memory of the inference process", registry=registry)
        self.queue = Gauge("motionfan_queue", "Visitors who wait for a place", registry=registry)
        self.connections = Gauge("motionfan_connections", "Open WebSockets", registry=registry)
        self.frames = Counter("motionfan_frames", "Landmark messages received", registry=registry)
        self.sheets = Counter("motionfan_sheets", "Sheets made, by way", ["way"], registry=registry)
        self.sent = Counter("motionfan_sheet_bytes", "Bytes of the sheets, by way", ["way"], registry=registry)
        self._dropped = Counter("motionfan_frames_dropped", "Frames that became no sheet", ["cause"], registry=registry)
        self.restarts = Counter("motionfan_restarts", "Processes that were started again", ["process"], registry=registry)
        for cause in get_args(DropCause):
            self._dropped.labels(cause)
        for process in ("inference", "portraits"):
            self.restarts.labels(process)
        self.errors = Counter("motionfan_errors", "Coded errors", ["code"], registry=registry)
        self.batch = Histogram("motionfan_batch_sessions", "Sessions in a batch", registry=registry, buckets=(1, 2, 4, 8, 16))
        self.stage = Histogram(
            "motionfan_stage_milliseconds",
            "Time of one stage: wait and send of each sheet, the others of each batch",
            ["stage"],
            registry=registry,
            buckets=MILLISECONDS,
        )
        self.video = Histogram("motionfan_drawing_seconds", "Time to make one video", registry=registry, buckets=SECONDS)
        self.tile = Gauge("motionfan_tile_pixels", "Tile side the governor chose", registry=registry)
        self.stride = Gauge("motionfan_stride_steps", "Stride the governor chose", registry=registry)
        self.interval = Gauge("motionfan_turns", "Sheets of a session from one with tiles to the next", registry=registry)

    def drop(self, cause: DropCause, frames: int = 1) -> None:
        """Count frames that became no sheet."""
        if frames:
            self._dropped.labels(cause).inc(frames)

    def watch(self, by_way: Callable[[Way], int], inference_memory: Callable[[], int]) -> None:
        """Read figures when they are asked for.

        Args:
            by_way: number of sessions of a way.
            inference_memory: bytes of the inference process; 0 if it is none of this machine.
        """
        for way in get_args(Way):
            self._ways.labels(way).set_function(partial(by_way, way))
        self._inference.set_function(inference_memory)

    def text(self) -> bytes:
        """Return all metrics in Prometheus' text format."""
        return generate_latest(self._registry)
