"""The server that load is put on, as its clients and its operator see it."""

from __future__ import annotations

import asyncio
import json
import urllib.error
import urllib.request
from dataclasses import dataclass
from http.client import HTTPException

from prometheus_client.parser import text_string_to_metric_families

from backend.core.errors import InputError
from backend.evaluate.bench.crowd import Invitation
from backend.evaluate.report.report import Metric

HTTP_TIMEOUT_S = 30.0


@dataclass(frozen=True)
class Server:
    """The server at an address."""

    url: str

    async def open(self) -> Invitation:
        """Open a session; raises `server_unreachable`, or what the server refuses it with."""
        answer = await asyncio.to_thread(_request, self.url, "POST", "/api/sessions")
        return Invitation(answer["session"], self.url.replace("http", "ws", 1) + answer["ws"])

    async def upload(self, session: str, picture: bytes) -> str:
        """Send a portrait, and return the code of the refusal; an empty one if it was taken."""
        try:
            await asyncio.to_thread(_request, self.url, "PUT", f"/api/sessions/{session}/portrait", picture)
        except InputError as error:
            return error.code
        return ""


def server_figures(url: str) -> dict[str, float]:
    """Return the server's own figures (`/metrics`) by name, labels left out; none if it does not show them here."""
    try:
        with urllib.request.urlopen(f"{url}/metrics", timeout=HTTP_TIMEOUT_S) as answer:
            families = list(text_string_to_metric_families(answer.read().decode()))
    except (OSError, HTTPException, ValueError):
        return {}
    found: dict[str, float] = {}
    for sample in (sample for family in families for sample in family.samples):
        found[sample.name] = found.get(sample.name, 0.0) + sample.value
    return found


def server_cost(before: dict[str, float], after: dict[str, float], seconds: float) -> dict[str, Metric]:
    """Return what the server's own process, which runs no model, used for its messages, and the memory at the end.

    Args:
        before: its figures (`server_figures`) before the load.
        after: its figures after the load; without either, there is nothing to return.
        seconds: between the two.
    """
    if not before or not after:
        return {}
    used = after["process_cpu_seconds_total"] - before["process_cpu_seconds_total"]
    counted = ("motionfan_frames_total", "motionfan_sheets_total")
    messages = sum(after.get(name, 0.0) - before.get(name, 0.0) for name in counted)
    return {
        "server_cores": Metric(used / seconds),
        "server_ms_per_message": Metric(1000 * used / max(1.0, messages)),
        "server_memory_mb": Metric(after["process_resident_memory_bytes"] / 1e6),
        "inference_memory_mb": Metric(after["motionfan_inference_memory_bytes"] / 1e6),
        "server_memory_growth": Metric(after["process_resident_memory_bytes"] / before["process_resident_memory_bytes"] - 1),
        "inference_memory_growth": Metric(
            after["motionfan_inference_memory_bytes"] / max(1.0, before["motionfan_inference_memory_bytes"]) - 1
        ),
    }


def _request(url: str, method: str, path: str, body: bytes | None = None) -> dict[str, str]:
    """Send a request and return the answer's JSON; raises `server_unreachable`, or what the server refuses it with."""
    try:
        request = urllib.request.Request(url + path, body, method=method)
        try:
            with urllib.request.urlopen(request, timeout=HTTP_TIMEOUT_S) as answer:
                found: dict[str, str] = json.load(answer)
                return found
        except urllib.error.HTTPError as error:
            refused = json.load(error)
            full = "Start the server with MOTIONFAN_MAX_SESSIONS=128 to measure more sessions than it admits by itself."
            hint = full if refused["code"] == "sessions_full" else refused["hint"]
            refusal = InputError(refused["code"], refused["message"], hint)
    except (OSError, HTTPException, ValueError, KeyError, TypeError) as error:
        # Also where another program answers, without our routes or our JSON.
        message = f"No MotionFan answers at {url} ({error})."
        raise InputError("server_unreachable", message, "Start it: motionfan serve.") from None
    raise refusal
