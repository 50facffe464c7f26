"""The bundled portraits of the server: their list, thumbnails, and portraits that all sessions share."""

from __future__ import annotations

import asyncio

import numpy as np
from PIL import Image

from backend.media.images import BUNDLED, bundled_picture, bundled_portrait
from backend.server.http.recordings import FIRST
from backend.server.live.session_slot import SessionPortrait
from backend.server.live.sheet import jpeg

THUMBNAIL = 144
"""Side of a thumbnail in pixels: twice what the page shows, for high-density screens."""

QUALITY = 88


class Gallery:
    """The bundled portraits of one server.

    Args:
        default: the first of them.
    """

    def __init__(self, default: SessionPortrait) -> None:
        self._portraits = {FIRST: default}
        self._thumbnails: dict[str, bytes] = {}

    def names(self) -> list[dict[str, str]]:
        """Return name and title of every portrait, the default first."""
        return [{"name": name, "title": title} for name, title in BUNDLED.items()]

    def thumbnail(self, name: str) -> bytes:
        """Return a small JPEG of a portrait.

        Raises:
            InputError: `portrait_unknown`.
        """
        if name not in self._thumbnails:
            picture = self._portraits[FIRST].image.picture if name == FIRST else bundled_picture(name)
            small = Image.fromarray(picture).resize((THUMBNAIL, THUMBNAIL), Image.Resampling.LANCZOS)
            self._thumbnails[name] = jpeg(np.asarray(small), QUALITY)
        return self._thumbnails[name]

    async def portrait(self, name: str) -> SessionPortrait:
        """Return a portrait, made on first use. One call at a time, because Face Mesh serves one thread.

        Raises:
            InputError: `portrait_unknown`.
        """
        if name not in self._portraits:
            self._portraits[name] = SessionPortrait(await asyncio.to_thread(bundled_portrait, name))
        return self._portraits[name]
