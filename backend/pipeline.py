"""The whole data path on one page: landmarks -> keypoints -> forecast -> transfer -> frames.

Read this first. The layers above (server, command line, evaluation) call it; it calls the layers below. All tensors stay on the
device of the models; a batch sends its landmarks there once, and `to_host` reads its results once.

    pipeline = Pipeline.load(models)
    stream = pipeline.open(pipeline.portrait(image))        # the portrait to animate
    (now,) = pipeline.observe([stream], [ticks])            # the driver's landmarks, on the clock
    (futures,) = pipeline.forecast([stream], [settings])    # K sampled futures of H steps
    frames = pipeline.render([(stream, path) for path in futures.paths], 128)
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from backend.animate.generator import EncodedPortrait, Generator
from backend.animate.reference import ReferenceTracker, track_references
from backend.animate.transfer import transfer_motion, transfer_positions
from backend.core.device import HOST, check_device, seeded_generator, to_host
from backend.core.errors import ModelError, portrait_kept
from backend.core.process import configure_process
from backend.core.types import FloatArray, ForecastSettings, Keypoints, Layers, Picture, PortraitMotion, Sampling
from backend.core.weights import generator_folder
from backend.forecast.choice import ChosenNoise, draw_and_choose
from backend.forecast.diagnostics.refinement_check import check_refinement
from backend.forecast.diagnostics.refinement_flags import RefinementEffect
from backend.forecast.futures_model import FuturesModel
from backend.forecast.graphs import GraphedForecaster
from backend.forecast.gru_nf import Forecaster
from backend.forecast.joint import JointForecaster
from backend.forecast.noise import RolloutNoise
from backend.forecast.refine import Refinement
from backend.forecast.state import Forecast, ForecastState
from backend.keypoints.clock import Tick
from backend.keypoints.regions import FaceRegions
from backend.media.images import PortraitImage
from backend.runtime.choose import EngineName, open_engine
from backend.runtime.engine import Engine, Precision

CONTEXT = 8
"""Steps observed before the first forecast, as in the paper's 8-16 protocol; the GRU's memory is longer."""

CHECK_EVERY = 4
"""Refinement is measured at every fourth step: it costs as much as a pass of the flow, and futures keep their noise."""


@dataclass(frozen=True)
class Portrait:
    """What motion is transferred to: keypoints `[N]`. Its picture may be elsewhere, as in its owner's browser."""

    keypoints: Keypoints


@dataclass(frozen=True)
class RenderablePortrait(Portrait):
    """A portrait that can also be rendered here: with its picture `[S, S, 3]` and its encoded features."""

    picture: Picture
    encoded: EncodedPortrait


@dataclass
class Stream:
    """All state of one session.

    Attributes:
        portrait: what is animated.
        state: the forecaster's memory.
        reference: the driver's keypoints `[N]` at the neutral moment; None before the first step.
        steps: observed since the last restart.
        seed: of the futures' noise. While it stays the same, futures move with the driver instead of being drawn again.
        futures: the noise of the futures that are shown, by method.
        reference_tracker: looks for a better reference than the first step; None if the reference is fixed.
    """

    portrait: Portrait
    state: ForecastState
    reference: Keypoints | None = None
    steps: int = 0
    seed: int = 0
    futures: dict[str, ChosenNoise] = field(default_factory=dict)
    _purpose: tuple[int, ForecastSettings] | None = None
    reference_tracker: ReferenceTracker | None = None

    def futures_for(self, settings: ForecastSettings) -> dict[str, ChosenNoise]:
        """Return the futures that are shown; none if they were drawn with another seed or other settings."""
        if self._purpose != (self.seed, settings):
            self.futures, self._purpose = {}, (self.seed, settings)
        return self.futures

    def reset_reference(self) -> None:
        """Take the next step as the neutral moment, and keep it."""
        self.reference = self.reference_tracker = None


@dataclass(frozen=True)
class Observation:
    """A stream's newest step.

    Attributes:
        present_flat: flat keypoints `[6N]`, on the device.
        surprise: share of training steps that were less surprising, in [0, 1]; None for the first step after a start.
        ready: whether enough steps have been observed to forecast.
    """

    present_flat: Tensor
    surprise: float | None
    ready: bool


@dataclass(frozen=True)
class SampledFutures:
    """K futures of one stream for each method.

    Attributes:
        paths: flat keypoints `[K, H, 6N]` in the driver's coordinates, on the device.
        positions: keypoint positions `[K, H, N, 2]` on the portrait's crop, in [-1, 1].
        methods: which method drew each path.
        shares: part of the draws that are nearest to each path, descending within a method; empty where none were chosen.
        drawn: N, how many futures of each method these were chosen from; 0 where none were chosen.
        acceptance: mean MCMC acceptance of these futures in [0, 1]; None without MCMC.
        refinement_effect: of MCMC on the first steps; None without MCMC, or if it was not measured.
    """

    paths: Tensor
    positions: FloatArray
    methods: list[str]
    acceptance: float | None
    refinement_effect: RefinementEffect | None
    shares: list[float] = field(default_factory=list)
    drawn: int = 0


class Pipeline:
    """The models, and the steps between them. It holds no session: those are `Stream`s.

    Args:
        forecaster: frozen, on the device where all but the generator works.
        generator: renders.
    """

    def __init__(self, forecaster: Forecaster, generator: Engine) -> None:
        self.device = forecaster.mean.device
        self.regions = FaceRegions().to(self.device)
        self.forecaster = forecaster
        self.generator = generator
        models: dict[Sampling, FuturesModel] = {"joint": JointForecaster(forecaster), "steps": forecaster}
        self.futures_models = {name: GraphedForecaster(model) for name, model in models.items()}

    @classmethod
    def load(
        cls,
        models: Path,
        *,
        device: str = HOST,
        threads: int = 0,
        generator: str = "slim_128",
        engine: EngineName = "auto",
        precision: Precision = "auto",
    ) -> Pipeline:
        """Load weights from `models/forecaster` and `models/generator_<generator>`.

        Args:
            models: the folder of weights.
            device: where forecasts and the generator run.
            threads: torch threads; 0 takes half of the cores.
            generator: `slim_128` or `slim_256`.
            engine: what renders: `torch`, `openvino`, or `auto`, the fastest one installed.
            precision: of the generator.

        Raises:
            ModelError: weights are missing, damaged, or made for other keypoints; as `open_engine`.
            InputError: `device_unusable`; as `open_engine`.
        """
        check_device(device)
        configure_process(threads)
        folder = generator_folder(models, generator)
        network = Generator.load(folder)
        forecaster = Forecaster.load(models / "forecaster")
        count = FaceRegions().count
        if forecaster.config.features != 6 * count or network.config.keypoints != count:
            raise ModelError(
                "models_mismatch",
                f"The models in {models} are not made for {count} keypoints: the forecaster takes "
                f"{forecaster.config.features} numbers, the generator {network.config.keypoints} keypoints.",
                "Take a forecaster and a generator that were trained together.",
            )
        # Freezing lays the weights out, so it comes after the move.
        forecaster = forecaster.to(torch.device(device)).freeze()
        return cls(forecaster, open_engine(folder, network, device=device, engine=engine, precision=precision))

    def keypoints(self, landmarks: FloatArray) -> Keypoints:
        """Convert landmarks `[..., 478, 3]` to keypoints `[..., N]` on the device."""
        keypoints: Keypoints = self.regions(torch.from_numpy(np.ascontiguousarray(landmarks, np.float32)).to(self.device))
        return keypoints

    def portrait(self, image: PortraitImage) -> RenderablePortrait:
        """Encode a portrait, once per session."""
        keypoints = self.keypoints(image.landmarks)
        return RenderablePortrait(keypoints, image.picture, self.generator.encode(image.picture, keypoints))

    def kept_portrait(self, landmarks: FloatArray) -> Portrait:
        """Return the portrait of landmarks `[478, 3]` whose picture is kept elsewhere: `move` takes it, `render` does not."""
        return Portrait(self.keypoints(landmarks))

    def open(self, portrait: Portrait, seed: int = 0, *, track_reference: bool = False) -> Stream:
        """Start a stream.

        Args:
            portrait: what to animate.
            seed: of its futures' noise.
            track_reference: let the reference follow the steps most like the portrait, instead of keeping the first one.
        """
        tracker = ReferenceTracker() if track_reference else None
        return Stream(portrait, self.forecaster.start(1), seed=seed, reference_tracker=tracker)

    @torch.inference_mode()
    def observe(self, streams: Sequence[Stream], ticks: Sequence[Sequence[Tick]]) -> list[Observation]:
        """Update all streams, as one batch, with their new clock ticks (at least one each) and return their newest steps.

        A tick marked `restarted` follows a gap: the forecaster's memory is reset.
        """
        if not streams:
            return []
        lengths = [len(waiting) for waiting in ticks]
        flat = self.keypoints(np.stack([tick.landmarks for waiting in ticks for tick in waiting])).flat()
        parts, last = [part.unbind() for part in flat.split(lengths)], [flat.new_zeros(())] * len(streams)
        for index in range(max(lengths)):
            active = [i for i, length in enumerate(lengths) if length > index]
            frames = torch.stack([parts[i][index] for i in active])
            surprise = self._observe_step([streams[i] for i in active], [ticks[i][index] for i in active], frames)
            for row, i in enumerate(active):
                last[i] = surprise[row]
        (shares,) = to_host(torch.stack(last))
        return [
            Observation(part[-1], float(share) if stream.steps > 1 else None, stream.steps >= CONTEXT)
            for stream, part, share in zip(streams, parts, shares, strict=True)
        ]

    def _observe_step(self, streams: Sequence[Stream], ticks: Sequence[Tick], flat_BD: Tensor) -> Tensor:
        """Update streams with one frame each and return its surprise `[B]`."""
        for stream, tick in zip(streams, ticks, strict=True):
            if tick.restarted:
                stream.state, stream.steps = self.forecaster.start(1), 0
        state = ForecastState.cat([stream.state for stream in streams])
        surprise = self.forecaster.surprise(state, flat_BD)
        for row, (stream, after) in enumerate(zip(streams, self.forecaster.step(state, flat_BD).split(), strict=True)):
            stream.state, stream.steps = after, stream.steps + 1
            if stream.reference is None:
                stream.reference = Keypoints.from_flat(flat_BD[row])
        self._track_references(streams, flat_BD)
        return surprise

    def _track_references(self, streams: Sequence[Stream], flat_BD: Tensor) -> None:
        """Let the references of streams that look for better ones follow one frame each."""
        trackers = {i: stream.reference_tracker for i, stream in enumerate(streams)}
        tracking = {i: tracker for i, tracker in trackers.items() if tracker is not None and not tracker.done}
        if not tracking:
            return
        rows = [streams[i] for i in tracking]
        portraits = _stack([stream.portrait.keypoints for stream in rows])
        references = _stack([stream.reference for stream in rows if stream.reference is not None])
        driving = Keypoints.from_flat(flat_BD[list(tracking)])
        found = track_references(list(tracking.values()), portraits, driving, references)
        for row, stream in enumerate(rows):
            stream.reference = found[row]

    @torch.inference_mode()
    def forecast(self, streams: Sequence[Stream], settings: Sequence[ForecastSettings]) -> list[SampledFutures]:
        """Forecast K futures of H steps for every stream; streams with equal settings are one batch.

        The first call for a seed draws the noise; with `settings.choose` it draws several times K futures and keeps the noise
        of K that stand for all. Later calls forecast with the same noise from the newest step.
        """
        futures: dict[int, SampledFutures] = {}
        for wanted in dict.fromkeys(settings):
            rows = [i for i, setting in enumerate(settings) if setting == wanted]
            batch = self._forecast_batch([streams[i] for i in rows], wanted)
            futures.update(zip(rows, batch, strict=True))
        return [futures[i] for i in range(len(streams))]

    def _forecast_batch(self, streams: Sequence[Stream], settings: ForecastSettings) -> list[SampledFutures]:
        state = ForecastState.cat([stream.state for stream in streams])
        methods: list[str] = ["gru_nf", "gru_snf"] if settings.method == "both" else [settings.method]
        forecasts = {method: self._forecast_method(streams, state, method, settings) for method in methods}
        paths = torch.cat([forecast.paths for forecast in forecasts.values()], 1)
        shares = torch.stack([stream.futures[method].shares for stream in streams for method in methods])
        results, due = [self._transfer_positions(streams, paths), shares.view(len(streams), -1)], list[int]()
        refined = forecasts.get("gru_snf")
        if refined is not None and refined.acceptance is not None:
            # Rows that are due: the first steps of their paths are measured.
            due = [row for row, stream in enumerate(streams) if stream.steps % CHECK_EVERY == 0]
            results.append(refined.acceptance.mean(1))
            if due:
                results.append(self._measure_refinement([streams[row] for row in due], refined.paths, due, settings))
        positions, shares_BK, *rates = to_host(*results)
        effects = {row: RefinementEffect(*map(float, rates[1][place])) for place, row in enumerate(due)}
        names = [method for method in methods for _ in range(settings.k)]
        drawn = 0 if settings.choose == "off" else settings.draws
        return [
            SampledFutures(
                paths[row], positions[row], names, float(rates[0][row]) if rates else None, effects.get(row),
                shares_BK[row].tolist(), drawn,
            )
            for row in range(len(streams))
        ]  # fmt: skip

    def _forecast_method(
        self, streams: Sequence[Stream], state: ForecastState, method: str, settings: ForecastSettings
    ) -> Forecast:
        """Forecast with the noise that each stream keeps, after drawing and choosing it for streams that have none."""
        refine = Refinement.from_settings(settings) if method == "gru_snf" else None
        model = self.futures_models[settings.sampling]
        new = [stream for stream in streams if method not in stream.futures_for(settings)]
        if new:
            # One generator per stream: its futures do not depend on the rest of its batch.
            sources = [seeded_generator(self.device, stream.seed) for stream in new]
            begin = ForecastState.cat([stream.state for stream in new])
            chosen, forecast = draw_and_choose(model, begin, sources, settings, refine)
            for stream, kept in zip(new, chosen, strict=True):
                stream.futures[method] = kept
            if forecast is not None and len(new) == len(streams):
                return forecast
        noise = RolloutNoise.cat([stream.futures[method].noise for stream in streams])
        return model.forecast(state, noise, refine, settings.temperature)

    def _measure_refinement(
        self, streams: Sequence[Stream], paths_BKHD: Tensor, rows: Sequence[int], settings: ForecastSettings
    ) -> Tensor:
        """Measure the effect of MCMC on streams, whose paths are some rows of a batch: `[streams, 2]`."""
        state = ForecastState.cat([stream.state for stream in streams])
        noise = RolloutNoise.cat([stream.futures["gru_snf"].noise for stream in streams])
        paths = torch.stack([paths_BKHD[row] for row in rows])
        model, refine = self.futures_models[settings.sampling].model, Refinement.from_settings(settings)
        return check_refinement(model, state, paths, noise, refine, settings.temperature)

    def render(self, requests: Sequence[tuple[Stream, Tensor]], size: int) -> list[Picture]:
        """Render each stream's portrait at flat keypoints `[F, 6N]` of its driver: `[F, size, size, 3]` each.

        Raises:
            InputError: `portrait_kept` if a portrait's picture is not here.
        """
        return [
            self.generator.render(_encoded(stream), self._transfer([stream], flat[None, None])[0, 0], size)
            for stream, flat in requests
        ]

    def render_layers(self, requests: Sequence[tuple[Stream, Tensor]]) -> list[Layers]:
        """Return what `render` would compose frames of, for the same requests, so that a page can compose them.

        Raises:
            InputError: `portrait_kept` if a portrait's picture is not here.
        """
        return [
            self.generator.layers(_encoded(stream), self._transfer([stream], flat[None, None])[0, 0])
            for stream, flat in requests
        ]

    @torch.inference_mode()
    def move(self, requests: Sequence[tuple[Stream, Tensor, Tensor | None]]) -> list[PortraitMotion]:
        """Move each stream's portrait as its driver: from the present `[6N]` and paths `[K, H, 6N]`, or None without these."""
        streams = [stream for stream, _, _ in requests]
        presents = self._transfer(streams, torch.stack([present for _, present, _ in requests])[:, None, None])
        sources = _stack([stream.portrait.keypoints for stream in streams])
        paths = [self._transfer([stream], given[None]).flat()[0] for stream, _, given in requests if given is not None]
        source, present, *moved = to_host(sources.flat(), presents.flat()[:, 0, 0], *paths)
        wanted = iter(moved)
        return [
            PortraitMotion(source[row], present[row], None if given is None else next(wanted))
            for row, (_, _, given) in enumerate(requests)
        ]

    def _transfer(self, streams: Sequence[Stream], flat_BKHD: Tensor) -> Keypoints:
        """Move each stream's portrait by its driver's motion since the reference: keypoints `[B, K, H, N]`."""
        return transfer_motion(*self._faces(streams, flat_BKHD))

    def _transfer_positions(self, streams: Sequence[Stream], flat_BKHD: Tensor) -> Tensor:
        """Return only the positions `[B, K, H, N, 2]` of `_transfer`, which cost a fifth."""
        return transfer_positions(*self._faces(streams, flat_BKHD))

    def _faces(self, streams: Sequence[Stream], flat_BKHD: Tensor) -> tuple[Keypoints, Keypoints, Keypoints]:
        """Return portraits `[B, 1, 1, N]`, drivers `[B, K, H, N]` and references `[B, 1, 1, N]`."""
        driving = Keypoints.from_flat(flat_BKHD)
        portraits = _stack([stream.portrait.keypoints for stream in streams])
        # Without a reference, motion is measured from the first frame.
        references = _stack([stream.reference or driving[row, 0, 0] for row, stream in enumerate(streams)])
        return portraits[:, None, None], driving, references[:, None, None]

    def score(self, paths: Tensor, truth: Tensor) -> FloatArray:
        """Return the mean keypoint distance, in crop units, of paths `[..., T, 6N]` from others that broadcast: `[...]`."""
        offset = Keypoints.from_flat(paths).value - Keypoints.from_flat(truth).value
        (distance,) = to_host(offset.norm(dim=-1).mean((-1, -2)))
        return distance

    def copy_last_error(self, present: Tensor, truth: Tensor) -> float:
        """Return the score of a forecast that repeats the present step `[6N]`."""
        return float(self.score(present.expand(1, *truth.shape), truth)[0])


def _encoded(stream: Stream) -> EncodedPortrait:
    if not isinstance(stream.portrait, RenderablePortrait):
        raise portrait_kept()
    return stream.portrait.encoded


def _stack(faces: Sequence[Keypoints]) -> Keypoints:
    """Join the keypoints `[N]` of B faces to `[B, N]`."""
    return Keypoints(torch.stack([face.value for face in faces]), torch.stack([face.jacobian for face in faces]))
