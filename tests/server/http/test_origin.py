from __future__ import annotations

import pytest

from backend.core.errors import InputError
from backend.server.http.origin import check_origin

HOST = "localhost:8000"


@pytest.mark.parametrize("origin", ["http://localhost:8000", "https://localhost:8000"])
def test_the_servers_own_page_passes(origin):
    check_origin({"host": HOST, "origin": origin}, [])


def test_what_is_no_browser_passes():
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
