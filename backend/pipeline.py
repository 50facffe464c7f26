"""The way of the data, one page: landmarks -> keypoints -> forecast -> transfer -> frames.

Read this first. Everything above (server, command line, evaluation) calls it; everything below is called by it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from backend.animate.generator import EncodedPortrait, Generator
from backend.animate.reference import Settling
from backend.animate.transfer import relative
from backend.core.errors import InputError, ModelError
from backend.core.process import configure_process
from backend.core.types import FloatArray, Forecast, ForecastSettings, Keypoints, Method
from backend.forecast.diagnostics.refinement_check import check_first_step
from backend.forecast.diagnostics.refinement_flags import Refined
from backend.forecast.gru_nf import Forecaster
from backend.forecast.refine import Refinement
from backend.forecast.state import ForecastState
from backend.keypoints.clock import Tick
from backend.keypoints.regions import FaceRegions
from backend.media.images import PortraitImage
from backend.runtime.choose import EngineName, open_engine
from backend.runtime.engine import Engine, Precision

CONTEXT = 8
"""Observed steps before the first forecast, as in the paper's 8-16 protocol; the GRU goes on remembering after that."""

CHECK_EVERY = 4
"""Refinement is measured at every fourth step: it costs a step of the rollout, and futures keep their noise for longer."""


@dataclass(frozen=True)
class Portrait:
    """A portrait ready to be animated: its picture `[S, S, 3]` uint8, its keypoints `[N]`, and its features."""

    picture: NDArray[np.uint8]
    keypoints: Keypoints
    encoded: EncodedPortrait


@dataclass
class Stream:
    """All state of one session: whose portrait moves, what the driver did, and the noise of its futures.

    Attributes:
        portrait: the picture to animate.
        reference: the driver's keypoints at the neutral moment; None until the first frame.
        state: what the forecaster remembers.
        seen: observed steps since the last restart.
        seed: of the futures' noise. It stays while one set of futures is shown, so that they move with the driver
            instead of being drawn anew at every step.
        settling: looks for a better reference than the first frame; None where the reference stays.
    """

    portrait: Portrait
    state: ForecastState
    reference: Keypoints | None = None
    seen: int = 0
    seed: int = 0
    settling: Settling | None = None

    def set_portrait(self, portrait: Portrait) -> None:
        """Animate another picture from now on."""
        self.portrait = portrait

    def reset_reference(self) -> None:
        """Take the next observed frame as the neutral one, and stay with it."""
        self.reference = self.settling = None

    def refer(self, driving: Keypoints) -> None:
        """Let the reference follow from a new step's keypoints `[N]`."""
        if self.reference is None:
            self.reference = driving
        if self.settling is not None and not self.settling.done:
            self.reference = self.settling.see(self.portrait.keypoints, driving, self.reference)

    def draw_anew(self) -> None:
        """Give the next futures other noise."""
        self.seed += 1


@dataclass(frozen=True)
class Observation:
    """What the last of a stream's new steps was: its flat keypoints `[6N]`, how surprising it was (share of training
    steps less surprising, in [0, 1]; None right after a start), and whether enough has been seen to forecast.
    """

    present_flat: Tensor
    surprise: float | None
    ready: bool


@dataclass(frozen=True)
class Fan:
    """K futures of one stream.

    Attributes:
        paths: flat keypoints `[K, H, 6N]` in the driver's coordinates.
        fan: keypoint positions `[K, H, N, 2]` on the portrait's crop, in [-1, 1].
        methods: which engine drew each path.
        acceptance: mean MCMC acceptance in [0, 1]; None without MCMC.
        refined: how far MCMC took the paths, by their first step; None without MCMC, and where it was not measured.
    """

    paths: Tensor
    fan: FloatArray
    methods: list[Method]
    acceptance: float | None
    refined: Refined | None


class Pipeline:
    """The models, and the steps between them. It holds no session: those are `Stream`s."""

    def __init__(self, forecaster: Forecaster, generator: Engine) -> None:
        self.regions = FaceRegions()
        self.forecaster = forecaster
        self.generator = generator

    @classmethod
    def load(
        cls,
        models: Path,
        *,
        device: str = "cpu",
        threads: int = 0,
        generator: str = "slim_128",
        engine: EngineName = "auto",
        precision: Precision = "auto",
    ) -> Pipeline:
        """Load weights from `models/forecaster` and `models/generator_<generator>`.

        Args:
            models: the folder of weights.
            device: where the generator runs; forecasts run on the CPU, where they are fast enough.
            threads: torch threads; 0 takes half of the cores.
            generator: `slim_128` or `slim_256`.
            engine: what renders: `torch`, `openvino`, or `auto`, the fastest there is here.
            precision: of the generator.

        Raises:
            ModelError: weights are missing, damaged, or made for other keypoints; as `open_engine`.
            InputError: `device_unusable`; as `open_engine`.
        """
        _check_device(device)
        configure_process(threads)
        folder = _generator_folder(models, generator)
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
        return cls(forecaster, open_engine(folder, network, device=device, engine=engine, precision=precision))

    def keypoints(self, landmarks: FloatArray) -> Keypoints:
        """Landmarks `[..., 478, 3]` -> keypoints `[..., N]`."""
        found: Keypoints = self.regions(torch.from_numpy(np.ascontiguousarray(landmarks, np.float32)))
        return found

    def portrait(self, image: PortraitImage) -> Portrait:
        """Encode a portrait, once per session."""
        keypoints = self.keypoints(image.landmarks)
        return Portrait(image.picture, keypoints, self.generator.encode(image.picture, keypoints))

    def open(self, portrait: Portrait, seed: int = 0, *, settle: bool = False) -> Stream:
        """Begin a stream that has seen nothing; with `settle`, it looks for a better reference than its first frame."""
        return Stream(portrait, self.forecaster.start(1), seed=seed, settling=Settling() if settle else None)

    @torch.inference_mode()
    def observe(self, streams: Sequence[Stream], ticks: Sequence[Sequence[Tick]]) -> list[Observation]:
        """Let every stream take in its new clock ticks (at least one each); all streams step together.

        A tick marked `restarted` follows a gap: that stream's memory begins anew.
        """
        seen: dict[int, Observation] = {}
        for turn in range(max(map(len, ticks), default=0)):
            active = [i for i, waiting in enumerate(ticks) if len(waiting) > turn]
            for i in active:
                if ticks[i][turn].restarted:
                    streams[i].state, streams[i].seen = self.forecaster.start(1), 0
            flat = self.keypoints(np.stack([ticks[i][turn].landmarks for i in active])).flat()
            state = ForecastState.cat([streams[i].state for i in active])
            surprise = self.forecaster.surprise(state, flat).tolist()
            after = self.forecaster.step(state, flat).split()
            for row, i in enumerate(active):
                stream = streams[i]
                stream.state, stream.seen = after[row], stream.seen + 1
                stream.refer(Keypoints.from_flat(flat[row]))
                known = surprise[row] if stream.seen > 1 else None
                seen[i] = Observation(flat[row], known, stream.seen >= CONTEXT)
        return [seen[i] for i in range(len(streams))]

    @torch.inference_mode()
    def forecast(self, streams: Sequence[Stream], settings: Sequence[ForecastSettings]) -> list[Fan]:
        """Draw K futures of H steps for every stream; streams with equal settings are one batch."""
        fans: dict[int, Fan] = {}
        for wanted in dict.fromkeys(settings):
            rows = [i for i, setting in enumerate(settings) if setting == wanted]
            state = ForecastState.cat([streams[i].state for i in rows])
            seeds = [streams[i].seed for i in rows]
            drawn = {method: self._draw(state, wanted, method, seeds) for method in _methods(wanted)}
            paths = torch.cat([forecast.paths for forecast in drawn.values()], 1)
            methods = [method for method in drawn for _ in range(wanted.k)]
            snf = drawn.get("gru_snf")
            due = [row for row, i in enumerate(rows) if streams[i].seen % CHECK_EVERY == 0]
            refined = self._check(state, wanted, snf, seeds, due)
            for row, i in enumerate(rows):
                on_portrait = self._transfer(streams[i], paths[row]).value.numpy()
                fans[i] = Fan(paths[row], on_portrait, methods, snf.acceptance if snf else None, refined.get(row))
        return [fans[i] for i in range(len(streams))]

    def _draw(self, state: ForecastState, settings: ForecastSettings, method: Method, seeds: list[int]) -> Forecast:
        refine = Refinement.of(settings) if method == "gru_snf" else None
        return self.forecaster.sample(state, settings.k, settings.horizon, _noise(seeds), refine, settings.temperature)

    def _check(
        self, state: ForecastState, settings: ForecastSettings, forecast: Forecast | None, seeds: list[int], rows: list[int]
    ) -> dict[int, Refined]:
        """Measure how far MCMC took the paths of some rows, where it ran."""
        if forecast is None or forecast.acceptance is None or not rows:
            return {}
        chosen, noise = torch.tensor(rows), _noise([seeds[row] for row in rows])
        refine, temperature = Refinement.of(settings), settings.temperature
        found = check_first_step(self.forecaster, state[chosen], forecast.paths[chosen], noise, refine, temperature)
        return dict(zip(rows, found, strict=True))

    def render(self, requests: Sequence[tuple[Stream, Tensor]], size: int) -> list[NDArray[np.uint8]]:
        """Draw each stream's portrait at flat keypoints `[F, 6N]` of its driver -> `[F, size, size, 3]` uint8 each."""
        return [self.generator.render(stream.portrait.encoded, self._transfer(stream, flat), size) for stream, flat in requests]

    def _transfer(self, stream: Stream, flat: Tensor) -> Keypoints:
        """The driver's motion since its reference, moved onto the portrait's keypoints."""
        driving = Keypoints.from_flat(flat)
        return relative(stream.portrait.keypoints, driving, stream.reference or driving)

    def score(self, paths: Tensor, truth: Tensor) -> FloatArray:
        """Mean keypoint distance, in crop units, of paths `[K, T, 6N]` from what happened `[T, 6N]` -> `[K]`."""
        away = Keypoints.from_flat(paths).value - Keypoints.from_flat(truth).value
        distance: FloatArray = away.norm(dim=-1).mean((-1, -2)).numpy()
        return distance

    def copy_last_error(self, present: Tensor, truth: Tensor) -> float:
        """The same for a forecast that the driver `[6N]` simply stays as it is."""
        return float(self.score(present.expand(1, *truth.shape), truth)[0])


def _check_device(device: str) -> None:
    try:
        usable = torch.device(device).type != "cuda" or torch.cuda.is_available()
    except RuntimeError:
        usable = False
    if not usable:
        raise InputError("device_unusable", f"Torch has no device {device!r} on this machine.", "Choose the device cpu.")


def _generator_folder(models: Path, name: str) -> Path:
    """Where a generator's weights are; says which there are when that one is not."""
    folder = models / f"generator_{name}"
    if not folder.is_dir():
        others = sorted(path.name.removeprefix("generator_") for path in models.glob("generator_*"))
        raise ModelError(
            "generator_missing",
            f"There are no generator weights {name!r} in {models}.",
            f"Choose another one: {', '.join(others)}." if others else "Name the folder of the weights.",
        )
    return folder


def _methods(settings: ForecastSettings) -> list[Method]:
    return ["gru_nf", "gru_snf"] if settings.method == "both" else [settings.method]


def _noise(seeds: Sequence[int]) -> list[torch.Generator]:
    """One source a stream: its futures do not depend on who shares its batch."""
    return [torch.Generator().manual_seed(seed) for seed in seeds]
