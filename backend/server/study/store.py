"""The votes of the perceptual study, in a SQLite file. A vote holds a random voter number and the day, nothing personal."""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import URL, String, create_engine, event, func, select
from sqlalchemy.exc import IntegrityError, SQLAlchemyError
from sqlalchemy.orm import DeclarativeBase, Mapped, MappedAsDataclass, Session, mapped_column

from backend.core.errors import InputError, MotionFanError

MAX_VOTES = 100_000
"""Votes that one file holds (about 15 MB): a script that votes without end cannot fill the disk."""


class StudyTable(MappedAsDataclass, DeclarativeBase):
    """The base of the tables of the study."""


class Vote(StudyTable):
    """One answer.

    Attributes:
        trial: random id of the pair; a pair is judged once.
        voter: random number of the voter's visit.
        day: of the vote. No finer time is kept.
        question: `realism` or `diversity`.
        left: the method that the left side showed.
        right: the method that the right side showed.
        recording: whose motion was forecast.
        step: last observed step of the recording.
        choice: `left`, `right`, or `none` for no difference.
    """

    __tablename__ = "votes"

    trial: Mapped[str] = mapped_column(String(32), primary_key=True)
    voter: Mapped[str] = mapped_column(String(32))
    day: Mapped[datetime.date]
    question: Mapped[str] = mapped_column(String(16))
    left: Mapped[str] = mapped_column(String(16))
    right: Mapped[str] = mapped_column(String(16))
    recording: Mapped[str] = mapped_column(String(64))
    step: Mapped[int]
    choice: Mapped[str] = mapped_column(String(8))


class VoteStore:
    """All votes of one file. Its methods block for a moment: call them off the event loop.

    Raises:
        InputError: `study_unusable`, if the file cannot be created, or is something else.
    """

    def __init__(self, path: Path) -> None:
        self._engine = create_engine(URL.create("sqlite", database=str(path)))
        event.listen(self._engine, "connect", _configure)
        try:
            StudyTable.metadata.create_all(self._engine)
            self.count()
        except SQLAlchemyError:
            message = f"The votes of the study cannot be stored in {path}."
            raise InputError("study_unusable", message, "Set MOTIONFAN_STUDY to a new file in a writable folder.") from None

    def add(self, vote: Vote) -> None:
        """Store a vote.

        Raises:
            InputError: `vote_repeated`, `study_full`.
            MotionFanError: `vote_not_stored`, if the file cannot be written.
        """
        try:
            if self.count() >= MAX_VOTES:
                raise InputError("study_full", f"The study has its {MAX_VOTES} votes.", "See /study/results.")
            with Session(self._engine) as session, session.begin():
                session.add(vote)
        except IntegrityError:
            raise InputError("vote_repeated", "This pair was judged before.", "Go on with the next one.") from None
        except SQLAlchemyError as error:
            raise MotionFanError("vote_not_stored", "The vote could not be written to the file.", "Try again.") from error

    def count(self) -> int:
        """Return the number of votes."""
        with Session(self._engine) as session:
            return session.scalar(select(func.count()).select_from(Vote)) or 0

    def votes(self) -> list[Vote]:
        """Return all votes, by day and voter; the order within a day says nothing about the time."""
        with Session(self._engine, expire_on_commit=False) as session:
            return list(session.scalars(select(Vote).order_by(Vote.day, Vote.voter, Vote.trial)))

    def close(self) -> None:
        """Close the file."""
        self._engine.dispose()


def _configure(connection: Any, _: object) -> None:
    """Let readers and the writer work at the same time (write-ahead log)."""
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA busy_timeout=5000")
