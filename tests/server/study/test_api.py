"""The study over a real server, with a pipeline whose methods can be seen in the pictures."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import simplejpeg

from backend.core.errors import InputError
from backend.server.http.recordings import RECORDINGS
from backend.server.study.stimuli import FRAMES, SETTINGS, SIZES, moments_of, read_driver, sample_futures
from backend.server.study.trials import FUTURES, METHODS, TRIALS
from tests.server.conftest import Live
from tests.server.study.voters import DirectedPipeline, method_seen


@pytest.fixture(scope="module")
def live(tmp_path_factory) -> Iterator[Live]:
    running = Live(pipeline=DirectedPipeline(), study=str(tmp_path_factory.mktemp("study") / "votes.db"))
    yield running
    running.stop()


def begin(live: Live) -> dict:
    answer = live.http.post("/api/study/voters")
    assert answer.status_code == 200
    return answer.json()


def code(answer) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


def test_what_the_browser_receives_does_not_name_the_methods(live: Live):
    plan = begin(live)
    assert live.http.get("/api/study").json() == {"trials": TRIALS}
    assert len(plan["trials"]) == TRIALS and all(set(trial) == {"id", "question", "clips"} for trial in plan["trials"])
    answer = live.http.get(f"/api/study/trials/{plan['trials'][0]['id']}/left")
    sent = json.dumps(plan) + str(answer.headers)
    assert not any(name in sent for name in (*METHODS, "truth"))
    assert "etag" not in answer.headers and answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize(("trial", "clips"), [(0, 1), (-1, FUTURES)])
def test_a_side_is_one_picture_with_a_row_a_clip_and_a_column_a_frame(live: Live, trial: int, clips: int):
    chosen = begin(live)["trials"][trial]
    assert chosen["clips"] == clips
    for side in ("left", "right"):
        data = live.http.get(f"/api/study/trials/{chosen['id']}/{side}").content
        height, width, *_ = simplejpeg.decode_jpeg_header(data)
        assert (height, width) == (clips * SIZES[clips], FRAMES * SIZES[clips])


def test_each_side_shows_the_method_that_its_vote_is_stored_with(live: Live):
    plan = begin(live)
    for trial in plan["trials"]:
        seen = [
            method_seen(live.http.get(f"/api/study/trials/{trial['id']}/{side}").content, FRAMES) for side in ("left", "right")
        ]
        assert live.http.post("/api/study/votes", json={"trial": trial["id"], "choice": "none"}).json() == {"stored": True}
        kept = next(vote for vote in live.app.state.study.store.votes() if vote.trial == trial["id"])
        assert [kept.left, kept.right] == seen and kept.question == trial["question"] and kept.voter == plan["voter"]


def test_a_double_vote_is_refused_and_the_first_stays(live: Live):
    trial = begin(live)["trials"][0]["id"]
    live.http.post("/api/study/votes", json={"trial": trial, "choice": "left"})
    again = live.http.post("/api/study/votes", json={"trial": trial, "choice": "right"})
    assert code(again) == (409, "vote_repeated")
    assert next(vote.choice for vote in live.app.state.study.store.votes() if vote.trial == trial) == "left"


@pytest.mark.parametrize(
    "body",
    [b"", b"{}", b"[1]", b"\xff", b'{"trial": 1, "choice": "left"}', b'{"trial": "%s", "choice": "up"}', b"x" * 5000,
     b'{"trial": "%s", "choice": "left", "name": "Ada"}', b'{"trial": "%s", "choice": NaN}'],
)  # fmt: skip
def test_a_malformed_vote_is_refused_and_nothing_is_stored(live: Live, body: bytes):
    trial = begin(live)["trials"][0]["id"]
    before = live.app.state.study.store.count()
    answer = live.http.post("/api/study/votes", content=body.replace(b"%s", trial.encode()))
    assert code(answer) == (400, "vote_invalid")
    assert live.app.state.study.store.count() == before


def test_unknown_trials_and_sides_are_refused(live: Live):
    assert code(live.http.post("/api/study/votes", json={"trial": "none", "choice": "left"})) == (404, "trial_unknown")
    assert code(live.http.get("/api/study/trials/none/left")) == (404, "trial_unknown")
    trial = begin(live)["trials"][0]["id"]
    assert code(live.http.get(f"/api/study/trials/{trial}/middle")) == (422, "request_invalid")


def test_another_site_cannot_vote(live: Live):
    trial = begin(live)["trials"][0]["id"]
    foreign = {"origin": "https://elsewhere.test"}
    answer = live.http.post("/api/study/votes", json={"trial": trial, "choice": "left"}, headers=foreign)
    assert code(answer) == (403, "origin_foreign")


def test_results_and_table_agree(live: Live):
    trial = begin(live)["trials"][0]["id"]
    live.http.post("/api/study/votes", json={"trial": trial, "choice": "left"})
    results = live.http.get("/api/study/results").json()
    rows = list(csv.DictReader(io.StringIO(live.http.get("/api/study/votes.csv").text)))
    assert results["votes"] == len(rows) and results["voters"] == len({row["voter"] for row in rows})
    assert set(rows[0]) == {"day", "voter", "question", "left", "right", "choice", "recording", "step"}


def test_too_many_voters_of_one_address_have_to_wait(tmp_path: Path, monkeypatch):
    monkeypatch.setattr("backend.server.study.api.MAX_VOTER_BURST", 2)
    live = Live(study=str(tmp_path / "votes.db"))
    try:
        answers = [live.http.post("/api/study/voters") for _ in range(3)]
        assert [answer.status_code for answer in answers] == [200, 200, 429]
        assert answers[-1].json()["code"] == "too_many_voters" and answers[-1].headers["retry-after"]
    finally:
        live.stop()


def test_without_a_file_the_study_is_off_and_says_how_to_switch_it_on():
    live = Live()
    try:
        asked = [live.http.get(path) for path in ("/api/study", "/api/study/results", "/api/study/votes.csv")]
        asked += [live.http.post(path) for path in ("/api/study/voters", "/api/study/votes")]
        assert {code(answer) for answer in asked} == {(404, "study_off")}
        assert "MOTIONFAN_STUDY" in asked[0].json()["hint"]
    finally:
        live.stop()


def test_a_file_that_cannot_hold_votes_stops_the_start(tmp_path: Path):
    with pytest.raises(InputError) as caught:
        Live(study=str(tmp_path / "none" / "votes.db"))
    assert caught.value.code == "study_unusable"


def test_every_bundled_recording_has_moments_with_a_whole_clip_after_them():
    for path in RECORDINGS.glob("*.npz"):
        ticks = read_driver(path)
        moments = moments_of(path.stem, ticks)
        assert len(moments) == 4 and all(moment.step + FRAMES <= len(ticks) for moment in moments)
        assert moments_of(path.stem, ticks[:30]) == []


def test_the_real_pipeline_samples_futures_of_every_method(pipeline, portrait_image):
    stream = pipeline.open(pipeline.portrait(portrait_image))
    ticks = read_driver(RECORDINGS / "talking.npz")[:10]
    pipeline.observe([stream], [ticks])
    paths = {method: sample_futures(pipeline, stream, settings) for method, settings in SETTINGS.items()}
    assert set(paths) == set(METHODS) and all(len(each) == FUTURES for each in paths.values())
    assert not (paths["gru_nf"] == paths["gru_snf"]).all() and not (paths["gru_snf"] == paths["chosen"]).all()
