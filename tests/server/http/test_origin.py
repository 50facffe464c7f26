from __future__ import annotations

import re
import socket

import httpx
import pytest
from fastapi.routing import APIRoute, APIWebSocketRoute
from starlette.routing import Mount
from starlette.staticfiles import StaticFiles
from websockets.exceptions import InvalidStatus

from backend.core.errors import InputError
from backend.server.http.origin import READING, check_origin
from tests.server.conftest import Live, dial

HOST = "localhost:8000"


@pytest.mark.parametrize("origin", ["http://localhost:8000", "https://localhost:8000"])
def test_the_servers_own_page_passes(origin):
    check_origin({"host": HOST, "origin": origin}, [])


def test_clients_without_an_origin_pass():
    check_origin({"host": HOST}, [])


def test_a_named_origin_passes():
    check_origin({"host": HOST, "origin": "https://demo.example"}, ["https://demo.example"])


@pytest.mark.parametrize(
    "origin",
    ["http://localhost:8001", "http://localhost", "https://evil.example", "null", "", "ftp://localhost:8000", "http://"],
)
def test_everything_else_is_foreign(origin):
    with pytest.raises(InputError) as caught:
        check_origin({"host": HOST, "origin": origin}, [])
    assert caught.value.code == "origin_foreign"


def _routes(routes):
    """Yield the routes of an application and of the routers that it includes."""
    for route in routes:
        included = getattr(route, "original_router", None)
        yield from [route] if included is None else _routes(included.routes)


def test_a_foreign_page_is_refused_on_every_route_that_changes_state_and_on_the_websocket(live):
    foreign = "https://evil.example"
    refused = set()
    for route in _routes(live.app.routes):
        path = re.sub(r"{\w+}", "x", getattr(route, "path", ""))
        if isinstance(route, APIWebSocketRoute):
            with pytest.raises(InvalidStatus) as caught, dial(live, path, foreign):
                pass
            assert caught.value.response.status_code == 403 and b"origin_foreign" in caught.value.response.body
            refused.add(path)
        elif isinstance(route, Mount):
            assert isinstance(route.app, StaticFiles)
        else:
            assert isinstance(route, APIRoute)
            for method in route.methods - set(READING):
                answer = live.http.request(method, path, headers={"origin": foreign})
                assert (answer.status_code, answer.json()["code"]) == (403, "origin_foreign"), (method, path)
                refused.add(f"{method} {path}")
    assert refused >= {"/ws", "POST /api/sessions", "PUT /api/sessions/x/portrait", "POST /api/video"}
    assert live.http.get("/api/schema", headers={"origin": foreign}).status_code == 200


@pytest.mark.parametrize("origin", ["http://[::1", "http://", "null", "//x", "http://x@testserver"])
def test_an_origin_that_is_no_address_is_refused_with_a_code(origin):
    with pytest.raises(InputError) as refused:
        check_origin({"origin": origin, "host": "testserver"}, [])
    assert refused.value.code == "origin_foreign"


def _ask(live, host: str, path: str = "/api/schema") -> httpx.Response:
    return live.http.get(path, headers={"host": host})


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "localhost:8000",
        "LocalHost",
        "app.localhost:1",
        "192.168.1.5:8000",
        "[::1]:8000",
        "localhost.",
        "demo.example",
    ],
)
def test_addresses_names_of_this_machine_and_allowed_origins_are_served(named, host):
    assert _ask(named, host).status_code == 200


def test_the_machines_own_name_is_served(named):
    assert _ask(named, f"{socket.gethostname().upper()}:80").status_code == 200


@pytest.mark.parametrize("path", ["/", "/api/schema", "/assets/x.js", "/nothing"])
@pytest.mark.parametrize(
    "host", ["evil.example", "127.0.0.1.evil.example", "localhost.evil.example", "evil.example:8000", "[", "a b", "xlocalhost"]
)
def test_a_foreign_name_is_refused_on_every_path(named, host, path):
    answer = _ask(named, host, path)
    assert (answer.status_code, answer.json()["code"]) == (421, "host_foreign")
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_a_foreign_name_opens_no_socket(named):
    invitation = named.session()
    with pytest.raises(InvalidStatus) as caught, dial(named, invitation["ws"], host="evil.example"):
        pass
    assert caught.value.response.status_code == 403
    with dial(named, invitation["ws"]):
        pass


@pytest.fixture(scope="module")
def named():
    server = Live(origins=["https://demo.example"])
    yield server
    server.stop()
