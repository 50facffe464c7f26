"""A pipeline without weights: it has the real one's interface, moves visibly, and can wait or fail on request."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field

import numpy as np
import torch
from torch import Tensor

from backend.core.types import ForecastSettings, Keypoints, Layers, PortraitMotion
from backend.forecast.diagnostics.refinement_flags import RefinementEffect
from backend.keypoints.clock import Tick
from backend.keypoints.regions import FaceRegions
from backend.media.images import PortraitImage

READY_AFTER = 8


@dataclass(frozen=True)
class FakePortrait:
    picture: np.ndarray | None  # None if it is kept by the client
    keypoints: Keypoints


@dataclass(frozen=True)
class FakeObservation:
    present_flat: Tensor
    surprise: float | None
    ready: bool


@dataclass(frozen=True)
class FakeFan:
    paths: Tensor
    positions: np.ndarray
    methods: list[str]
    acceptance: float | None
    refinement_effect: RefinementEffect | None
    shares: list[float] = field(default_factory=list)
    drawn: int = 0


class FakeStream:
    def __init__(self, portrait: FakePortrait, seed: int) -> None:
        self.portrait = portrait
        self.seen = 0
        self.history: list[Tick] = []
        self.present = portrait.keypoints.flat()
        self.references = 0
        self.seed = seed

    def reset_reference(self) -> None:
        self.references += 1


class FakePipeline:
    """`gate` blocks every forecast while it is cleared; work for the stream `failing` raises."""

    def __init__(self) -> None:
        self.regions = FaceRegions()
        self.device = torch.device("cpu")
        self.gate = threading.Event()
        self.gate.set()
        self.held = threading.Event()
        self.failing: FakeStream | None = None
        self.streams: list[FakeStream] = []
        self.forecasts: list[int] = []
        self._news = threading.Condition()

    def portrait(self, image: PortraitImage) -> FakePortrait:
        return FakePortrait(image.picture, self.regions(torch.from_numpy(image.landmarks)))

    def kept_portrait(self, landmarks: np.ndarray) -> FakePortrait:
        return FakePortrait(None, self.regions(torch.from_numpy(landmarks)))

    def open(self, portrait: FakePortrait, seed: int = 0, *, track_reference: bool = False) -> FakeStream:
        stream = FakeStream(portrait, seed)
        self.streams.append(stream)
        return stream

    def observe(self, streams: list[FakeStream], ticks: list[list[Tick]]) -> list[FakeObservation]:
        self._check(streams)
        observations = []
        for stream, some in zip(streams, ticks, strict=True):
            for tick in some:
                stream.seen = 1 if tick.restarted else stream.seen + 1
                stream.history.append(tick)
            stream.present = self.regions(torch.from_numpy(np.asarray(some[-1].landmarks))).flat()
            observations.append(FakeObservation(stream.present, 0.5, stream.seen >= READY_AFTER))
        with self._news:
            self._news.notify_all()
        return observations

    def wait_until_seen(self, stream: FakeStream, ticks: int) -> None:
        with self._news:
            assert self._news.wait_for(lambda: len(stream.history) >= ticks, 20)

    def forecast(self, streams: list[FakeStream], settings: list[ForecastSettings]) -> list[FakeFan]:
        if not self.gate.is_set():
            self.held.set()
            self.gate.wait(30)
        self.forecasts.append(len(streams))
        return [self._fan(stream, setting) for stream, setting in zip(streams, settings, strict=True)]

    def _fan(self, stream: FakeStream, settings: ForecastSettings) -> FakeFan:
        methods = [m for m in ("gru_nf", "gru_snf") if settings.method in (m, "both") for _ in range(settings.k)]
        noise = torch.Generator().manual_seed(stream.seed)
        drift = torch.randn(len(methods), 1, 1, 2, generator=noise) * settings.temperature
        steps = torch.arange(1, settings.horizon + 1)[None, :, None, None] * 0.01
        now = Keypoints.from_flat(stream.present)
        value = now.value + drift * steps
        paths = Keypoints(value, now.jacobian.expand(*value.shape[:2], -1, -1, -1)).flat()
        mcmc = settings.method != "gru_nf" and settings.mcmc_steps > 0
        # A function of the step size alone: 0.05 changes too little, 1 too much.
        refined = RefinementEffect(displacement=settings.step_size, log_lik_drop=settings.step_size / 2) if mcmc else None
        draws = 0 if settings.choose == "off" else int(settings.choose[:-1])
        counts = range(settings.k, 0, -1) if draws else range(0)
        shares = [count / sum(counts) for count in counts] * (len(methods) // settings.k)
        positions = value.numpy().astype(np.float32)
        return FakeFan(paths, positions, methods, 0.7 if mcmc else None, refined, shares, draws * settings.k)

    def render(self, requests: list[tuple[FakeStream, Tensor]], size: int) -> list[np.ndarray]:
        return [np.stack([self._tile(stream, flat, size) for flat in flats]) for stream, flats in requests]

    def render_layers(self, requests: list[tuple[FakeStream, Tensor]]) -> list[Layers]:
        self._check([stream for stream, _ in requests])
        return [self._layers(flats) for _, flats in requests]

    def move(self, requests: list[tuple[FakeStream, Tensor, Tensor | None]]) -> list[PortraitMotion]:
        self._check([stream for stream, _, _ in requests])
        return [
            PortraitMotion(stream.portrait.keypoints.flat().numpy(), now.numpy(), None if paths is None else paths.numpy())
            for stream, now, paths in requests
        ]

    def _layers(self, flats: Tensor) -> Layers:
        """Layers whose crops lie at the first three keypoints, and whose paint is the brighter the further right these are."""
        value = Keypoints.from_flat(flats).value.numpy()
        frames, sides = len(flats), (128, 128)
        brightness = ((value[:, 0, 0] + 1) * 100).clip(0, 255).astype(np.uint8)
        return Layers(
            fade=np.linspace(0, 1, frames, dtype=np.float32),
            centres=value[:, :3].astype(np.float32),
            axes=np.full((frames, 3, 2), 0.25, np.float32),
            offset=np.zeros((frames, 2, 64, 64), np.float32),
            alpha=np.full((frames, *sides), 128, np.uint8),
            paint=np.broadcast_to(brightness[:, None, None, None], (frames, *sides, 3)),
            opacity=np.full((frames, 3, 48, 48), 255, np.uint8),
            colour=np.full((frames, 3, 48, 48, 3), 90, np.uint8),
        )

    def _tile(self, stream: FakeStream, flat: Tensor, size: int) -> np.ndarray:
        """The portrait, small, with a white dot on every keypoint."""
        rows = np.linspace(0, len(stream.portrait.picture) - 1, size).astype(int)
        picture = stream.portrait.picture[rows][:, rows].copy()
        for x, y in ((Keypoints.from_flat(flat).value.numpy() + 1) / 2 * size).astype(int).clip(2, size - 3):
            picture[y - 2 : y + 3, x - 2 : x + 3] = 255
        return picture

    def score(self, paths: Tensor, truth: Tensor) -> np.ndarray:
        return (Keypoints.from_flat(paths).value - Keypoints.from_flat(truth).value).norm(dim=-1).mean((-1, -2)).numpy()

    def copy_last_error(self, last: Tensor, truth: Tensor) -> float:
        return float((Keypoints.from_flat(truth).value - Keypoints.from_flat(last).value).norm(dim=-1).mean())

    def _check(self, streams: list[FakeStream]) -> None:
        if any(stream is self.failing for stream in streams):
            raise RuntimeError("This stream fails on request.")
