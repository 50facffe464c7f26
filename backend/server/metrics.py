"""The Prometheus metrics served at `/metrics`."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

MILLISECONDS = (1, 2, 5, 10, 20, 40, 80, 160, 320, 640, 1280)
SECONDS = (1, 2, 5, 10, 20, 40, 80, 160, 320)


class Metrics:
    """The metrics of one server, in a registry of their own."""

    def __init__(self) -> None:
        self._registry = registry = CollectorRegistry()
        self.sessions = Gauge("motionfan_sessions", "Open sessions", registry=registry)
        self.connections = Gauge("motionfan_connections", "Open WebSockets", registry=registry)
        self.frames = Counter("motionfan_frames", "Landmark messages received", registry=registry)
        self.sheets = Counter("motionfan_sheets", "Sheets made, by way", ["way"], registry=registry)
        self.sent = Counter("motionfan_sheet_bytes", "Bytes of the sheets, by way", ["way"], registry=registry)
        self.withheld = Counter("motionfan_sheets_withheld", "Sheets not made for lack of credits", registry=registry)
        self.errors = Counter("motionfan_errors", "Coded errors", ["code"], registry=registry)
        self.batch = Histogram("motionfan_batch_sessions", "Sessions in a batch", registry=registry, buckets=(1, 2, 4, 8, 16))
        self.stage = Histogram(
            "motionfan_stage_milliseconds", "Time of one stage of a batch", ["stage"], registry=registry, buckets=MILLISECONDS
        )
        self.video = Histogram("motionfan_drawing_seconds", "Time to make one video", registry=registry, buckets=SECONDS)
        self.tile = Gauge("motionfan_tile_pixels", "Tile side the governor chose", registry=registry)
        self.stride = Gauge("motionfan_stride_steps", "Stride the governor chose", registry=registry)
        self.interval = Gauge("motionfan_turns", "Sheets of a session from one with tiles to the next", registry=registry)

    def text(self) -> bytes:
        """Return all metrics in Prometheus' text format."""
        return generate_latest(self._registry)
