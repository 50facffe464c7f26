"""Any request that the routes' own schema allows, and many that it does not, gets an answer with a code. Nothing was lost."""

from __future__ import annotations

from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis.schemas import APIOperation

from backend.server.http.page import HEADERS
from backend.server.limits import PerAddress
from tests.server.conftest import Client, Live

ANY = {"anyOf": [{"type": "string"}, {"type": "number"}, {"type": "array"}, {"type": "null"}]}


def _json(**fields: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """Return the kind and schema of a body of JSON: these fields, each perhaps of another type, or any other value."""
    properties = {name: {"anyOf": [field, ANY]} for name, field in fields.items()}
    return "application/json", {"anyOf": [{"type": "object", "properties": properties, "required": list(fields)}, ANY]}


BODIES = {
    ("/api/sessions/{session}/landmarks", "put"): _json(landmarks={"type": "array", "items": {"type": "array"}}),
    ("/api/sessions/{session}/portrait", "put"): ("image/png", {"type": "string", "format": "binary"}),
    ("/api/study/votes", "post"): _json(trial={"type": "string"}, choice={"enum": ["left", "right", "none"]}),
    ("/api/video", "post"): _json(
        task={"enum": ["futures", "imagine"]}, frames={"type": "string"}, count={"type": "integer"}, caption={"type": "string"}
    ),
}
"""Bodies that the routes read by themselves, so that the server's own schema does not describe them."""

STRAY_HEADERS = ("origin", "content-type", "x-forwarded-for", "accept-encoding", "range")
ANY_ONCE = settings(
    max_examples=15, derandomize=True, database=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck)
)
"""For each route and method: always the same requests."""


def described(live: Live) -> dict[str, Any]:
    """Return the server's OpenAPI schema with the bodies that it reads, and stray headers."""
    schema = live.app.openapi()
    for path, operations in schema["paths"].items():
        for method, operation in operations.items():
            parameters = operation.setdefault("parameters", [])
            for parameter in parameters:
                parameter["schema"] = {"type": "string"}
            parameters += [{"name": name, "in": "header", "schema": {"type": "string"}} for name in STRAY_HEADERS]
            if (path, method) in BODIES:
                kind, body = BODIES[path, method]
                operation["requestBody"] = {"content": {kind: {"schema": body}}}
    return schema


def check(answer: schemathesis.Response) -> None:
    """Every answer has the security headers. An error has a code, one sentence and the way out, and none is unexpected."""
    for name, value in HEADERS:
        assert answer.headers[name.decode()] == [value.decode()]
    if answer.status_code >= 400 and not answer.headers["content-type"][0].startswith("text/html"):
        body = answer.json()
        waits = {"place", "waiting", "retry_s"} if body["code"] == "sessions_full" else set()
        assert {"code", "message", "hint"} <= set(body) <= {"code", "message", "hint"} | waits and all(body.values()), body
        assert body["code"] != "internal"


@pytest.mark.filterwarnings("ignore:Duplicate Operation ID")
def test_every_request_gets_an_answer_with_a_code_and_an_honest_session_loses_nothing(tmp_path, monkeypatch):
    """Lost: nothing. The session beside it gets every sheet."""
    monkeypatch.setattr(PerAddress, "allow", lambda *_: True)
    live = Live(study=str(tmp_path / "votes.db"), max_sessions=6)
    try:
        with Client(live) as honest, Client(live) as other:
            live.app.state.reader.start()
            honest.play(2)
            trial = live.http.post("/api/study/voters").json()["trials"][0]["id"]
            known = {"session": other.id, "name": "marble", "trial": trial, "side": "left"}
            for found in schemathesis.openapi.from_dict(described(live)).get_all_operations():
                send_any(live, found.ok(), known)
                assert len(honest.play(1)) == 1
            assert honest.errors() == []
    finally:
        live.stop()


def send_any(live: Live, operation: APIOperation, known: dict[str, str]) -> None:
    """Send requests of one route and method; every second one is of no foreign page, and asks for what there is."""

    @ANY_ONCE
    @given(operation.as_strategy(), st.booleans())
    def send(case: schemathesis.Case, sensible: bool) -> None:
        if sensible:
            case.headers.pop("origin", None)
            case.path_parameters.update({name: value for name, value in known.items() if name in case.path_parameters})
        check(case.call(base_url=live.url, timeout=60))

    send()
