"""Serves the page that Vite built and its files, with the headers that restrict it to this server."""

from __future__ import annotations

import mimetypes
import os
from pathlib import Path

from fastapi.responses import HTMLResponse
from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Message, Receive, Scope, Send

PAGE = Path(__file__).parents[1] / "page"
UNBUILT = """<!doctype html>
<html lang="en">
  <meta charset="utf-8">
  <title>MotionFan: the page is not built</title>
  <link rel="icon" href="data:,">
  <h1>The page is not built yet</h1>
  <p>The server runs, but its page has to be built once. In the project's folder:</p>
  <pre>npm --prefix frontend ci
npm --prefix frontend run build</pre>
  <p>or simply <code>make demo</code>. Then reload this page.</p>
</html>
"""
POLICY = "; ".join(
    [
        "default-src 'none'",
        # MediaPipe compiles its WebAssembly through generated JavaScript.
        "script-src 'self' 'unsafe-eval' 'wasm-unsafe-eval'",
        "worker-src 'self' blob:",
        "connect-src 'self'",
        "img-src 'self' blob: data:",
        "media-src 'self' blob:",
        "style-src 'self'",
        "font-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    ]
)
HEADERS = [
    (b"content-security-policy", POLICY.encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"permissions-policy", b"camera=(self), microphone=(), geolocation=()"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-embedder-policy", b"require-corp"),
    (b"cross-origin-resource-policy", b"same-origin"),
]
FOREVER = "public, max-age=31536000, immutable"
"""Caching of what has its hash in its address."""

CODINGS = {"br": ".br", "gzip": ".gz"}
"""Compressed copies of files that the page's build writes, best first."""


def built(folder: Path, name: str) -> HTMLResponse:
    """Return a built page, read each time so that a new build needs no restart; 503 if it is not built."""
    try:
        return HTMLResponse((folder / name).read_text("utf-8"))
    except FileNotFoundError:
        return HTMLResponse(UNBUILT, 503)


class BuiltFiles(StaticFiles):
    """Serves a folder of the built page, by the compressed copies of its files where the browser takes them.

    Args:
        folder: may appear later: the page may be built after the server has started.
        cache: the `cache-control` of every file.
    """

    def __init__(self, folder: Path, cache: str) -> None:
        super().__init__(directory=folder, check_dir=False)
        self._cache = cache

    async def get_response(self, path: str, scope: Scope) -> Response:
        """Return a file, or its compressed copy; raises `HTTPException` 404."""
        accepted = {part.split(";")[0].strip() for part in Headers(scope=scope).get("accept-encoding", "").split(",")}
        for coding in CODINGS:
            if coding in accepted and os.path.isfile(self.lookup_path(path + CODINGS[coding])[0]):
                response = await super().get_response(path + CODINGS[coding], scope)
                response.headers["content-encoding"] = coding
                response.headers["content-type"] = mimetypes.guess_type(path)[0] or "application/octet-stream"
                break
        else:
            response = await super().get_response(path, scope)
        response.headers["cache-control"], response.headers["vary"] = self._cache, "accept-encoding"
        return response


class SecurityHeaders:
    """Adds `HEADERS` to every HTTP response, and answers HEAD as GET; the server leaves the body out."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""

        async def add(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", []), *HEADERS]
            await send(message)

        if scope["type"] == "http" and scope["method"] == "HEAD":
            scope = {**scope, "method": "GET"}
        await self._app(scope, receive, add if scope["type"] == "http" else send)
