"""The HTTP routes of the perceptual study: pairs to judge, votes, results. Methods are never sent before the results."""

from __future__ import annotations

import asyncio
import csv
import datetime
import io
import time
from pathlib import Path
from random import Random
from typing import Annotated, Any, Literal

import msgspec
import numpy as np
from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse

from backend.core.errors import InputError
from backend.core.json import decode_json
from backend.core.types import CLOCK_HZ
from backend.server.http import page
from backend.server.http.address import client_address
from backend.server.http.body import read_body
from backend.server.http.recordings import RECORDINGS
from backend.server.limits import PerAddress
from backend.server.live.session_slot import SessionPortrait
from backend.server.live.worker import InferenceWorker
from backend.server.study.ranking import rank
from backend.server.study.stimuli import FRAMES, StudyClips, read_driver
from backend.server.study.store import Vote, VoteStore
from backend.server.study.trials import CLIPS, COMPARED, TRIALS, OpenTrials

VOTERS_PER_S = 1 / 10
MAX_VOTER_BURST = 60
"""Voters of one address that may begin at once: a class that shares one connection."""

MAX_BODY = 1024
"""Bytes of a vote."""

COLUMNS = ("day", "voter", "question", "left", "right", "choice", "recording", "step")


class Ballot(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A vote as the page sends it."""

    trial: Annotated[str, msgspec.Meta(max_length=32)]
    choice: Literal["left", "right", "none"]


_BALLOT = msgspec.json.Decoder(Ballot)


class PerceptualStudy:
    """The study of one server: its store of votes, its open trials, and its clips."""

    def __init__(self, store: VoteStore, trials: OpenTrials, clips: StudyClips) -> None:
        self.store, self.clips, self._trials = store, clips, trials
        self._voters = PerAddress(VOTERS_PER_S, MAX_VOTER_BURST)
        self._results: dict[str, Any] = {}

    def router(self) -> APIRouter:
        """Return the routes of the study."""
        router = APIRouter()
        router.add_api_route("/api/study", self.describe, methods=["GET"])
        router.add_api_route("/api/study/voters", self.begin, methods=["POST"])
        router.add_api_route("/api/study/trials/{trial}/{side}", self.clip, methods=["GET"])
        router.add_api_route("/api/study/votes", self.vote, methods=["POST"])
        router.add_api_route("/api/study/votes.csv", self.table, methods=["GET"])
        router.add_api_route("/api/study/results", self.results, methods=["GET"])
        return router

    async def describe(self) -> dict[str, int]:
        """The number of pairs that one voter judges."""
        return {"trials": TRIALS}

    async def begin(self, request: Request) -> dict[str, Any]:
        """Begin as a new voter: a random number, and the pairs to judge."""
        if not self._voters.allow(client_address(request), time.monotonic()):
            raise InputError("too_many_voters", "Too many people began in a short time.", "Try again in a minute.")
        voter, trials = self._trials.begin()
        listed = [{"id": trial.id, "question": trial.question, "clips": CLIPS[trial.question]} for trial in trials]
        return {"voter": voter, "trials": listed, "frames": FRAMES, "rate": CLOCK_HZ}

    async def clip(self, trial: str, side: Literal["left", "right"]) -> Response:
        """The clips of one side, as one JPEG: one row a clip, one column a frame."""
        _, wanted = self._trials.get(trial)
        data = await self.clips.clip(wanted.left if side == "left" else wanted.right)
        return Response(data, media_type="image/jpeg", headers={"cache-control": "no-store"})

    async def vote(self, request: Request) -> dict[str, bool]:
        """Store a vote. Nothing of the request is kept, except trial and choice."""
        too_large = InputError("vote_invalid", f"A vote may have at most {MAX_BODY} bytes.", "Reload the page.")
        data = await read_body(request, MAX_BODY, too_large)
        ballot = decode_json(data, _BALLOT, InputError("vote_invalid", "This is not a vote", "Reload the page."))
        voter, trial = self._trials.get(ballot.trial)
        vote = Vote(
            trial=trial.id,
            voter=voter,
            day=datetime.date.today(),
            question=trial.question,
            left=trial.left.method,
            right=trial.right.method,
            recording=trial.left.moment.recording,
            step=trial.left.moment.step,
            choice=ballot.choice,
        )
        await asyncio.to_thread(self.store.add, vote)
        return {"stored": True}

    def table(self) -> Response:
        """All votes as CSV, by day and voter."""
        text = io.StringIO()
        rows = csv.writer(text)
        rows.writerow(COLUMNS)
        rows.writerows([getattr(vote, column) for column in COLUMNS] for vote in self.store.votes())
        disposition = {"content-disposition": 'attachment; filename="motionfan-study.csv"', "cache-control": "no-store"}
        return Response(text.getvalue(), media_type="text/csv", headers=disposition)

    def results(self) -> dict[str, Any]:
        """Votes, voters, and the methods in order of their scores, for each question; computed when votes have arrived."""
        if self._results.get("votes") != self.store.count():
            self._results = self._rank()
        return self._results

    def _rank(self) -> dict[str, Any]:
        votes = self.store.votes()
        questions = []
        for question, methods in COMPARED.items():
            some = [vote for vote in votes if vote.question == question]
            # With a fixed seed, intervals change only when votes arrive.
            ranks = rank(some, methods, np.random.default_rng(0))
            questions.append({"question": question, "votes": len(some), "ranks": [msgspec.to_builtins(each) for each in ranks]})
        return {"voters": len({vote.voter for vote in votes}), "votes": len(votes), "questions": questions}


def open_study(path: Path, worker: InferenceWorker, portrait: SessionPortrait) -> PerceptualStudy:
    """Open the study with the bundled recordings.

    Args:
        path: SQLite file of the votes; created if it does not exist.
        worker: renders the clips.
        portrait: the one that the clips show.

    Raises:
        InputError: `study_unusable`.
    """
    clips = StudyClips(worker, portrait, {file.stem: read_driver(file) for file in sorted(RECORDINGS.glob("*.npz"))})
    return PerceptualStudy(VoteStore(path), OpenTrials(clips.moments, Random()), clips)


def study_router(study: PerceptualStudy | None, pages: Path) -> APIRouter:
    """Return the routes of the study and of its page; without a study, its API answers `study_off`."""

    def show() -> HTMLResponse:
        return page.built(pages, "study.html")

    router = APIRouter()
    for path in ("/study", "/study/results"):
        router.add_api_route(path, show, methods=["GET"], response_class=HTMLResponse)
    if study is None:
        for path in ("/api/study", "/api/study/{rest:path}"):
            router.add_api_route(path, _off, methods=["GET", "POST"])
    else:
        router.include_router(study.router())
    return router


def _off() -> None:
    hint = "To switch it on, start the server with MOTIONFAN_STUDY=votes.db; that file then holds the votes."
    raise InputError("study_off", "The perceptual study is switched off on this server.", hint)
