"""The ASGI application: routes, origin check, error responses, headers, and the expiry of sessions."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Mapping
from http import HTTPStatus
from pathlib import Path

import structlog
from fastapi import Depends, FastAPI, Request, WebSocket
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from backend.core.errors import InputError, MotionFanError
from backend.core.settings import Settings
from backend.server.http import page
from backend.server.http.answers import answer
from backend.server.http.api import Api
from backend.server.http.body import OpenBodies, WholeRequests
from backend.server.http.networks import NetworkFile, networks_router
from backend.server.http.origin import HostCheck, origin_check
from backend.server.http.portraits import PortraitReader
from backend.server.http.recordings import BundledRecording
from backend.server.live.sessions import SessionRegistry
from backend.server.metrics import Metrics
from backend.server.study.api import PerceptualStudy, study_router
from backend.server.video.api import video_router
from backend.server.video.queue import VideoQueue

log = structlog.get_logger(__name__)
EXPIRY_PERIOD_S, KEEP_PERIOD_S = 5.0, 1.0


def create_app(
    registry: SessionRegistry,
    recordings: dict[str, BundledRecording],
    video_queue: VideoQueue,
    metrics: Metrics,
    settings: Settings,
    pages: Path = page.PAGE,
    study: PerceptualStudy | None = None,
    networks: Mapping[str, NetworkFile] | None = None,
) -> FastAPI:
    """Build the application for a registry whose worker has started.

    Args:
        registry: the sessions.
        recordings: the bundled recordings, by name.
        video_queue: runs video jobs; stored as `app.state.video_queue`.
        metrics: the figures to show at `/metrics`.
        settings: of the server.
        pages: folder of the built page.
        study: the perceptual study; None switches it off. Stored as `app.state.study`, the reader of portraits as `.reader`.
        networks: files for pages that render by themselves; None or none if there are none.
    """
    reader = PortraitReader(on_restart=metrics.restarts.labels("portraits").inc)

    @contextlib.asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        tasks = [asyncio.create_task(_sweep(registry)), asyncio.create_task(_keep(registry))]
        if study:
            tasks.append(asyncio.create_task(study.clips.prepare()))
        yield
        for task in tasks:
            task.cancel()
        await asyncio.to_thread(reader.stop)
        # Other servers of a cluster go on with the sessions from here.
        await registry.keep()
        await video_queue.close()
        registry.close_all()
        if study:
            study.store.close()

    # Without a schema there is no interactive documentation, which would load scripts from other sites.
    app = FastAPI(
        title="MotionFan", lifespan=lifespan, dependencies=[Depends(origin_check(settings.origins))], openapi_url=None
    )
    app.state.video_queue, app.state.study = video_queue, study
    app.state.bodies, app.state.reader = OpenBodies(), reader
    app.include_router(Api(registry, recordings, metrics, pages, reader, settings.metrics == "all").router())
    app.include_router(video_router(video_queue, metrics))
    app.include_router(study_router(study, pages))
    app.include_router(networks_router(networks or {}))
    app.mount("/assets", page.BuiltFiles(pages / "assets", page.FOREVER))
    app.mount("/mediapipe", page.BuiltFiles(pages / "mediapipe", "no-cache"))
    app.add_middleware(HostCheck, host=settings.host, origins=settings.origins)
    app.add_middleware(WholeRequests)
    app.add_middleware(page.SecurityHeaders)

    @app.exception_handler(MotionFanError)
    async def coded(connection: Request | WebSocket, error: MotionFanError) -> JSONResponse | None:
        metrics.errors.labels(error.code).inc()
        if isinstance(connection, WebSocket):
            await connection.send_denial_response(answer(error))
            return None
        return answer(error)

    @app.exception_handler(HTTPException)
    async def http(_: Request, error: HTTPException) -> JSONResponse:
        phrase = HTTPStatus(error.status_code).phrase
        body = {"code": phrase.lower().replace(" ", "_"), "message": f"{phrase}.", "hint": "Open /."}
        return JSONResponse(body, error.status_code, error.headers)

    @app.exception_handler(RequestValidationError)
    async def invalid(_: Request, error: RequestValidationError) -> JSONResponse:
        parts = ", ".join(sorted({str(each["loc"][-1])[:40] for each in error.errors()}))
        return answer(InputError("request_invalid", f"These parts of the request are not valid: {parts}.", "Reload the page."))

    @app.exception_handler(Exception)
    async def internal(_: Request, error: Exception) -> JSONResponse:
        log.error("request_failed", exc_info=error)
        failed = answer(
            MotionFanError("internal", "The server failed at this request.", "Try again, or read the server's log.")
        )
        # Starlette sends this answer past all middleware.
        failed.raw_headers.extend(page.HEADERS)
        return failed

    return app


async def _sweep(registry: SessionRegistry) -> None:
    """End expired sessions periodically."""
    while True:
        await asyncio.sleep(EXPIRY_PERIOD_S)
        registry.expire()


async def _keep(registry: SessionRegistry) -> None:
    """Keep the records of the sessions for other servers, periodically."""
    while registry.directory is not None:
        await registry.keep()
        await asyncio.sleep(KEEP_PERIOD_S)
