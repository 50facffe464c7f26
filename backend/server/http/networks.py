"""The generator's networks as files for pages that render by themselves, each at an address that contains its hash."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import structlog
from fastapi import APIRouter, Response

from backend.core.errors import InputError, ModelError
from backend.core.weights import fingerprint
from backend.server.http.page import FOREVER

log = structlog.get_logger(__name__)
FILES = {"encode": "encode.onnx", "render": "render.onnx"}


@dataclass(frozen=True)
class NetworkFile:
    """One file: its SHA-256 in hexadecimal, and its bytes."""

    digest: str
    data: bytes


def read_networks(folder: Path) -> dict[str, NetworkFile]:
    """Read the files beside a generator's weights, by name; none if they are missing or were made from other weights."""
    try:
        made_from = fingerprint(folder).encode()
        contents = {name: (folder / file).read_bytes() for name, file in FILES.items()}
    except (OSError, ModelError) as error:
        log.warning("networks_missing", reason=str(error))
        return {}
    # Their metadata holds the fingerprint as text.
    stale = [name for name, data in contents.items() if made_from not in data]
    if stale:
        log.warning("networks_stale", files=stale, hint=f"motionfan export --to onnx --model {folder} -o {folder}")
        return {}
    return {name: NetworkFile(hashlib.sha256(data).hexdigest(), data) for name, data in contents.items()}


def networks_router(files: Mapping[str, NetworkFile]) -> APIRouter:
    """Return the routes: what files there are, and each of them."""
    router = APIRouter(prefix="/api/networks")
    by_digest = {file.digest: file for file in files.values()}

    @router.get("")
    async def index() -> dict[str, dict[str, str | int]]:
        if not files:
            raise InputError("networks_missing", "This server does not offer its networks.", "Its operator can export them.")
        return {
            name: {"url": f"/api/networks/{file.digest}.onnx", "sha256": file.digest, "bytes": len(file.data)}
            for name, file in files.items()
        }

    @router.get("/{digest}.onnx")
    async def content(digest: str) -> Response:
        if digest not in by_digest:
            raise InputError("networks_missing", "There is no such file of networks.", "See /api/networks.")
        return Response(by_digest[digest].data, media_type="application/octet-stream", headers={"cache-control": FOREVER})

    return router
