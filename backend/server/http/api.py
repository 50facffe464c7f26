"""The routes of the page, the sessions, and the live WebSocket."""

from __future__ import annotations

import asyncio
import io
import time
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from fastapi import APIRouter, Request, Response, WebSocket
from fastapi.responses import HTMLResponse, JSONResponse
from PIL import Image

from backend.core.errors import InputError, portrait_kept
from backend.core.types import ForecastSettings, Picture
from backend.media.images import BUNDLED, DEFAULT_PORTRAIT, MAX_BYTES, bundled_picture, bundled_portrait
from backend.server.http import page
from backend.server.http.address import client_address, is_local
from backend.server.http.body import read_body
from backend.server.http.landmarks import MAX_LANDMARK_BYTES, decode_landmarks
from backend.server.http.portraits import PortraitReader
from backend.server.http.recordings import BundledRecording
from backend.server.limits import PerAddress
from backend.server.live.connection import Connection, refuse
from backend.server.live.session import Session
from backend.server.live.session_slot import KeptPortrait, SessionPortrait, ShownPortrait
from backend.server.live.sessions import SessionRegistry
from backend.server.live.sheet import jpeg
from backend.server.metrics import Metrics

PORTRAIT_QUALITY, THUMBNAIL_QUALITY = 92, 88
PNG_LEVEL = 2
"""Of zlib: level 6 takes four times as long for an eighth fewer bytes."""

THUMBNAIL = 144
"""Side of a thumbnail in pixels: twice what the page shows, for high-density screens."""

SESSIONS_PER_S, MAX_SESSION_BURST = 4.0, 200
"""Sessions that one address may open, in the long run and at once."""

UPLOADS_PER_S, MAX_UPLOAD_BURST = 1.0, 40
"""Portraits of one address, which a class may share, in the long run and at once."""


def schema() -> dict[str, Any]:
    """Return the JSON schema of `ForecastSettings`, from which the page builds its controls, and the `limits` of uploads."""
    settings: dict[str, Any] = msgspec.json.schema_components([ForecastSettings])[1]["ForecastSettings"]
    return settings | {"limits": {"portrait_bytes": MAX_BYTES}}


def _png(picture: Picture) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(picture).save(buffer, "PNG", compress_level=PNG_LEVEL)
    return buffer.getvalue()


class Api:
    """The routes of one server.

    Args:
        registry: the sessions.
        recordings: the bundled recordings, by name.
        metrics: shown at `/metrics`.
        pages: folder of the built page.
        reader: reads uploaded portraits.
        public_metrics: show `/metrics` to other machines too.
    """

    def __init__(
        self,
        registry: SessionRegistry,
        recordings: dict[str, BundledRecording],
        metrics: Metrics,
        pages: Path,
        reader: PortraitReader,
        public_metrics: bool = False,
    ) -> None:
        self._registry, self._recordings, self._metrics, self._pages = registry, recordings, metrics, pages
        self._reader, self._public_metrics = reader, public_metrics
        self._uploaders = PerAddress(UPLOADS_PER_S, MAX_UPLOAD_BURST)
        self._visitors = PerAddress(SESSIONS_PER_S, MAX_SESSION_BURST)
        self._portraits = {DEFAULT_PORTRAIT: registry.default}
        self._thumbnails: dict[str, bytes] = {}

    def router(self) -> APIRouter:
        """Return all routes."""
        router = APIRouter()
        router.add_api_route("/", self.page, methods=["GET"], response_class=HTMLResponse)
        router.add_api_route("/healthz", self.health, methods=["GET"])
        router.add_api_route("/readyz", self.readiness, methods=["GET"])
        router.add_api_route("/metrics", self.metrics, methods=["GET"])
        router.add_api_route("/api/schema", schema, methods=["GET"])
        router.add_api_route("/api/recordings", self.recordings, methods=["GET"])
        router.add_api_route("/api/recordings/{name}", self.recording, methods=["GET"])
        router.add_api_route("/api/portraits", self.portraits, methods=["GET"])
        router.add_api_route("/api/portraits/{name}", self.thumbnail, methods=["GET"])
        router.add_api_route("/api/sessions", self.create_session, methods=["POST"])
        router.add_api_route("/api/sessions/{session}/ticket", self.create_ticket, methods=["POST"])
        router.add_api_route("/api/sessions/{session}/portrait", self.portrait, methods=["GET"])
        router.add_api_route("/api/sessions/{session}/portrait.png", self.exact_portrait, methods=["GET"])
        router.add_api_route("/api/sessions/{session}/portrait", self.put_portrait, methods=["PUT"])
        router.add_api_route("/api/sessions/{session}/portrait", self.delete_portrait, methods=["DELETE"])
        router.add_api_route("/api/sessions/{session}/landmarks", self.put_landmarks, methods=["PUT"])
        router.add_api_route("/api/sessions/{session}/portrait/{name}", self.choose_portrait, methods=["PUT"])
        router.add_api_websocket_route("/ws", self.socket)
        return router

    def page(self) -> HTMLResponse:
        """The page."""
        return page.built(self._pages, "index.html")

    async def health(self) -> JSONResponse:
        """Whether sessions are served, and the number of sessions."""
        alive = self._registry.worker.alive
        return JSONResponse({"status": "ok" if alive else "down", "sessions": len(self._registry)}, 200 if alive else 503)

    async def readiness(self) -> JSONResponse:
        """Whether the models are loaded and warm; the places, the sessions by way, and the machine's capacity by way.

        `kept`: sessions that another server of the cluster could go on with.
        """
        ready, registry = self._registry.worker.ready, self._registry
        body = {
            "status": "ready" if ready else "not ready",
            "places": registry.places,
            "free": registry.free,
            "sessions": len(registry),
            "queue": len(registry.line),
            "ways": registry.by_way(),
            "kept": registry.kept,
            "capacity": registry.admission.capacity,
            "in_use": round(registry.admission.load(registry.by_way()), 3),
        }
        return JSONResponse(body, 200 if ready else 503)

    async def metrics(self, request: Request) -> Response:
        """Figures for Prometheus."""
        if not (self._public_metrics or is_local(request)):
            reason = "Metrics are only shown to this machine."
            raise InputError("metrics_private", reason, "Start the server with MOTIONFAN_METRICS=all to show them.")
        return Response(self._metrics.text(), media_type="text/plain; version=0.0.4")

    async def recordings(self) -> list[dict[str, str | float]]:
        """The bundled recordings."""
        return [{"name": name, "title": each.title, "seconds": each.seconds} for name, each in self._recordings.items()]

    async def recording(self, name: str) -> Response:
        """One recording's landmarks."""
        if name not in self._recordings:
            raise InputError("recording_unknown", f"There is no recording named {name[:40]!r}.", "See /api/recordings.")
        return Response(self._recordings[name].data, media_type="application/octet-stream")

    async def portraits(self) -> list[dict[str, str]]:
        """The bundled portraits; sessions start with the first."""
        return [{"name": name, "title": title} for name, title in BUNDLED.items()]

    def thumbnail(self, name: str) -> Response:
        """A bundled portrait, small, as a JPEG."""
        if name not in self._thumbnails:
            picture = self._registry.default.picture if name == DEFAULT_PORTRAIT else bundled_picture(name)
            small = Image.fromarray(picture).resize((THUMBNAIL, THUMBNAIL), Image.Resampling.LANCZOS)
            self._thumbnails[name] = jpeg(np.asarray(small), THUMBNAIL_QUALITY)
        return Response(self._thumbnails[name], media_type="image/jpeg", headers={"cache-control": "max-age=86400"})

    async def create_session(self, request: Request) -> dict[str, str]:
        """Open a session and return its first ticket; one who waits shows the ticket of the line in `Waiting-Ticket`."""
        address, waiting = client_address(request), request.headers.get("waiting-ticket", "")
        if waiting not in self._registry.line and not self._visitors.allow(address, time.monotonic()):
            raise InputError("too_many_sessions", "Your address opens too many sessions.", "Wait a few seconds.")
        return self._invitation(await self._registry.create(address, waiting))

    async def create_ticket(self, session: str) -> dict[str, str]:
        """Return a ticket to reconnect to a session."""
        return self._invitation(await self._registry.find(session))

    async def portrait(self, session: str) -> Response:
        """The cropped portrait as a JPEG."""
        picture = await self._picture(session)
        return Response(jpeg(picture, PORTRAIT_QUALITY), media_type="image/jpeg", headers={"cache-control": "no-store"})

    async def exact_portrait(self, session: str) -> Response:
        """The cropped portrait without loss, as a PNG, for pages that compose layers with it."""
        picture = await self._picture(session)
        data = await asyncio.to_thread(_png, picture)
        return Response(data, media_type="image/png", headers={"cache-control": "no-store"})

    async def put_portrait(self, request: Request, session: str) -> dict[str, int]:
        """Animate the uploaded picture."""
        opened = await self._registry.find(session)
        self._limit_uploads(request, opened)
        limit = f"A portrait may have at most {MAX_BYTES // 1_000_000} MB."
        data = await read_body(request, MAX_BYTES, InputError("portrait_too_large", limit, "Save it smaller, or as a JPEG."))
        async with opened.portrait_lock:
            return await self._show(opened, SessionPortrait(await self._reader.read(data)))

    async def put_landmarks(self, request: Request, session: str) -> dict[str, int]:
        """Animate a portrait by its landmarks alone: its picture stays in the browser, which renders it."""
        opened = await self._registry.find(session)
        self._limit_uploads(request, opened)
        limit = f"The landmarks of a portrait take at most {MAX_LANDMARK_BYTES // 1024} KB."
        data = await read_body(request, MAX_LANDMARK_BYTES, InputError("landmarks_too_large", limit, "Send 478 points."))
        portrait = KeptPortrait(decode_landmarks(data))
        async with opened.portrait_lock:
            return await self._show(opened, portrait)

    async def choose_portrait(self, session: str, name: str) -> dict[str, int]:
        """Animate a bundled portrait."""
        opened = await self._registry.find(session)
        async with opened.portrait_lock:
            if name not in self._portraits:
                self._portraits[name] = SessionPortrait(await asyncio.to_thread(bundled_portrait, name))
            return await self._show(opened, self._portraits[name])

    async def delete_portrait(self, session: str) -> dict[str, int]:
        """Animate the default portrait again."""
        opened = await self._registry.find(session)
        async with opened.portrait_lock:
            return await self._show(opened, self._registry.default)

    async def socket(self, websocket: WebSocket) -> None:
        """Serve one WebSocket from handshake to close."""
        try:
            session = self._registry.redeem(websocket.query_params.get("ticket", ""))
        except InputError as error:
            self._metrics.errors.labels(error.code).inc()
            await refuse(websocket, error)
            return
        await websocket.accept()
        await Connection(websocket, session, self._recordings, self._metrics).run()

    def _invitation(self, session: Session) -> dict[str, str]:
        ticket = self._registry.ticket(session.id)
        return {"session": session.id, "ticket": ticket, "ws": f"/ws?ticket={ticket}"}

    async def _picture(self, session: str) -> Picture:
        picture = (await self._registry.find(session)).picture
        if picture is None:
            raise portrait_kept()
        return picture

    def _limit_uploads(self, request: Request, session: Session) -> None:
        now = time.monotonic()
        if not (session.uploads.allow(now) and self._uploaders.allow(client_address(request), now)):
            raise InputError("too_many_portraits", "Too many portraits were uploaded in a short time.", "Wait a few seconds.")

    async def _show(self, session: Session, portrait: ShownPortrait) -> dict[str, int]:
        await self._registry.show(session, portrait)
        height, width = (0, 0) if portrait.picture is None else portrait.picture.shape[:2]
        return {"width": width, "height": height}
