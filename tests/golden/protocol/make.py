"""Writes the golden messages that the Python and the TypeScript tests both read: `python -m tests.golden.protocol.make`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from backend.core.types import LANDMARKS, ForecastSettings, Layers, PortraitMotion
from backend.server import protocol
from backend.server.live.keypoints import pack_keypoints, unpack_keypoints
from backend.server.live.layers import pack, unpack
from backend.server.live.sheet import jpeg
from backend.server.protocol import Message

FOLDER = Path(__file__).parent


def layers() -> Layers:
    """Two frames whose parts all differ, at small sizes: flow 16, alpha and paint 32, two crops of 16."""
    grid = np.linspace(-1, 1, 2 * 2 * 16 * 16, dtype=np.float32).reshape(2, 2, 16, 16)
    ramp = np.linspace(0, 255, 32, dtype=np.uint8)
    alpha = np.stack([np.tile(ramp, (32, 1)), np.tile(ramp[:, None], (1, 32))])
    crops = np.tile(np.linspace(40, 200, 4, dtype=np.uint8).reshape(2, 2, 1, 1), (16, 16))
    colours = np.array([[200, 90, 40], [30, 160, 220]], np.uint8)
    return Layers(
        fade=np.array([0.25, 1.0], np.float32),
        centres=np.array([[[-0.5, 0.25], [0.5, 0.125]], [[-0.25, 0.0], [0.0, 0.5]]], np.float32),
        axes=np.array([[[0.25, 0.0], [0.125, 0.125]], [[0.5, -0.25], [0.0, 0.25]]], np.float32),
        offset=np.sin(4 * grid) * np.float32(0.3),
        alpha=alpha,
        paint=np.repeat(((255 - alpha) // 2)[..., None], 3, -1),
        opacity=crops,
        colour=(crops[..., None] * (colours[:, None, None] / 255)).astype(np.uint8),
    )


def motion() -> PortraitMotion:
    """A portrait of ten keypoints, its present, and two futures of three steps, at numbers that half precision keeps."""
    values = (np.arange(60 * 8, dtype=np.float32) - 200) / 256
    return PortraitMotion(values[:60], values[60:120], values[120:].reshape(2, 3, 60))


def messages() -> dict[str, Message]:
    face = np.stack([np.sin(np.arange(LANDMARKS) * f) * 1.5 for f in (0.1, 0.2, 0.3)], axis=-1).astype(np.float32)
    fan = np.linspace(-1.9, 1.9, 2 * 3 * 10 * 2, dtype=np.float32).reshape(2, 3, 10, 2)
    picture = np.zeros((32, 96, 3), np.uint8)
    picture[..., 0] = np.linspace(0, 255, 96, dtype=np.uint8)
    ready = protocol.Ready(
        "abc",
        3,
        ForecastSettings(k=2, horizon=4, step_size=0.2, consistency=1.0),
        10,
        protocol.PortraitSize(256, 256),
        {"forecaster": "GRU-NF", "generator": "slim"},
    )
    head = protocol.SheetHead(
        t=1234.5,
        source=17,
        tick=5,
        generation=2,
        step=1,
        tiles=3,
        tile=32,
        columns=3,
        methods=["gru_nf", "gru_snf"],
        horizon=3,
        fan=(2, 3, 10),
        stages=protocol.Stages(1.5, 2.0, 12.25, 40.0, 0.75),
        counts=protocol.Counts(40, 18, 3),
        stride=2,
        surprise=0.25,
        acceptance=0.5,
        verdict=protocol.Verdict(1, [0.02, 0.01], 1, 0.012, 0.03),
        flags=["over_refined", "overloaded"],
        shares=[1.0, 1.0],
        drawn=8,
        age=1,
    )
    bare = protocol.SheetHead(
        t=80.0,
        source=1,
        tick=0,
        generation=0,
        step=0,
        tiles=0,
        tile=128,
        columns=0,
        methods=[],
        horizon=0,
        fan=(0, 0, 0),
        stages=protocol.Stages(0.0, 0.0, 0.0, 0.0, 0.0),
        counts=protocol.Counts(1, 1, 0),
        stride=1,
        flags=["warming"],
    )
    layers_head, layers_payload = pack(layers())
    layered = msgspec.structs.replace(head, tiles=2, tile=0, columns=2, way="layers", layers=layers_head)
    paths, keypoints_payload = pack_keypoints(motion())
    moved = msgspec.structs.replace(head, tiles=3, tile=0, columns=0, way="keypoints", paths=paths)
    return {
        "landmarks": Message(3, 17, protocol.Landmarks(1234.5), protocol.quantise(face)),
        "no_face": Message(3, 18, protocol.Landmarks(1267.25)),
        "controls": Message(
            3, 19, ForecastSettings(method="both", k=8, horizon=12, temperature=1.25, step_size=0.2, consistency=1.0)
        ),
        "ack": Message(3, 20, protocol.Ack(9)),
        "reference": Message(3, 21, protocol.Reference()),
        "ping": Message(3, 22, protocol.Ping(99.5)),
        "source": Message(3, 23, protocol.Source("talking")),
        "drawing": Message(3, 24, protocol.Drawing("layers")),
        "ready": Message(3, 0, ready),
        "sheet": Message(3, 9, head, protocol.quantise(fan) + jpeg(picture)),
        "sheet_layers": Message(3, 10, layered, protocol.quantise(fan) + layers_payload),
        "sheet_keypoints": Message(3, 11, moved, protocol.quantise(fan) + keypoints_payload),
        "sheet_bare": Message(65535, 4294967295, bare),
        "error": Message(3, 0, protocol.Failure("text_frame", "Messages are binary; this was a text frame.", "", False)),
        "pong": Message(3, 0, protocol.Pong(99.5)),
    }


def refused() -> dict[str, tuple[str, bytes]]:
    """What a server must refuse: name -> code, bytes."""
    good = protocol.encode(messages()["landmarks"])
    controls, drawing = b'{"k":99}', b'{"way":"smoke"}'
    return {
        "bad_empty": ("message_too_short", b""),
        "bad_version": ("version_unknown", b"\x02" + good[1:]),
        "bad_kind": ("kind_unknown", good[:1] + b"\x63" + good[2:]),
        "bad_head_size": ("head_invalid", good[:8] + b"\xff\xff\xff\xff" + good[12:]),
        "bad_payload": ("payload_size", good[:-2]),
        "bad_controls": ("head_invalid", protocol.PRELUDE.pack(1, 2, 3, 1, len(controls)) + controls),
        "bad_drawing": ("head_invalid", protocol.PRELUDE.pack(1, 7, 3, 1, len(drawing)) + drawing),
        "bad_large": ("message_too_large", good + bytes(20_000)),
    }


def decoded(name: str, message: Message) -> dict[str, Any]:
    """Say in JSON what a message holds."""
    data = protocol.encode(message)
    entry: dict[str, Any] = {
        "file": f"{name}.bin",
        "from": "client" if type(message.head) in protocol.CLIENT.values() else "server",
        "kind": data[1],
        "epoch": message.epoch,
        "seq": message.seq,
        "head": msgspec.to_builtins(message.head),
    }
    if isinstance(message.head, protocol.Landmarks):
        points = protocol.landmarks(message)
        entry["landmarks"] = None if points is None else points.ravel().round(5).tolist()
    if isinstance(message.head, protocol.SheetHead):
        fan, picture = protocol.sheet(message)
        entry["fan"] = fan.ravel().round(5).tolist()
        if message.head.way == "layers":
            entry["layers_hex"] = picture.hex()
            found = unpack(message.head, picture)
            # Without the parts in the JPEG, which decoders round differently.
            entry["layers"] = {
                name: getattr(found, name).ravel().round(5).tolist() for name in ("fade", "centres", "axes", "offset")
            }
        elif message.head.way == "keypoints":
            entry["keypoints_hex"] = picture.hex()
            sent = unpack_keypoints(message.head, picture)
            entry["keypoints"] = {
                name: None if (values := getattr(sent, name)) is None else values.ravel().round(5).tolist()
                for name in ("source", "present", "paths")
            }
        else:
            entry["jpeg_hex"] = picture.hex()
    return entry


def main() -> None:
    for name, message in messages().items():
        (FOLDER / f"{name}.bin").write_bytes(protocol.encode(message))
    for name, (_, data) in refused().items():
        (FOLDER / f"{name}.bin").write_bytes(data)
    content = {
        "version": protocol.VERSION,
        "messages": [decoded(name, message) for name, message in messages().items()],
        "refused": [{"file": f"{name}.bin", "code": code} for name, (code, _) in refused().items()],
    }
    (FOLDER / "protocol.json").write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n", "utf-8")


if __name__ == "__main__":
    main()
