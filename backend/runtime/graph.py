"""The generator as two graphs for other engines: `encode`, once per portrait, and `render`, once per frame.

They do not contain `compose`, which has no weights and makes frames of any size from what `render` returns.
"""

from __future__ import annotations

import copy
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import fields
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from backend.animate.compose import FrameLayers
from backend.animate.generator import EncodedPortrait, Generator
from backend.core.types import Keypoints

PORTRAIT = tuple(field.name for field in fields(EncodedPortrait) if field.init and field.name not in ("picture", "keypoints"))
"""Fields of an encoded portrait that the render graph takes: all but the full picture, which `compose` takes."""

RENDER_INPUTS = (*PORTRAIT, "source_value", "source_jacobian", "value", "jacobian")
"""Inputs of the render graph in order: a portrait (leading axis 1), its keypoints `[1, N]`, and the keypoints of F frames."""

PER_FRAME = 2
"""Number of the last inputs, those with one row for each frame."""

RENDER_OUTPUTS = tuple(field.name for field in fields(FrameLayers))
"""Outputs of the render graph: what `compose` takes beside the portrait."""

ENCODE_INPUTS = ("picture", "source_value", "source_jacobian")
"""A picture `[1, 3, S, S]` in [0, 1], S at least `config.size`, and its keypoints `[1, N]`."""

ENCODE_OUTPUTS = PORTRAIT


class GraphSource(NamedTuple):
    """What other engines convert a graph from; `dynamic_axes` of inputs and outputs have any size, and a name in ONNX."""

    module: nn.Module
    inputs: tuple[Tensor, ...]
    input_names: tuple[str, ...]
    output_names: tuple[str, ...]
    dynamic_axes: dict[str, dict[int, str]]


class RenderGraph(nn.Module):
    """`RENDER_INPUTS` -> `RENDER_OUTPUTS`."""

    def __init__(self, generator: Generator) -> None:
        super().__init__()
        self.generator = generator

    def forward(self, *inputs: Tensor) -> tuple[Tensor, ...]:
        """Render F frames of one portrait."""
        given = dict(zip(RENDER_INPUTS, inputs, strict=True))
        source = Keypoints(given["source_value"], given["source_jacobian"])
        driving = Keypoints(given["value"], given["jacobian"])
        portrait = EncodedPortrait(picture=given["working"], keypoints=source, **{name: given[name] for name in PORTRAIT})
        layers = self.generator(portrait.repeat(driving.value.shape[0]), driving).layers
        return tuple(getattr(layers, name) for name in RENDER_OUTPUTS)


class EncodeGraph(nn.Module):
    """`ENCODE_INPUTS` -> `ENCODE_OUTPUTS`."""

    def __init__(self, generator: Generator) -> None:
        super().__init__()
        self.generator = generator

    def forward(self, picture: Tensor, value: Tensor, jacobian: Tensor) -> tuple[Tensor, ...]:
        """Encode one portrait.

        Args:
            picture: `[1, 3, S, S]` in [0, 1].
            value: of its keypoints `[1, N, 2]`.
            jacobian: of its keypoints `[1, N, 2, 2]`.
        """
        encoded = self.generator.encode(picture, Keypoints(value, jacobian))
        return tuple(getattr(encoded, name) for name in ENCODE_OUTPUTS)


def to_bytes(frames: Tensor) -> Tensor:
    """Convert pictures `[..., C, S, S]` in [0, 1] to pixels `[..., S, S, C]` uint8."""
    return frames.clamp(0, 1).mul(255).round().movedim(-3, -1).to(torch.uint8)


def render_inputs(portrait: EncodedPortrait, driving: Keypoints) -> dict[str, NDArray[np.float32]]:
    """Return the render graph's inputs by name, from one portrait (leading axis 1) and the keypoints `[F, N]` of its frames."""
    tensors = [getattr(portrait, name) for name in PORTRAIT]
    tensors += [portrait.keypoints.value, portrait.keypoints.jacobian, driving.value, driving.jacobian]
    return {name: tensor.float().cpu().numpy() for name, tensor in zip(RENDER_INPUTS, tensors, strict=True)}


def encode_source(generator: Generator) -> GraphSource:
    """Return the source of the portrait encoder, for pictures of any size from `config.size` up."""
    count = generator.config.keypoints
    size = 2 * generator.config.size  # Larger than the network's, or the trace would contain no resizing.
    value = torch.linspace(-0.5, 0.5, 2 * count).reshape(1, -1, 2)
    inputs = (torch.full((1, 3, size, size), 0.5), value, torch.eye(2).repeat(1, count, 1, 1))
    axes = {"picture": {2: "height", 3: "width"}}
    return GraphSource(EncodeGraph(folded(generator)), inputs, ENCODE_INPUTS, ENCODE_OUTPUTS, axes)


def render_source(generator: Generator) -> GraphSource:
    """Return the source of the render graph, for any number of frames."""
    picture, value, jacobian = encode_source(generator).inputs
    with torch.inference_mode():
        encoded = generator.encode(picture, Keypoints(value, jacobian))
    named = render_inputs(encoded, Keypoints(value.repeat(2, 1, 1), jacobian.repeat(2, 1, 1, 1)))
    inputs = tuple(torch.from_numpy(named[name]) for name in RENDER_INPUTS)
    axes = {name: {0: "frames"} for name in (*RENDER_INPUTS[-PER_FRAME:], *RENDER_OUTPUTS)}
    return GraphSource(RenderGraph(folded(generator)), inputs, RENDER_INPUTS, RENDER_OUTPUTS, axes)


def folded(generator: Generator) -> Generator:
    """Return a copy for inference whose batch norms are folded into the convolutions before them."""
    inner = copy.deepcopy(generator).eval().requires_grad_(False)
    _fold_norms(inner)
    return inner


def _fold_norms(module: nn.Module) -> None:
    """Fold every batch norm into the convolution directly before it (a pixel shuffle between them would reorder channels)."""
    for child in module.children():
        _fold_norms(child)
    if isinstance(module, nn.Sequential):
        for index in range(len(module) - 1):
            conv, norm = module[index], module[index + 1]
            if isinstance(conv, nn.Conv2d) and isinstance(norm, nn.BatchNorm2d):
                module[index], module[index + 1] = fuse_conv_bn_eval(conv, norm), nn.Identity()


@contextmanager
def tracing() -> Iterator[None]:
    """Disable gradients, and torch's warnings about shape checks that a trace does not record."""
    with warnings.catch_warnings(), torch.no_grad():
        warnings.simplefilter("ignore")
        yield
