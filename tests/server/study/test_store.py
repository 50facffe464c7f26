"""The file of the votes."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from backend.core.errors import InputError, MotionFanError
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
