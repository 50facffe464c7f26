"""The HTTP routes."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from typing import Any

import msgspec
from fastapi import APIRouter, Request, Response, WebSocket
from fastapi.responses import HTMLResponse, JSONResponse

from backend.core.errors import InputError, MotionFanError
from backend.core.types import ForecastSettings
from backend.media.images import MAX_BYTES, load_portrait
from backend.server.http import page
from backend.server.http.body import read_body
from backend.server.http.gallery import Gallery
from backend.server.http.origin import check_origin
from backend.server.http.recordings import Bundled
from backend.server.live.connection import Connection, refuse
from backend.server.live.sessions import DefaultPortrait, Registry, Session
from backend.server.live.sheet import jpeg
from backend.server.metrics import Metrics

PORTRAIT_QUALITY = 92
STATUS = {
    "origin_foreign": 403,
    "session_unknown": 404,
    "recording_unknown": 404,
    "portrait_unknown": 404,
    "portrait_too_large": 413,
    "video_too_large": 413,
    "too_many_portraits": 429,
    "too_many_videos": 429,
    "sessions_full": 503,
    "server_stopping": 503,
    "video_busy": 503,
    "video_missing": 503,
}
RETRY_S = 10
"""After how many seconds a client may try again whom the server has no time or room for."""


def answer(error: MotionFanError) -> JSONResponse:
    """Return an error as the API words it: `{"code", "message", "hint"}`."""
    body = {"code": error.code, "message": error.message, "hint": error.hint}
    status = STATUS.get(error.code, 400 if isinstance(error, InputError) else 500)
    return JSONResponse(body, status, {"retry-after": str(RETRY_S)} if status in (429, 503) else None)


def settings_schema() -> dict[str, Any]:
    """Return the JSON schema of `ForecastSettings`, from which the page builds its controls."""
    schema: dict[str, Any] = msgspec.json.schema_components([ForecastSettings])[1]["ForecastSettings"]
    return schema


class Api:
    """The routes of one server."""

    def __init__(
        self, registry: Registry, recordings: dict[str, Bundled], metrics: Metrics, origins: list[str], pages: Path
    ) -> None:
        self._registry = registry
        self._recordings = recordings
        self._metrics = metrics
        self._origins = origins
        self._pages = pages
        # One Face Mesh at a time: it is not made for several threads.
        self._face_lock = asyncio.Lock()
        self._gallery = Gallery(registry)

    def router(self) -> APIRouter:
        """Return all routes."""
        router = APIRouter()
        router.add_api_route("/", self.page, methods=["GET"], response_class=HTMLResponse)
        router.add_api_route("/healthz", self.health, methods=["GET"])
        router.add_api_route("/metrics", self.metrics, methods=["GET"])
        router.add_api_route("/api/schema", settings_schema, methods=["GET"])
        router.add_api_route("/api/recordings", self.recordings, methods=["GET"])
        router.add_api_route("/api/recordings/{name}", self.recording, methods=["GET"])
        router.add_api_route("/api/portraits", self.portraits, methods=["GET"])
        router.add_api_route("/api/portraits/{name}", self.thumbnail, methods=["GET"])
        router.add_api_route("/api/sessions", self.create_session, methods=["POST"])
        router.add_api_route("/api/sessions/{session}/ticket", self.create_ticket, methods=["POST"])
        router.add_api_route("/api/sessions/{session}/portrait", self.portrait, methods=["GET"])
        router.add_api_route("/api/sessions/{session}/portrait", self.put_portrait, methods=["PUT"])
        router.add_api_route("/api/sessions/{session}/portrait", self.delete_portrait, methods=["DELETE"])
        router.add_api_route("/api/sessions/{session}/portrait/{name}", self.choose_portrait, methods=["PUT"])
        router.add_api_websocket_route("/ws", self.socket)
        return router

    def page(self) -> HTMLResponse:
        """The page itself."""
        status, html = page.render(self._pages)
        return HTMLResponse(html, status)

    async def health(self) -> JSONResponse:
        """Whether the server can do its work."""
        alive = self._registry.worker.alive
        return JSONResponse({"status": "ok" if alive else "down", "sessions": len(self._registry)}, 200 if alive else 503)

    async def metrics(self) -> Response:
        """Figures for Prometheus."""
        return Response(self._metrics.text(), media_type="text/plain; version=0.0.4")

    async def recordings(self) -> list[dict[str, str | float]]:
        """The bundled recordings."""
        return [{"name": one.name, "title": one.title, "seconds": one.seconds} for one in self._recordings.values()]

    async def recording(self, name: str) -> Response:
        """One recording's landmarks."""
        if name not in self._recordings:
            raise InputError("recording_unknown", f"There is no recording named {name[:40]!r}.", "See /api/recordings.")
        return Response(self._recordings[name].data, media_type="application/octet-stream")

    async def portraits(self) -> list[dict[str, str]]:
        """The bundled portraits; the first is the one that sessions start with."""
        return self._gallery.names()

    async def thumbnail(self, name: str) -> Response:
        """A bundled portrait, small, as a JPEG."""
        data = await asyncio.to_thread(self._gallery.thumbnail, name)
        return Response(data, media_type="image/jpeg", headers={"cache-control": "max-age=86400"})

    async def create_session(self, request: Request) -> dict[str, str]:
        """Open a session and give its first ticket."""
        check_origin(request.headers, self._origins)
        return self._invitation(await self._registry.create())

    async def create_ticket(self, request: Request, session: str) -> dict[str, str]:
        """Give a ticket to come back to a session with."""
        check_origin(request.headers, self._origins)
        return self._invitation(self._registry.get(session))

    async def portrait(self, session: str) -> Response:
        """The cropped portrait as a JPEG."""
        picture = self._registry.get(session).picture
        return Response(jpeg(picture, PORTRAIT_QUALITY), media_type="image/jpeg", headers={"cache-control": "no-store"})

    async def put_portrait(self, request: Request, session: str) -> dict[str, int]:
        """Animate the uploaded picture."""
        check_origin(request.headers, self._origins)
        visit = self._registry.get(session)
        if not visit.uploads.allow(time.monotonic()):
            raise InputError("too_many_portraits", "That is a lot of portraits in a short time.", "Wait a few seconds.")
        data = await read_body(request, MAX_BYTES, _too_large())
        async with visit.portrait_lock:
            async with self._face_lock:
                image = await asyncio.to_thread(load_portrait, data)
            return await self._show(visit, await self._registry.encode(image))

    async def choose_portrait(self, request: Request, session: str, name: str) -> dict[str, int]:
        """Animate a bundled portrait."""
        check_origin(request.headers, self._origins)
        visit = self._registry.get(session)
        async with visit.portrait_lock:
            async with self._face_lock:
                portrait = await self._gallery.portrait(name)
            return await self._show(visit, portrait)

    async def delete_portrait(self, request: Request, session: str) -> dict[str, int]:
        """Go back to the bundled portrait."""
        check_origin(request.headers, self._origins)
        visit = self._registry.get(session)
        async with visit.portrait_lock:
            return await self._show(visit, self._registry.default)

    async def socket(self, websocket: WebSocket) -> None:
        """Serve one WebSocket from handshake to close."""
        try:
            check_origin(websocket.headers, self._origins)
        except InputError as error:
            await websocket.send_denial_response(answer(error))
            return
        try:
            session = self._registry.redeem(websocket.query_params.get("ticket", ""))
        except InputError as error:
            self._metrics.errors.labels(error.code).inc()
            await refuse(websocket, error)
            return
        await websocket.accept()
        await Connection(websocket, session, self._recordings, self._metrics).converse()

    def _invitation(self, session: Session) -> dict[str, str]:
        ticket = self._registry.ticket(session.id)
        return {"session": session.id, "ticket": ticket, "ws": f"/ws?ticket={ticket}"}

    async def _show(self, session: Session, portrait: DefaultPortrait) -> dict[str, int]:
        await asyncio.wrap_future(self._registry.worker.set_portrait(session.id, portrait.portrait))
        session.picture = portrait.picture
        session.new_epoch(source_changed=False)
        return {"width": int(portrait.picture.shape[1]), "height": int(portrait.picture.shape[0])}


def _too_large() -> InputError:
    return InputError(
        "portrait_too_large", f"A portrait may have {MAX_BYTES // 1_000_000} MB.", "Save it smaller, or as a JPEG."
    )
