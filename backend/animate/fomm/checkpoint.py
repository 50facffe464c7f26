"""Reads published First Order Motion Model checkpoints (such as `vox-cpk.pth.tar`) into `Fomm`.

Sizes are inferred from the tensors' shapes. Only tensors and plain values are unpickled: a pickle with code is refused.
"""

from __future__ import annotations

import pickle
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from backend.animate.fomm.generator import GeneratorSize
from backend.animate.fomm.hourglass import HourglassSize
from backend.animate.fomm.model import Fomm, FommConfig
from backend.core.errors import ModelError
from backend.core.files import require_file

CHECKPOINT_PARTS = ("kp_detector", "generator")
"""Entries of a checkpoint that are read; discriminator, optimisers and epoch are ignored."""

Tensors = Mapping[str, Tensor]


def load_checkpoint(path: Path) -> Fomm:
    """Read a published checkpoint in float32 for inference.

    Args:
        path: the file. The prefix `module.` of names (from training on several GPUs) is removed; counters of batch norm may
            be missing.

    Raises:
        ModelError: `fomm_missing`; `fomm_unsafe` (it would run code); `fomm_damaged` (unreadable, or not finite);
            `fomm_layout` (parts or tensors are missing, unknown, or of other shapes).
    """
    content = _unpickle(path)
    parts = {name: part for name in CHECKPOINT_PARTS if isinstance(part := content.get(name), Mapping)}
    if absent := [name for name in CHECKPOINT_PARTS if name not in parts]:
        message = f"{path} holds no {' and no '.join(absent)}."
        raise ModelError("fomm_layout", message, "A First Order Motion Model checkpoint has both under these names.")
    found = {f"{part}.{name}": value for part in CHECKPOINT_PARTS for name, value in _plain(parts[part]).items()}
    model = Fomm(infer_config(found))
    own = model.state_dict()
    _check(found, _plain(own))
    model.load_state_dict({**own, **found})
    return model.requires_grad_(False).eval()


def open_model(path: Path) -> Fomm:
    """Read a published checkpoint (a file) or a detector of `train detector` (a folder).

    Raises:
        ModelError: as `load_checkpoint` or `Fomm.load`.
    """
    return Fomm.load(path) if path.is_dir() else load_checkpoint(path)


def infer_config(found: Tensors) -> FommConfig:
    """Infer sizes from the shapes of a checkpoint's tensors `kp_detector.*` and `generator.*`.

    Raises:
        ModelError: `fomm_layout`: a tensor that determines a size is missing or has another number of axes.
    """
    motion, jacobian = "generator.dense_motion_network", "kp_detector.jacobian.weight"
    width = _shape(found, "generator.first.conv.weight", 4)[0]
    halvings = _count(found, r"generator\.down_blocks\.(\d+)\.conv\.weight")
    widest = _shape(found, f"generator.down_blocks.{halvings - 1}.conv.weight", 4)[0] if halvings else width
    residuals = _count(found, r"generator\.bottleneck\.r(\d+)\.conv1\.weight")
    return FommConfig(
        keypoints=_shape(found, "kp_detector.kp.weight", 4)[0],
        jacobian_maps=_shape(found, jacobian, 4)[0] // 4 if jacobian in found else 0,
        occlusion=f"{motion}.occlusion.weight" in found,
        detector=_hourglass(found, "kp_detector.predictor", "kp_detector.down.weight"),
        motion=_hourglass(found, f"{motion}.hourglass", f"{motion}.down.weight"),
        generator=GeneratorSize(width, widest, halvings, residuals),
    )


def _hourglass(found: Tensors, name: str, down: str) -> HourglassSize:
    depth = _count(found, re.escape(name) + r"\.encoder\.down_blocks\.(\d+)\.conv\.weight")
    # The blur of factor n has a radius of 2 (n - 1) pixels.
    factor = 1 + (_shape(found, down, 4)[-1] - 1) // 4 if down in found else 1
    width = _shape(found, f"{name}.decoder.up_blocks.{depth - 1}.conv.weight", 4)[0]
    return HourglassSize(width, _shape(found, f"{name}.encoder.down_blocks.{depth - 1}.conv.weight", 4)[0], depth, factor)


def _shape(found: Tensors, name: str, axes: int) -> torch.Size:
    if name not in found:
        raise ModelError("fomm_layout", f"The checkpoint has no tensor {name}.", "It is of another model.")
    if found[name].ndim != axes:
        raise ModelError("fomm_layout", f"{name} has the shape {list(found[name].shape)}; {axes} axes were expected.")
    return found[name].shape


def _count(found: Tensors, pattern: str) -> int:
    """Return the number of blocks: one more than the highest index that `pattern` captures."""
    return max((int(match[1]) + 1 for name in found if (match := re.fullmatch(pattern, name))), default=0)


def _check(found: Tensors, wanted: Tensors) -> None:
    missing = [name for name in wanted if name not in found]
    other = [name for name in wanted if name in found and found[name].shape != wanted[name].shape]
    extra = [name for name in found if name not in wanted]
    if missing or other or extra:
        faults = [f"{len(missing)} tensors are missing, {missing[0]} first"] if missing else []
        if other:
            here, there = list(found[other[0]].shape), list(wanted[other[0]].shape)
            faults.append(f"{len(other)} have other shapes, {other[0]} first ({here}, not {there})")
        if extra:
            faults.append(f"{len(extra)} are not known, {extra[0]} first")
        raise ModelError("fomm_layout", f"The checkpoint is of another layout: {'; '.join(faults)}.")
    broken = next((name for name, value in found.items() if not value.isfinite().all()), None)
    if broken:
        raise ModelError("fomm_damaged", f"{broken} of the checkpoint holds NaN or infinite numbers.")


def _plain(part: Mapping[Any, object]) -> dict[str, Tensor]:
    """Return the tensors but for batch norm's counters: old PyTorch had none, and inference does not read them."""
    tensors = {str(name).removeprefix("module."): value for name, value in part.items() if isinstance(value, Tensor)}
    return {name: value for name, value in tensors.items() if not name.endswith("num_batches_tracked")}


def _unpickle(path: Path) -> Mapping[object, object]:
    try:
        content = torch.load(require_file(path), map_location="cpu", weights_only=True)
    except FileNotFoundError:
        raise ModelError("fomm_missing", f"There is no checkpoint at {path}.", "Download one, then name it.") from None
    except Exception as error:
        refused = r"unsupported (global|class)|not an allowed"
        if isinstance(error, pickle.UnpicklingError) and re.search(refused, str(error), re.IGNORECASE):
            message = f"{path} holds more than numbers: reading it would run its own code."
            raise ModelError("fomm_unsafe", message, "It was not read. Get the checkpoint from its authors.") from None
        message = f"{path} cannot be read as a PyTorch checkpoint."
        raise ModelError("fomm_damaged", message, "Download it again.") from error
    if not isinstance(content, Mapping):
        raise ModelError("fomm_layout", f"{path} holds a {type(content).__name__}, not the parts of a model.")
    return content
