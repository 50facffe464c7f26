"""How errors are answered."""

from __future__ import annotations

import math
from typing import Any

from fastapi.responses import JSONResponse

from backend.core.errors import InputError, MotionFanError
from backend.server.live.waiting_line import ServerFull

STATUS = {
    "origin_foreign": 403,
    "metrics_private": 403,
    "session_unknown": 404,
    "recording_unknown": 404,
    "portrait_unknown": 404,
    "portrait_kept": 404,
    "networks_missing": 404,
    "study_off": 404,
    "trial_unknown": 404,
    "upload_slow": 408,
    "vote_repeated": 409,
    "portrait_too_large": 413,
    "landmarks_too_large": 413,
    "video_too_large": 413,
    "host_foreign": 421,
    "request_invalid": 422,
    "too_many_portraits": 429,
    "too_many_sessions": 429,
    "too_many_videos": 429,
    "too_many_voters": 429,
    "sessions_full": 503,
    "server_stopping": 503,
    "portraits_busy": 503,
    "uploads_busy": 503,
    "study_full": 503,
    "video_busy": 503,
    "video_missing": 503,
    "vote_not_stored": 507,
}
RETRY_S = 10
"""Seconds after which a refused client may try again (429, 503)."""


def answer(error: MotionFanError) -> JSONResponse:
    """Return the response to an error, `{"code", "message", "hint"}`, and the place of one who waits."""
    body: dict[str, Any] = {"code": error.code, "message": error.message, "hint": error.hint}
    retry_s = RETRY_S
    if isinstance(error, ServerFull):
        body |= {"place": error.place, "waiting": error.waiting, "retry_s": error.retry_s}
        retry_s = math.ceil(error.retry_s)
    status = STATUS.get(error.code, 400 if isinstance(error, InputError) else 500)
    return JSONResponse(body, status, {"retry-after": str(retry_s)} if status in (429, 503) else None)
