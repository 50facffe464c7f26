"""Encodes the sheet of one session's part of a batch: its head, and its payload in the session's way."""

from __future__ import annotations

import time

import numpy as np

from backend.server.live.drawing import KEYPOINTS_AHEAD
from backend.server.live.governor import Plan
from backend.server.live.keypoints import pack_keypoints
from backend.server.live.layers import pack
from backend.server.live.session_slot import BatchItem
from backend.server.live.sheet import columns_of, jpeg, mosaic
from backend.server.protocol import Message, SheetHead, Stages, encode, quantise


def encode_sheet(item: BatchItem, plan: Plan, times: dict[str, float]) -> bytes:
    """Return the message with one session's sheet; it takes the verdict that waits in the session's slot.

    Args:
        item: observed, forecast and drawn.
        plan: by which it was drawn.
        times: seconds of the stages `observe`, `forecast` and `render`.
    """
    slot, work = item.slot, item.work
    assert work.seq is not None
    began = time.monotonic()
    layers, payload = pack(item.layers) if item.layers is not None else (None, b"")
    paths = (0, 0, 0)
    if item.motion is not None:
        paths, payload = pack_keypoints(item.motion)
    if item.tiles is not None:
        payload = jpeg(mosaic(item.tiles))
    in_play = item.in_play
    fan = np.zeros((0, 0, 0, 2), np.float32) if item.fan is None else item.fan.positions
    k, h, n = fan.shape[:3]
    stages = {stage: _ms(seconds) for stage, seconds in times.items()}
    head = SheetHead(
        t=work.frame.t,
        source=work.frame.seq,
        tick=item.tick,
        generation=slot.futures.number if slot.futures else 0,
        step=item.step,
        tiles=item.frames,
        tile=plan.tile if work.way == "pictures" else 0,
        columns=0 if work.way == "keypoints" else columns_of(item.frames),
        methods=list(in_play.methods) if in_play else [],
        horizon=in_play.paths.shape[1] if in_play else 0,
        fan=(k, h, n),
        stages=Stages(wait=_ms(item.began - work.frame.arrived), encode=_ms(time.monotonic() - began), **stages),
        counts=work.counts,
        stride={"pictures": plan.stride, "layers": plan.layer_stride, "keypoints": KEYPOINTS_AHEAD}[work.way],
        surprise=item.observation.surprise,
        acceptance=in_play.acceptance if in_play else None,
        verdict=slot.verdict,
        shares=list(slot.futures.fan.shares) if slot.futures else [],
        drawn=slot.futures.fan.drawn if slot.futures else 0,
        flags=([*slot.refinement.flags] if in_play else ["warming"]) + ["overloaded"] * (plan.interval > 1),
        way=work.way,
        layers=layers,
        paths=paths,
        age=item.tick - slot.futures.start if slot.futures else 0,
    )
    slot.verdict = None
    return encode(Message(work.epoch, work.seq, head, quantise(fan) + payload))


def _ms(seconds: float) -> float:
    return round(seconds * 1000.0, 2)
