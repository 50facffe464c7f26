"""The generator as two graphs that other engines can run: `encode`, once per portrait, and `render`, once per frame.

Compose at other sizes than the network's own is no part of them: it has no weights, and takes any portrait.
"""

from __future__ import annotations

import copy
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import fields

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from backend.animate.generator import EncodedPortrait, Generator
from backend.core.types import Keypoints

PORTRAIT = tuple(field.name for field in fields(EncodedPortrait) if field.name not in ("picture", "keypoints"))
"""What of an encoded portrait the render graph takes: all but the full picture, which compose takes, and the keypoints."""

RENDER_INPUTS = (*PORTRAIT, "source_value", "source_jacobian", "value", "jacobian")
"""Names of the render graph's inputs, in order: a portrait (leading axis 1), its keypoints `[1, N]`, and those of F frames."""

PER_FRAME = 2
"""How many of the last inputs have one row a frame; the others have one row in all."""

RENDER_OUTPUTS = ("frames", "flow", "alpha", "paint")
"""`frames [F, n, n, 3]` uint8 at the network's own size, and what compose takes at any other."""

ENCODE_INPUTS = ("picture", "source_value", "source_jacobian")
"""A picture `[1, 3, S, S]` in [0, 1], S at least the working size, and its keypoints `[1, N]`."""

ENCODE_OUTPUTS = PORTRAIT


class RenderGraph(nn.Module):
    """`RENDER_INPUTS` -> `RENDER_OUTPUTS`."""

    def __init__(self, generator: Generator) -> None:
        super().__init__()
        self.generator = generator

    def forward(self, *inputs: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Render F frames of one portrait."""
        given = dict(zip(RENDER_INPUTS, inputs, strict=True))
        source = Keypoints(given["source_value"], given["source_jacobian"])
        driving = Keypoints(given["value"], given["jacobian"])
        portrait = EncodedPortrait(picture=given["working"], keypoints=source, **{name: given[name] for name in PORTRAIT})
        rendered = self.generator(portrait.repeat(driving.value.shape[0]), driving)
        return to_bytes(rendered.frames), rendered.flow, rendered.alpha, rendered.paint


class EncodeGraph(nn.Module):
    """`ENCODE_INPUTS` -> `ENCODE_OUTPUTS`."""

    def __init__(self, generator: Generator) -> None:
        super().__init__()
        self.generator = generator

    def forward(self, picture: Tensor, value: Tensor, jacobian: Tensor) -> tuple[Tensor, ...]:
        """Encode one portrait."""
        encoded = self.generator.encode(picture, Keypoints(value, jacobian))
        return tuple(getattr(encoded, name) for name in ENCODE_OUTPUTS)


def to_bytes(frames: Tensor) -> Tensor:
    """Turn frames `[F, 3, S, S]` in [0, 1] into pixels `[F, S, S, 3]` uint8."""
    return frames.clamp(0, 1).mul(255).round().permute(0, 2, 3, 1).to(torch.uint8)


def render_inputs(portrait: EncodedPortrait, driving: Keypoints) -> dict[str, NDArray[np.float32]]:
    """Name what the render graph takes: one portrait (leading axis 1) and the keypoints `[F, N]` of its frames."""
    tensors = [getattr(portrait, name) for name in PORTRAIT]
    tensors += [portrait.keypoints.value, portrait.keypoints.jacobian, driving.value, driving.jacobian]
    return {name: tensor.float().cpu().numpy() for name, tensor in zip(RENDER_INPUTS, tensors, strict=True)}


def encode_example(generator: Generator) -> tuple[Tensor, ...]:
    """Make inputs of the encode graph to trace it with; what they show does not matter."""
    count = generator.config.keypoints
    size = 2 * generator.config.size  # Larger than the network, or the trace would leave the resizing out.
    value = torch.linspace(-0.5, 0.5, 2 * count).reshape(1, -1, 2)
    return torch.full((1, 3, size, size), 0.5), value, torch.eye(2).repeat(1, count, 1, 1)


def render_example(generator: Generator, frames: int = 2) -> tuple[Tensor, ...]:
    """Make inputs of the render graph to trace it with."""
    picture, value, jacobian = encode_example(generator)
    with torch.inference_mode():
        encoded = generator.encode(picture, Keypoints(value, jacobian))
    driving = Keypoints(value.repeat(frames, 1, 1), jacobian.repeat(frames, 1, 1, 1))
    named: Mapping[str, NDArray[np.float32]] = render_inputs(encoded, driving)
    return tuple(torch.from_numpy(named[name]) for name in RENDER_INPUTS)


def folded(generator: Generator) -> Generator:
    """Return a copy for inference whose batch norms are part of the convolutions before them."""
    inner = copy.deepcopy(generator).eval().requires_grad_(False)
    _fold_norms(inner)
    return inner


def _fold_norms(module: nn.Module) -> None:
    """Fold every batch norm into the convolution before it (not across a pixel shuffle, which reorders channels)."""
    for child in module.children():
        _fold_norms(child)
    if isinstance(module, nn.Sequential):
        for index in range(len(module) - 1):
            conv, norm = module[index], module[index + 1]
            if isinstance(conv, nn.Conv2d) and isinstance(norm, nn.BatchNorm2d):
                module[index], module[index + 1] = fuse_conv_bn_eval(conv, norm), nn.Identity()


@contextmanager
def tracing() -> Iterator[None]:
    """Trace without gradients, and without torch's many warnings of checks that a graph of known shapes does without."""
    with warnings.catch_warnings(), torch.no_grad():
        warnings.simplefilter("ignore")
        yield
