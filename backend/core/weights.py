"""Saves and loads models: a folder with `weights.safetensors`, and `config.json`, whose first entry is the architecture."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from safetensors import SafetensorError
from safetensors.torch import load_file
from safetensors.torch import save as encode_tensors
from torch import Tensor, nn

from backend.core.errors import ModelError, reason
from backend.core.files import read_bytes, require_file, write_whole

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

WEIGHTS, CONFIG = "weights.safetensors", "config.json"
M = TypeVar("M", bound=nn.Module)


def save_model(
    folder: Path, model: nn.Module, architecture: DataclassInstance, extra: Mapping[str, object] | None = None
) -> None:
    """Write a model: parameters in half precision, buffers as they are; both files or neither.

    Args:
        folder: created if it is missing.
        model: any module.
        architecture: its configuration.
        extra: further entries of `config.json`: data, seed, command, metrics.
    """
    folder.mkdir(parents=True, exist_ok=True)
    learned = {name for name, _ in model.named_parameters()}
    tensors = {name: (value.half() if name in learned else value).contiguous() for name, value in model.state_dict().items()}
    with write_whole(folder / CONFIG) as config, write_whole(folder / WEIGHTS) as weights:
        # As bytes, since safetensors reports a full disk in its own words only.
        weights.write_bytes(encode_tensors(tensors))
        config.write_text(json.dumps({"architecture": asdict(architecture), **(extra or {})}, indent=1) + "\n")


def load_model(folder: Path, kind: str, build: Callable[[dict[str, Any]], M], verb: str = "") -> M:
    """Read what `save_model` wrote: float32, frozen, in evaluation mode.

    Args:
        folder: of the two files.
        kind: forecaster, generator, ...: names the model in messages and error codes.
        build: makes an untrained model from the architecture in `config.json`.
        verb: of the command `train VERB` that makes one; `kind` by default.

    Raises:
        ModelError: `KIND_missing`; `KIND_damaged` (unreadable, of another architecture, not finite).
    """
    try:
        model = build(json.loads(read_bytes(folder / CONFIG))["architecture"])
        tensors = load_file(require_file(folder / WEIGHTS))
        _check(tensors, model.state_dict())
        model.load_state_dict(tensors)
    except FileNotFoundError as error:
        missing = Path(error.filename or WEIGHTS).name
        hint = f"Make one with `motionfan train {verb or kind}`."
        raise ModelError(f"{kind}_missing", f"There is no {kind} in {folder}: no {missing}.", hint) from None
    except (OSError, ValueError, KeyError, TypeError, RuntimeError, SafetensorError, MemoryError) as error:
        why = reason(error)
        hint = f"Name a folder that holds a {kind}, or make one with `motionfan train {verb or kind}`."
        raise ModelError(f"{kind}_damaged", f"The {kind} in {folder} cannot be used ({why}).", hint) from error
    return model.float().requires_grad_(False).eval()


def generator_folder(models: Path, name: str) -> Path:
    """Return the folder `generator_NAME` in the folder of all weights.

    Raises:
        ModelError: `generator_missing`; its hint lists those that are there.
    """
    folder = models / f"generator_{name}"
    if not folder.is_dir():
        others = ", ".join(sorted(path.name.removeprefix("generator_") for path in models.glob("generator_*")))
        hint = f"Choose another one: {others}." if others else "Name the folder of the weights."
        raise ModelError("generator_missing", f"There are no generator weights {name!r} in {models}.", hint)
    return folder


def fingerprint(folder: Path) -> str:
    """Return the SHA-256 of a model's weight file, which a graph made from it stores; raises `generator_missing`."""
    try:
        with require_file(folder / WEIGHTS).open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        raise ModelError("generator_missing", f"There is no generator in {folder}: no {WEIGHTS}.") from None


def _check(found: dict[str, Tensor], wanted: dict[str, Tensor]) -> None:
    """Name the first tensor that differs and count the others; torch would list them all."""
    off = [name for name in wanted if name not in found or found[name].shape != wanted[name].shape]
    off += [name for name in found if name not in wanted]
    if off:
        raise ValueError(f"{WEIGHTS} is of another architecture than {CONFIG}: {len(off)} tensors differ, {off[0]} first")
    broken = next((name for name, value in found.items() if not value.isfinite().all()), None)
    if broken:
        raise ValueError(f"{broken} holds NaN or infinite numbers")
