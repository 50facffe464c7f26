"""The page: a shell around what Vite built, and the headers that keep it to this server."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Message, Receive, Scope, Send

PAGE = Path(__file__).parents[1] / "page"

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


@dataclass(frozen=True)
class Build:
    """Paths of the entry's files, relative to the page's folder."""

    scripts: list[str] = field(default_factory=list)
    styles: list[str] = field(default_factory=list)


def read_build(folder: Path) -> Build | None:
    """Read Vite's manifest; None where the page has not been built."""
    for place in (folder / ".vite" / "manifest.json", folder / "manifest.json"):
        if place.is_file():
            chunks: dict[str, dict[str, Any]] = json.loads(place.read_text("utf-8"))
            entries = [chunk for chunk in chunks.values() if chunk.get("isEntry")]
            styles = [style for chunk in chunks.values() for style in chunk.get("css", [])]
            return Build([entry["file"] for entry in entries], list(dict.fromkeys(styles)))
    return None


def render(folder: Path) -> tuple[int, str]:
    """Return status and HTML of `/`. The manifest is read each time, so a new build needs no restart."""
    templates = Environment(loader=PackageLoader("backend.server.http"), autoescape=True)
    build = read_build(folder)
    if build is None:
        return 503, templates.get_template("unbuilt.html").render()
    return 200, templates.get_template("page.html").render(scripts=build.scripts, styles=build.styles)


def files(folder: Path) -> StaticFiles:
    """Serve a folder that may appear only after the server has started."""
    return StaticFiles(directory=folder, check_dir=False)


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
