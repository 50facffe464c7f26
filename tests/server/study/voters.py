"""Simulated voters: they look at the clips, as people do, and prefer methods with known probabilities."""

from __future__ import annotations

import io
import math
from dataclasses import replace
from random import Random

import httpx
import numpy as np
import torch
from PIL import Image

from backend.core.types import ForecastSettings, Keypoints
from tests.server.fake_pipeline import FakeFan, FakePipeline, FakeStream

DIRECTIONS = {"gru_nf": (1.0, 0.0), "gru_snf": (-1.0, 0.0), "chosen": (0.0, 1.0)}
"""In which direction the fake pipeline moves the whole face, by method; what happened hardly moves."""

TRAVEL = 0.5
"""How far, in crop units."""

SCORES = {
    "realism": {"truth": 1.2, "chosen": 0.4, "gru_snf": -0.4, "gru_nf": -1.2},
    "diversity": {"chosen": 1.0, "gru_snf": 0.0, "gru_nf": -1.0},
}
"""Bradley-Terry scores that the voters have, of mean 0."""


class DirectedPipeline(FakePipeline):
    """A pipeline without weights in whose pictures each method moves in its own direction."""

    def _fan(self, stream: FakeStream, settings: ForecastSettings) -> FakeFan:
        fan = super()._fan(stream, settings)
        method = settings.method if settings.choose == "off" else "chosen"
        steps = torch.linspace(0, TRAVEL, settings.horizon)[None, :, None, None] * torch.tensor(DIRECTIONS[method])
        now = Keypoints.from_flat(stream.present)
        value = (now.value + steps).expand(len(fan.methods), -1, -1, -1)
        paths = Keypoints(value, now.jacobian.expand(*value.shape[:2], -1, -1, -1)).flat()
        return replace(fan, paths=paths, positions=value.numpy())


def method_seen(jpeg: bytes, frames: int) -> str:
    """Return the method whose direction the white dots of the first clip move in."""
    picture = np.asarray(Image.open(io.BytesIO(jpeg)).convert("L"), np.float32)
    size = picture.shape[1] // frames
    first, last = (np.argwhere(picture[:size, at : at + size] > 250).mean(0) for at in (0, picture.shape[1] - size))
    (y, x) = (last - first) / size * 2
    if math.hypot(x, y) < TRAVEL / 2:
        return "truth"
    return max(DIRECTIONS, key=lambda method: x * DIRECTIONS[method][0] + y * DIRECTIONS[method][1])


def prefers_left(question: str, left: str, right: str, random: Random) -> bool:
    scores = SCORES[question]
    return random.random() < 1 / (1 + math.exp(scores[right] - scores[left]))


def vote_for_all(http: httpx.Client, random: Random, seen: dict[bytes, str]) -> None:
    """Judge all pairs of one visit over the API; `seen` remembers pictures."""

    def look(trial: str, side: str, frames: int) -> str:
        data = http.get(f"/api/study/trials/{trial}/{side}").content
        if data not in seen:
            seen[data] = method_seen(data, frames)
        return seen[data]

    plan = http.post("/api/study/voters").raise_for_status().json()
    for trial in plan["trials"]:
        left, right = (look(trial["id"], side, plan["frames"]) for side in ("left", "right"))
        choice = "left" if prefers_left(trial["question"], left, right, random) else "right"
        http.post("/api/study/votes", json={"trial": trial["id"], "choice": choice}).raise_for_status()
