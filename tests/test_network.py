"""No process of ours looks up or connects to another machine: every verb runs with a hook that notes what it tries."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from backend.server.http.recordings import RECORDINGS

REPOSITORY = Path(__file__).resolve().parents[1]
TALKING = str(RECORDINGS / "talking.npz")
LOOPBACK = ("127.0.0.1", "::1", "localhost")

# Python loads this module in every process that has its folder on the path, children included.
HOOK = """
import os, sys

def note(event, args):
    if event in ("socket.connect", "socket.sendto"):
        address = args[1]
        found = address[0] if isinstance(address, tuple) else None
    elif event in ("socket.getaddrinfo", "socket.gethostbyname", "socket.gethostbyaddr"):
        found = args[0]
    else:
        return
    if found:
        with open(os.environ["NETWORK_LOG"], "a") as log:
            log.write(f"{found if isinstance(found, str) else found.decode()}\\n")

sys.addaudithook(note)
"""


@pytest.fixture
def watched(tmp_path) -> dict[str, str]:
    """The environment of a process whose attempts to reach a machine are noted; its home folder is empty."""
    (tmp_path / "hook").mkdir()
    (tmp_path / "home").mkdir()
    (tmp_path / "hook" / "sitecustomize.py").write_text(HOOK)
    path = os.pathsep.join([str(tmp_path / "hook"), str(REPOSITORY)])
    log, home = str(tmp_path / "network.log"), str(tmp_path / "home")
    return os.environ | {"PYTHONPATH": path, "NETWORK_LOG": log, "HOME": home, "XDG_CACHE_HOME": f"{home}/.cache"}


def _reached(watched: dict[str, str]) -> set[str]:
    log = Path(watched["NETWORK_LOG"])
    return set(log.read_text().split()) if log.exists() else set()


def _ids(watched: dict[str, str]) -> list[str]:
    """Files in the home folder that could identify a user."""
    return [str(path) for path in Path(watched["HOME"]).rglob("*") if path.is_file() and "matplotlib" not in str(path)]


def test_the_hook_notes_what_a_process_tries(watched):
    code = "import socket, subprocess, sys\ntry: socket.getaddrinfo('motionfan.invalid', 80)\nexcept OSError: pass"
    subprocess.run([sys.executable, "-c", code], env=watched, check=True, timeout=60)
    assert _reached(watched) == {"motionfan.invalid"}


@pytest.mark.parametrize(
    "verb",
    [
        ["animate", "--driving", TALKING, "--at", "2", "--k", "1", "--horizon", "4", "-o", "{out}/film.mp4"],
        ["export", "--model", str(REPOSITORY / "models/generator_slim_128"), "-o", "{out}/graphs"],
    ],
    ids=lambda verb: verb[0],
)
def test_a_verb_reaches_no_other_machine(watched, tmp_path, verb):
    command = [sys.executable, "-m", "backend", *(part.format(out=tmp_path) for part in verb)]
    done = subprocess.run(command, env=watched, capture_output=True, text=True, timeout=200, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    assert _reached(watched) <= set(LOOPBACK)
    assert _ids(watched) == []


def test_a_server_and_its_visitors_reach_no_other_machine(watched):
    server = subprocess.Popen(
        [sys.executable, "-m", "backend", "serve", "--port", "0"], env=watched, stdout=subprocess.PIPE, text=True
    )
    assert server.stdout is not None
    try:
        address = next(found.group() for line in server.stdout if (found := re.search(r"http://\S+", line)))
        visit = [sys.executable, "-m", "backend", "load", "--url", address, "--sessions", "1", "--seconds", "3"]
        subprocess.run(visit, env=watched, capture_output=True, timeout=100, check=True)
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait(30)
        server.stdout.close()
    assert _reached(watched) == {"127.0.0.1"}
    assert _ids(watched) == []
