"""Serves the page that Vite built, with the headers that restrict it to this server."""

from __future__ import annotations

from pathlib import Path

from fastapi.responses import HTMLResponse
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
        "connect-src 'self' blob: data:",
        "img-src 'self' blob: data:",
        "media-src 'self' blob:",
        "style-src 'self' 'unsafe-inline'",
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
]


def built(folder: Path, name: str) -> HTMLResponse:
    """Return a built page, read each time so that a new build needs no restart; 503 if it is not built."""
    try:
        return HTMLResponse((folder / name).read_text("utf-8"))
    except FileNotFoundError:
        return HTMLResponse(UNBUILT, 503)


class SecurityHeaders:
    """Adds `HEADERS` to every HTTP response."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""

        async def add(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", []), *HEADERS]
            await send(message)

        await self._app(scope, receive, add if scope["type"] == "http" else send)
