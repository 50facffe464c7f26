"""The methods that are compared, by name, each behind one contract: `sample(context [W, C, D], k, horizon, generator)`."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import torch
from torch import Tensor

from backend.core.errors import InputError, ModelError
from backend.core.types import ForecastSettings
from backend.evaluate.common.protocol import nll
from backend.forecast.baselines import Bootstrap, CopyLast, RandomWalk
from backend.forecast.displacement_bank import load_bank
from backend.forecast.gru_nf import Forecaster
from backend.forecast.paper.loop import PaperLoop
from backend.forecast.refine import KernelName, Refinement
from backend.forecast.vrnn import Vrnn

Sampler = Callable[[Tensor, int, int, torch.Generator], Tensor]
"""`(context [W, C, D], k, horizon, generator) -> paths [W, K, H, D]`."""

Nll = Callable[[Tensor, int], Tensor]
"""`(windows [W, T, D], frames seen) -> [W, T - seen]` nats per number."""

NAMES = (
    "copy_last",
    "random_walk",
    "bootstrap",
    "gru_gaussian",
    "vrnn",
    "gru_nf",
    "gru_nf_t1.2",
    "gru_snf",
    "gru_snf_mala",
    "gru_snf_hmc",
    "paper_nf",
    "paper_snf",
)
"""Methods of the table, from those that know least; `gru_nf_tX` may be asked for at any temperature X."""

TEMPERATURE = re.compile(r"gru_nf_t(\d+(?:\.\d+)?)")


@dataclass(frozen=True)
class Method:
    """A forecaster of whole paths.

    Attributes:
        sample: K futures that are independent of each other.
        nll: None where no likelihood can be computed.
        together: K futures that are drawn to be shown together, where those are not independent.
    """

    sample: Sampler
    nll: Nll | None = None
    together: Sampler | None = None


def shipped_refinement() -> Refinement:
    """Return the demo's own refinement."""
    return Refinement.from_settings(ForecastSettings())


class Methods:
    """The methods on the weights of one forecaster and of its rivals, which lie beside it.

    Args:
        model: folder of the forecaster.
        forecaster: what lies there.
    """

    def __init__(self, model: Path, forecaster: Forecaster) -> None:
        self._model = model
        self._forecaster = forecaster

    def build(self, names: Sequence[str] = ()) -> tuple[dict[str, Method], list[str]]:
        """Make methods ready.

        Args:
            names: which; none for all that there are.

        Returns:
            The methods in the table's order, and a sentence for each that was left out for want of its model.

        Raises:
            InputError: `method_unknown`, or `method_missing` where one that was asked for has no model.
        """
        for name in names:
            if name not in NAMES and not self._temperature(name):
                raise InputError(
                    "method_unknown", f"There is no method {name}.", f"There are {', '.join(NAMES)}, and gru_nf_tX (X up to 5)."
                )
        found: dict[str, Method] = {}
        left_out: list[str] = []
        for name in sorted(set(names), key=_place) or NAMES:
            try:
                found[name] = self._make(name)
            except ModelError as error:
                if names:
                    raise InputError("method_missing", f"{name} is not available. {error.message}", error.hint) from None
                left_out.append(f"{name}: {error.message}")
        return found, left_out

    @staticmethod
    def _temperature(name: str) -> float | None:
        match = TEMPERATURE.fullmatch(name)
        return float(match[1]) if match and 0 < float(match[1]) <= 5 else None

    def _make(self, name: str) -> Method:
        temperature = self._temperature(name)
        if temperature is not None:
            return Method(self._of(self._forecaster, None, temperature))
        if name in ("random_walk", "bootstrap"):
            bank = load_bank(self._model)
            self._check_width(bank.shape[-1], "training motion", self._model)
            return Method(RandomWalk(bank).sample if name == "random_walk" else Bootstrap(bank).sample)
        if name == "copy_last":
            return Method(CopyLast().sample)
        if name == "gru_nf":
            return Method(self._of(self._forecaster), partial(self._nll, self._forecaster))
        if name == "gru_gaussian":
            rival = Forecaster.load(self._beside("gaussian"))
            self._check_width(rival.config.features, "forecaster", self._beside("gaussian"))
            return Method(self._of(rival), partial(self._nll, rival))
        if name == "vrnn":
            vrnn = Vrnn.load(self._beside("vrnn"))
            self._check_width(vrnn.config.features, "vrnn", self._beside("vrnn"))
            return Method(lambda context, k, horizon, source: vrnn.sample(vrnn.observe(context), k, horizon, source).paths)
        if name in ("paper_nf", "paper_snf"):
            return Method(PaperLoop(self._forecaster, steps=0 if name == "paper_nf" else 2).sample)
        kernels: dict[str, KernelName] = {"gru_snf": "metropolis", "gru_snf_mala": "mala", "gru_snf_hmc": "hmc"}
        refinement = replace(shipped_refinement(), kernel=kernels[name])
        together = self._of(self._forecaster, refinement) if refinement.antithetic else None
        return Method(self._of(self._forecaster, replace(refinement, antithetic=False)), together=together)

    def _beside(self, kind: str) -> Path:
        return self._model.with_name(f"{self._model.name}_{kind}")

    def _check_width(self, width: int, kind: str, folder: Path) -> None:
        wanted = self._forecaster.config.features
        if width != wanted:
            raise ModelError("width", f"The {kind} in {folder} is made for {width} numbers a frame, not {wanted}.")

    def _nll(self, forecaster: Forecaster, flat_WTD: Tensor, seen: int) -> Tensor:
        return nll(forecaster, flat_WTD, seen, self._forecaster.step_spread)

    @staticmethod
    def _of(forecaster: Forecaster, refine: Refinement | None = None, temperature: float = 1.0) -> Sampler:
        def sample(context: Tensor, k: int, horizon: int, generator: torch.Generator) -> Tensor:
            return forecaster.sample(forecaster.observe(context), k, horizon, generator, refine, temperature).paths

        return sample


def _place(name: str) -> tuple[float, str]:
    """Order by the table; any other temperature stands beside the one of the table."""
    return (NAMES.index(name) if name in NAMES else NAMES.index("gru_nf_t1.2"), name)
