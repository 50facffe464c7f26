"""How sharp the stage's tiles are beside the portrait, for pictures and for layers, as a page would show them at 512 pixels."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import simplejpeg
import torch
from torch.nn import functional as F

from backend.animate.compose import FrameLayers, compose
from backend.core.recording import Recording
from backend.core.types import Layers, Picture
from backend.evaluate.common.image_metrics import sharpness
from backend.evaluate.common.table import Figures
from backend.evaluate.report.report import Metric
from backend.keypoints.clock import Tick, resample
from backend.media.images import BUNDLED, bundled_portrait
from backend.pipeline import Pipeline, Portrait, Stream
from backend.server.live.layers import pack, unpack
from backend.server.live.sheet import columns_of, jpeg
from backend.server.protocol import Counts, SheetHead, Stages

SIDE = 512
"""Of a tile on a display, in pixels."""

EVERY = 50
"""Ticks between measured frames: four seconds."""


def measure_sharpness(pipeline: Pipeline, recordings: Path) -> Figures:
    """Measure tiles of all bundled portraits, driven by all recordings in a folder.

    Returns:
        `tile_pictures_SIZE` and `tile_layers`, each with the length of the grey gradient over the portrait's: `sharpness_rest`
        at the portrait's own keypoints, `sharpness_moving` over the recordings.
    """
    found: dict[str, dict[str, list[float]]] = {}
    for name in BUNDLED:
        image = bundled_portrait(name)
        portrait = pipeline.portrait(image)
        own = _unit(image.picture[None])
        truth = F.interpolate(own, (SIDE, SIDE), mode="bilinear", align_corners=False, antialias=True)
        rest = pipeline.open(portrait)
        rest.reference = portrait.keypoints
        requests = {"rest": [(rest, portrait.keypoints.flat()[None])]}
        requests["moving"] = [_driven(pipeline, portrait, file) for file in sorted(recordings.glob("*.npz"))]
        for kind, wanted in requests.items():
            for row, tiles in _tiles(pipeline, truth, wanted).items():
                values = sharpness(tiles, truth.expand_as(tiles)).tolist()
                found.setdefault(row, {}).setdefault(f"sharpness_{kind}", []).extend(values)
    return {row: {metric: Metric(float(np.mean(values))) for metric, values in kinds.items()} for row, kinds in found.items()}


def _driven(pipeline: Pipeline, portrait: Portrait, file: Path) -> tuple[Stream, torch.Tensor]:
    """Return a stream that has found its reference in a recording, and every `EVERY`-th frame `[F, 6N]` of that."""
    stream = pipeline.open(portrait, track_reference=True)
    segment = resample(Recording.load(file))[0]
    moments = zip(segment.landmarks, segment.timestamps, strict=True)
    ticks = [Tick(face, float(seconds), i, False) for i, (face, seconds) in enumerate(moments)]
    pipeline.observe([stream], [ticks])
    return stream, pipeline.keypoints(segment.landmarks[::EVERY]).flat()


def _tiles(pipeline: Pipeline, truth: torch.Tensor, requests: list[tuple[Stream, torch.Tensor]]) -> dict[str, torch.Tensor]:
    """Return tiles `[F, 3, SIDE, SIDE]` by row: after the wire, enlarged or composed by the page."""
    tiles = {}
    for size in (128, 256):
        sent = [simplejpeg.decode_jpeg(jpeg(frame)) for frames in pipeline.render(requests, size) for frame in frames]
        tiles[f"tile_pictures_{size}"] = F.interpolate(
            _unit(np.stack(sent)), (SIDE, SIDE), mode="bilinear", align_corners=False
        )
    composed = [
        compose(truth.expand(len(layers.fade), -1, -1, -1), _tensors(_received(layers)))
        for layers in pipeline.render_layers(requests)
    ]
    return tiles | {"tile_layers": torch.cat(composed)}


def _received(layers: Layers) -> Layers:
    """Return layers as a page receives them."""
    (sizes, payload), frames = pack(layers), len(layers.fade)
    head = SheetHead(
        t=0, source=0, tick=0, generation=0, step=0, tiles=frames, tile=0, columns=columns_of(frames), methods=[], horizon=0,
        fan=(0, 0, 0), stages=Stages(0, 0, 0, 0, 0), counts=Counts(0, 0, 0), stride=1, layers=sizes,
    )  # fmt: skip
    return unpack(head, payload)


def _tensors(layers: Layers) -> FrameLayers:
    """Convert layers of the wire to those that `compose` takes."""
    pictures = (layers.alpha, layers.paint, layers.opacity, layers.colour)
    alpha, paint, opacity, colour = (torch.from_numpy(np.ascontiguousarray(part)).float() / 255 for part in pictures)
    return FrameLayers(
        fade=torch.from_numpy(layers.fade),
        centres=torch.from_numpy(layers.centres),
        axes=torch.from_numpy(layers.axes),
        offset=torch.from_numpy(layers.offset),
        alpha=alpha[:, None],
        paint=paint.permute(0, 3, 1, 2),
        opacity=opacity[:, :, None],
        colour=colour.permute(0, 1, 4, 2, 3),
    )


def _unit(pictures: Picture) -> torch.Tensor:
    """Convert pictures `[F, S, S, 3]` to `[F, 3, S, S]` in [0, 1]."""
    return torch.from_numpy(np.ascontiguousarray(pictures)).permute(0, 3, 1, 2).float() / 255
