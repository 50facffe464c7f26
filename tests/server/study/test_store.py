"""The file of the votes."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from backend.core.errors import InputError, MotionFanError
from backend.core.settings import REPOSITORY
from backend.server.study import store
from backend.server.study.store import VoteStore
from tests.server.study.test_ranking import vote


@pytest.fixture
def votes(tmp_path: Path):
    opened = VoteStore(tmp_path / "votes.db")
    yield opened
    opened.close()


def test_votes_outlive_the_server(tmp_path: Path, votes: VoteStore):
    votes.add(vote(1, "truth", "chosen", "left"))
    votes.close()
    again = VoteStore(tmp_path / "votes.db")
    (kept,) = again.votes()
    assert (kept.voter, kept.left, kept.right, kept.choice) == ("1", "truth", "chosen", "left")
    again.close()


def test_a_second_vote_on_a_pair_is_refused_and_the_first_stays(votes: VoteStore):
    votes.add(vote(1, "truth", "chosen", "left"))
    with pytest.raises(InputError) as caught:
        votes.add(vote(1, "truth", "chosen", "right"))
    assert caught.value.code == "vote_repeated"
    assert [each.choice for each in votes.votes()] == ["left"]


def test_a_full_study_refuses_votes(votes: VoteStore, monkeypatch):
    monkeypatch.setattr(store, "MAX_VOTES", 1)
    votes.add(vote(1, "truth", "chosen", "left"))
    with pytest.raises(InputError) as caught:
        votes.add(vote(2, "truth", "chosen", "left"))
    assert caught.value.code == "study_full" and votes.count() == 1


def test_the_file_uses_a_write_ahead_log_and_holds_nothing_personal(tmp_path: Path, votes: VoteStore):
    votes.add(vote(1, "truth", "chosen", "left"))
    with sqlite3.connect(tmp_path / "votes.db") as file:
        assert file.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        columns = {row[1] for row in file.execute("PRAGMA table_info(votes)")}
        assert columns == {"trial", "voter", "day", "question", "left", "right", "recording", "step", "choice"}
        assert file.execute("SELECT day FROM votes").fetchone() == ("2026-01-02",)
    file.close()


@pytest.mark.parametrize("kind", ["no folder", "a folder", "another file"])
def test_a_place_that_cannot_hold_votes_is_refused(tmp_path: Path, kind: str):
    path = {"no folder": tmp_path / "none" / "votes.db", "a folder": tmp_path, "another file": tmp_path / "text.txt"}[kind]
    (tmp_path / "text.txt").write_text("This is a text, and not a database. " * 100)
    with pytest.raises(InputError) as caught:
        VoteStore(path)
    assert caught.value.code == "study_unusable" and "MOTIONFAN_STUDY" in caught.value.hint
    assert (tmp_path / "text.txt").read_text().startswith("This is a text")


def test_a_vote_that_cannot_be_written_says_so(tmp_path: Path, votes: VoteStore):
    with sqlite3.connect(tmp_path / "votes.db") as file:
        file.execute("DROP TABLE votes")
    file.close()
    with pytest.raises(MotionFanError) as caught:
        votes.add(vote(1, "truth", "chosen", "left"))
    assert caught.value.code == "vote_not_stored"


FULL_DISK = """
import resource, signal, sys
from pathlib import Path
from backend.core.errors import MotionFanError
from backend.server.study.store import VoteStore
from tests.server.study.test_ranking import vote

signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
path, stored, refused = Path(sys.argv[1]), [], 0
store = VoteStore(path)
_, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
# No file may grow beyond this, as if the disk ended here.
resource.setrlimit(resource.RLIMIT_FSIZE, (120_000, hard))
for number in range(400):
    try:
        store.add(vote(number, "truth", "chosen", "left"))
        stored.append(number)
    except MotionFanError as error:
        assert error.code == "vote_not_stored", error.code
        refused += 1
assert stored and refused
resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
store.add(vote(1000, "truth", "chosen", "left"))
assert store.count() == len(stored) + 1
store.close()
print(len(stored))
"""


def test_on_a_full_disk_votes_are_refused_and_none_that_was_acknowledged_is_lost(tmp_path: Path):
    """Lost: nothing; the voter is asked to try again, and does once there is room."""
    pytest.importorskip("resource")
    command = [sys.executable, "-c", FULL_DISK, str(tmp_path / "votes.db")]
    done = subprocess.run(
        command, capture_output=True, text=True, cwd=REPOSITORY, env=os.environ | {"PYTHONPATH": "."}, timeout=120
    )
    assert done.returncode == 0, done.stderr
    again = VoteStore(tmp_path / "votes.db")
    assert again.count() == int(done.stdout) + 1
    again.close()
