"""`motionfan serve`: loads the models, listens on the port, and prints the address."""

from __future__ import annotations

import contextlib
import errno
import logging
import socket
import sys
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import structlog
import uvicorn
from fastapi import FastAPI

from backend.core.errors import InputError
from backend.core.settings import Settings
from backend.media.images import PortraitImage, bundled_portrait
from backend.server.app import create_app
from backend.server.cluster.deployment import launch_gateway
from backend.server.cluster.directory import SharedDirectory
from backend.server.http.lines import BoundedHttp, BoundedWebSocket, OpenLines, connection_limit
from backend.server.http.networks import read_networks
from backend.server.http.page import PAGE
from backend.server.http.recordings import load_recordings
from backend.server.live.admission import Admission
from backend.server.live.capacity import capacity_of, measure_costs
from backend.server.live.host import Launch, launch_process
from backend.server.live.session_record import SessionDirectory
from backend.server.live.session_slot import SessionPortrait
from backend.server.live.sessions import SessionRegistry
from backend.server.live.worker import InferenceWorker
from backend.server.metrics import Metrics
from backend.server.study.api import open_study
from backend.server.video.queue import VideoQueue
from backend.server.video.runner import VideoRunner

if TYPE_CHECKING:
    from backend.pipeline import Pipeline

MAX_FRAME = 64 * 1024
"""Bytes; a larger WebSocket message closes the connection unread."""

PING_S, MAX_PONG_S = 4.0, 6.0
"""A client that is gone without a word is noticed within ten seconds."""

SEND_BUFFER = 256 * 1024
"""Bytes that the system keeps for a client that reads slowly; sheets in it would only grow old."""

PORTS_TO_TRY = 50


def serve(settings: Settings, interrupted: Callable[[], bool] = lambda: False) -> None:
    """Serve the demo until it is interrupted.

    Args:
        settings: of the server.
        interrupted: whether it has been, while it loads: the exception may have been lost.

    Raises:
        KeyboardInterrupt: it was interrupted while it loaded.
        InputError: as `listen` and `build`.
    """
    configure_logging(settings.log_level)
    with listen(settings.host, settings.port) as listener:
        print("MotionFan is loading its models ...", file=sys.stderr, flush=True)
        launch = launch_gateway(settings) if settings.cluster else launch_process
        directory = SharedDirectory() if settings.cluster else None
        app, worker = build(settings, partial(load_pipeline, settings), bundled_portrait(), launch=launch, directory=directory)
        try:
            if interrupted():
                return
            app.state.reader.start()
            DemoServer(app, settings.trusted_proxies).run(sockets=[listener])
        finally:
            worker.stop()


def load_pipeline(settings: Settings) -> Pipeline:
    """Load the models in the inference process; raises as `Pipeline.load`."""
    from backend.pipeline import Pipeline

    configure_logging(settings.log_level)
    return Pipeline.load(
        settings.models,
        device=settings.device,
        threads=settings.threads,
        generator=settings.generator,
        engine=settings.engine,
    )


def build(
    settings: Settings,
    load: Callable[[], Pipeline],
    image: PortraitImage,
    pages: Path = PAGE,
    launch: Launch = launch_process,
    directory: SessionDirectory | None = None,
) -> tuple[FastAPI, InferenceWorker]:
    """Start the inference process and build the application on it.

    Args:
        settings: of the server.
        load: builds the pipeline, in the inference process; it can be pickled.
        image: the portrait that sessions start with.
        pages: folder of the built page.
        launch: starts the inference process.
        directory: of the cluster that the server belongs to.

    Raises:
        InputError: `study_unusable`; what `load` raises.
    """
    if directory is not None and settings.study:
        reason = "The perceptual study needs one machine, not a cluster."
        raise InputError("study_unusable", reason, "Start it without --cluster, or without MOTIONFAN_STUDY.")
    metrics = Metrics()
    default = SessionPortrait(image)
    worker = InferenceWorker(load, default, metrics, settings.tile, launch)
    try:
        study = open_study(Path(settings.study), worker, default) if settings.study else None
        keypoints = worker.start().keypoints
        models = describe_models(settings.models)
        costs = worker.run(partial(measure_costs, portrait=default, tile=settings.tile)).result()
        admission = Admission(capacity_of(costs), settings.max_sessions)
        registry = SessionRegistry(
            worker, default, models, keypoints, metrics, admission, settings.idle_s, settings.session_s, directory
        )
        runner = VideoRunner(settings.models / "starflow", settings.device, settings.video_threads)
        video_queue = VideoQueue(runner, settings.video_idle_s)
        networks = read_networks(settings.models / f"generator_{settings.generator}")
        return create_app(registry, load_recordings(), video_queue, metrics, settings, pages, study, networks), worker
    except BaseException:
        # Also when it is interrupted: loading models takes seconds.
        worker.stop()
        raise


def describe_models(folder: Path) -> dict[str, str]:
    """Return name and headline (the first line of its card) of every model in a folder."""
    found = {}
    for path in sorted(folder.glob("*/config.json")):
        card = path.with_name("CARD.md")
        lines = card.read_text("utf-8").splitlines() if card.is_file() else []
        found[path.parent.name] = next((line.lstrip("# ") for line in lines if line.strip()), "")
    return found


def listen(host: str, port: int) -> socket.socket:
    """Open a listening socket; raises `port_taken`, with a free port in the hint, or `host_unusable`."""
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        listener = socket.create_server((host, port), family=family)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            other = _free_port(host, port, family)
            hint = f"Port {other} is free: set MOTIONFAN_PORT={other}."
            raise InputError("port_taken", f"Port {port} is taken.", hint) from None
        reason = f"The server cannot listen on {host}:{port} ({error.strerror})."
        raise InputError("host_unusable", reason, "Set MOTIONFAN_HOST and MOTIONFAN_PORT.") from None
    # Connections inherit it.
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER)
    return listener


def _free_port(host: str, taken: int, family: int) -> int:
    """Return a free port, one of the next `PORTS_TO_TRY` if possible."""
    for port in [*range(taken + 1, min(taken + PORTS_TO_TRY, 65536)), 0]:
        with contextlib.suppress(OSError), socket.create_server((host, port), family=family) as probe:
            return int(probe.getsockname()[1])
    return 0


class DemoServer(uvicorn.Server):
    """A uvicorn server, configured for live messages, that prints its address when it is up.

    `trusted_proxies` are addresses or networks whose `X-Forwarded-For` and `X-Forwarded-Proto` are believed.
    """

    def __init__(self, app: FastAPI, trusted_proxies: Sequence[str] = ()) -> None:
        config = uvicorn.Config(
            app,
            log_config=None,
            log_level=logging.WARNING,
            access_log=False,
            server_header=False,
            proxy_headers=bool(trusted_proxies),
            forwarded_allow_ips=list(trusted_proxies),
            http=BoundedHttp,
            # This implementation stops reading while a message waits for the application: nothing piles up.
            ws=BoundedWebSocket,
            ws_ping_interval=PING_S,
            ws_ping_timeout=MAX_PONG_S,
            ws_max_size=MAX_FRAME,
            ws_per_message_deflate=False,
            timeout_graceful_shutdown=3,
        )
        super().__init__(config)
        self.server_state = OpenLines(connection_limit())
        self._video_queue: VideoQueue = app.state.video_queue

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, then print the address."""
        await super().startup(sockets)
        if self.started and sockets:
            print(f"MotionFan is up: {address(sockets[0])}  (Ctrl-C stops it)", flush=True)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """End the requests that wait for a video, which would delay the shutdown, then shut down."""
        await self._video_queue.close()
        await super().shutdown(sockets)


def address(listener: socket.socket) -> str:
    """Return the URL to open in a browser on this machine."""
    host, port = listener.getsockname()[:2]
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def configure_logging(level: str) -> None:
    """Send the log of the server and of its libraries to standard error, one line per event."""
    number = logging.getLevelNamesMapping()[level.upper()]
    logging.basicConfig(level=max(number, logging.WARNING), stream=sys.stderr, format="%(levelname)s %(name)s: %(message)s")
    structlog.configure(
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper("iso"),
            # Rich tracebacks take seconds, for which the server would stand still, and show local variables, such as tickets.
            structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty(), exception_formatter=structlog.dev.plain_traceback),
        ],
    )
