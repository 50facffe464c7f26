"""Validation of a generator on held-out people: reconstruction errors and a sample sheet."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from backend.animate.generator import Generator, Rendered
from backend.train.data.pairs import Pairs


def render_pairs(generator: Generator, pairs: Pairs) -> Rendered:
    """Reconstruct the driving frames from the source frames."""
    rendered: Rendered = generator(generator.encode(pairs.source, pairs.source_keypoints), pairs.driving_keypoints)
    return rendered


@torch.inference_mode()
def validate(generator: Generator, pairs: Pairs, batch: int = 16) -> dict[str, float]:
    """Measure the mean L1 on held-out pairs: the generator's, the warp's, copy-source's, at eyes and lips; and ratios.

    Args:
        generator: set to evaluation mode.
        pairs: held-out pairs.
        batch: pairs rendered at once.
    """
    generator.eval()
    errors: list[Tensor] = []
    for start in range(0, len(pairs.source), batch):
        chunk = pairs[start : start + batch]
        with torch.autocast(chunk.source.device.type, torch.bfloat16):
            out = render_pairs(generator, chunk)
        detail = (chunk.weight - 1).clamp(min=0)
        local = ((out.frames - chunk.driving).abs() * detail).sum((1, 2, 3)) / (3 * detail.sum((1, 2, 3)))
        l1 = [(x.float() - chunk.driving).abs().mean((1, 2, 3)) for x in (out.frames, out.warped, chunk.source)]
        errors.append(torch.stack([*l1, local, out.alpha.mean((1, 2, 3))], 1))
    mean = torch.cat(errors).mean(0).tolist()
    named = dict(zip(("l1", "l1_warp", "l1_copy_source", "l1_eyes_lips", "alpha"), mean, strict=True))
    return named | {"ratio": mean[0] / mean[2], "ratio_warp": mean[1] / mean[2]}


@torch.inference_mode()
def sample_sheet(generator: Generator, pairs: Pairs, rows: int = 12) -> NDArray[np.uint8]:
    """Render held-out pairs, one a row: source, truth, result, warped portrait, inpainting, alpha.

    Args:
        generator: set to evaluation mode.
        pairs: held-out pairs.
        rows: pairs to show, evenly spaced.
    """
    chunk = pairs[torch.linspace(0, len(pairs.source) - 1, rows).long()]
    generator.eval()
    with torch.autocast(chunk.source.device.type, torch.bfloat16):
        out = render_pairs(generator, chunk)
    columns = [chunk.source, chunk.driving, out.frames, out.warped, out.paint, out.alpha.expand(-1, 3, -1, -1)]
    sheet = torch.cat([torch.cat(list(column.float()), -2) for column in columns], -1)
    return (sheet.clamp(0, 1) * 255).byte().permute(1, 2, 0).cpu().numpy()
