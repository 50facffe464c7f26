"""The bundled portraits as the server offers them: listed, small to choose from, and encoded once for all sessions."""

from __future__ import annotations

import asyncio

import numpy as np
from PIL import Image

from backend.media.images import BUNDLED, DEFAULT_PORTRAIT, bundled_picture, bundled_portrait
from backend.server.live.sessions import DefaultPortrait, Registry
from backend.server.live.sheet import jpeg

THUMBNAIL = 144
"""Pixels of a thumbnail's edge: twice what the page shows, for fine screens."""

QUALITY = 88


class Gallery:
    """The bundled portraits of one server.

    Args:
        registry: whose worker encodes them, and whose default is the first.
    """

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self._encoded = {DEFAULT_PORTRAIT: registry.default}
        self._thumbnails: dict[str, bytes] = {}

    def names(self) -> list[dict[str, str]]:
        """Every portrait's name and title, the default first."""
        return [{"name": name, "title": title} for name, title in BUNDLED.items()]

    def thumbnail(self, name: str) -> bytes:
        """Return a small JPEG of a portrait.

        Raises:
            InputError: `portrait_unknown`.
        """
        if name not in self._thumbnails:
            picture = self._registry.default.picture if name == DEFAULT_PORTRAIT else bundled_picture(name)
            small = Image.fromarray(picture).resize((THUMBNAIL, THUMBNAIL), Image.Resampling.LANCZOS)
            self._thumbnails[name] = jpeg(np.asarray(small), QUALITY)
        return self._thumbnails[name]

    async def portrait(self, name: str) -> DefaultPortrait:
        """Return a portrait ready to be animated; made when first asked for. One call at a time, as it uses Face Mesh.

        Raises:
            InputError: `portrait_unknown`.
        """
        if name not in self._encoded:
            image = await asyncio.to_thread(bundled_portrait, name)
            self._encoded[name] = await self._registry.encode(image)
        return self._encoded[name]
