"""The server around the real pipeline, with small untrained weights."""

from __future__ import annotations

import io

import numpy as np
import pytest
import skimage.data
import torch
from PIL import Image

from backend.core.types import ForecastSettings, Keypoints
from backend.server import protocol
from backend.server.live.governor import Governor
from backend.server.live.keypoints import unpack_keypoints
from backend.server.live.layers import unpack
from backend.server.live.sheet import jpeg
from tests.runtime.conftest import composed
from tests.server.conftest import Client, Live, portrait

READY = 8


@pytest.fixture
def real(pipeline, monkeypatch):
    """A server that spares nothing: how often it forecasts and renders would depend on how busy the machine is."""
    monkeypatch.setattr(Governor, "forecast_interval", lambda self, sessions: 1)
    monkeypatch.setattr(Governor, "_interval", lambda self, plan, mine, demands: 1)
    server = Live(pipeline=pipeline)
    yield server
    server.stop()


def _play(client: Client, recording, frames: int) -> list[tuple[protocol.SheetHead, np.ndarray, list[np.ndarray]]]:
    sheets = []
    for i in range(frames):
        client.show(recording.landmarks[2 * i])
        sheets.append(client.sheet())
    return sheets


def test_a_recording_gives_fans_tiles_and_verdicts(real, recording):
    with Client(real) as client:
        client.send(ForecastSettings(method="both", k=2, horizon=6, temperature=2.0))
        sheets = _play(client, recording, READY + 14)
        heads = [head for head, _, _ in sheets]
        assert all(fan.shape == (4, 6, 10, 2) for _, fan, _ in sheets[READY - 1 :])
        assert all(0 <= head.surprise <= 1 for head in heads[1:])
        assert any(len(tiles) == 5 for _, _, tiles in sheets)
        verdicts = [head.verdict for head in heads if head.verdict]
        assert [verdict.generation for verdict in verdicts] == [1, 2]
        assert all(len(verdict.errors) == 4 and verdict.copy_last > 0 for verdict in verdicts)
        ends = sheets[READY][1][:, -1].mean(axis=1)
        assert len(np.unique(ends.round(4), axis=0)) > 1


def test_layers_compose_to_what_finished_pictures_show(real, recording):
    with Client(real) as client:
        client.send(protocol.Drawing("layers"))
        picture = np.array(Image.open(io.BytesIO(real.http.get(f"/api/sessions/{client.id}/portrait.png").content)))
        frames = []
        for i in range(4):
            client.show(recording.landmarks[4 * i])
            message = client.sheet_message()
            frames.append((message.head, unpack(message.head, protocol.sheet(message)[1])))
    with Client(real) as client:
        for i, (head, layers) in enumerate(frames):
            client.show(recording.landmarks[4 * i])
            shown, _, (tile,) = client.sheet()
            assert (head.way, shown.way, head.tick) == ("layers", "pictures", shown.tick)
            difference = np.abs(composed(picture, layers, shown.tile)[0] - tile)
            assert difference.mean() < 4 and np.quantile(difference, 0.99) < 40


def test_frames_rendered_of_sent_keypoints_are_those_that_the_server_renders(real, pipeline, recording):
    with Client(real) as client:
        client.send(protocol.Drawing("keypoints"))
        client.show(recording.landmarks[0])
        client.receive()
        client.show(recording.landmarks[40])
        while not isinstance((message := client.receive()).head, protocol.SheetHead) or message.head.tick < 1:
            pass
        motion = unpack_keypoints(message.head, protocol.sheet(message)[1])
    with Client(real) as client:
        client.show(recording.landmarks[0])
        client.sheet()
        client.show(recording.landmarks[40])
        head, _, (tile,) = client.sheet()
    source, present = (Keypoints.from_flat(torch.from_numpy(flat)) for flat in (motion.source, motion.present))
    encoded = pipeline.generator.encode(portrait().picture, source)
    frame = pipeline.generator.render(encoded, present[None], head.tile)[0]
    assert np.abs(frame.astype(int) - tile).mean() < 4


def test_every_control_at_its_ends_is_served(real, recording):
    with Client(real) as client:
        _play(client, recording, READY)
        for settings in (
            ForecastSettings(k=1, horizon=4, temperature=0.0, mcmc_steps=0, step_size=0.0, consistency=0.0),
            ForecastSettings(k=16, horizon=24, method="both", mcmc_steps=8, step_size=1.0, consistency=4.0, temperature=2.0),
        ):
            client.send(settings)
            client.show(recording.landmarks[2 * READY])
            head, fan, _ = client.sheet()
            assert np.isfinite(fan).all()
            assert head.horizon == settings.horizon
        assert client.errors() == []


def test_an_uploaded_portrait_is_animated(real, recording):
    with Client(real) as client:
        answer = real.http.put(f"/api/sessions/{client.id}/portrait", content=jpeg(skimage.data.astronaut()[:, ::-1]))
        assert answer.status_code == 200, answer.text
        client.epoch = client.expect(protocol.Ready).epoch
        (_, _, tiles), *_ = _play(client, recording, 1)
        assert tiles[0].std() > 5
