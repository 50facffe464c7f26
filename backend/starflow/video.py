"""What one can ask of the video flow: futures of a clip or of a portrait, a clip from words, an edit of a clip."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

from backend.core.errors import InputError
from backend.core.progress import ShareProgress
from backend.core.types import CLOCK_HZ
from backend.keypoints.captions import MOTIONS, parse_caption
from backend.starflow.inversion import Jacobi
from backend.starflow.model import StarFlow
from backend.starflow.sampler import Drawn, draw

RATE = CLOCK_HZ
"""Frames a second."""

CHUNK = 16
"""Frames drawn at once behind a context; further ones continue from the last of them."""

STILL = 0.08
"""Change of brightness, in [0, 1], at which a place counts as moved."""

CALM = 0.2
"""Temperature of the calmest of several clips, as a share of the liveliest's. A face may rest or move next: futures of one
temperature would all do the same.
"""

FACES = 0.6
"""How far from the average face a clip from words begins, of what people really differ by; further off, faces fall apart."""

Frames = NDArray[np.uint8]


@dataclass(frozen=True)
class Drawing:
    """How to draw.

    Attributes:
        caption: what the face should do, in words of `MOTIONS`; empty says nothing.
        guidance: how much more than likely the caption should show; 0 is its own likelihood.
        temperature: scale of the noise of the liveliest clip; several clips go from `CALM` of it up to that.
        seed: of the noise.
        jacobi: how to invert the flow.
    """

    caption: str = ""
    guidance: float = 1.0
    temperature: float = 1.0
    seed: int = 0
    jacobi: Jacobi = Jacobi()


class VideoFlow:
    """A trained model, asked in pictures: uint8 RGB frames `[T, S, S, 3]`, 12.5 a second, S = `size`."""

    def __init__(self, model: StarFlow, device: str = "cpu") -> None:
        self.model, self.device = model.to(device).eval(), device
        self.size = model.config.autoencoder.size

    @classmethod
    def load(cls, folder: Path, device: str = "cpu") -> VideoFlow:
        """Read a folder of weights, as `models/starflow`.

        Raises:
            ModelError: files are missing, damaged, or of another architecture.
        """
        return cls(StarFlow.load(folder), device)

    def futures(
        self, context: Frames, count: int, frames: int, drawing: Drawing | None = None, progress: ShareProgress | None = None
    ) -> Frames:
        """Draw what may follow (video-to-video; image-to-video where the context is one picture).

        Args:
            context: `[T, S, S, 3]`, T of 1 or more; of more than the model can look back on, the last are taken.
            count: K, how many futures.
            frames: of every future; any number: past the model's window it goes on from the last frames drawn.
            drawing: how to draw.
            progress: called with the share that is done, in [0, 1].

        Returns:
            `[K, frames, S, S, 3]`.

        Raises:
            InputError: `video_frames` for frames of another size or none; `video_caption` for words that are not known.
        """
        pictures = self._pictures(context)
        known = self._encode(pictures[-self.context :]).expand(count, -1, -1, -1, -1)
        drawn, last = self._roll(known, frames, drawing or Drawing(), progress)
        return _bytes(self._with_detail(drawn, last, pictures[-1]))

    def imagine(self, count: int, frames: int, drawing: Drawing, progress: ShareProgress | None = None) -> Frames:
        """Draw clips of nobody in particular from a caption alone (text-to-video): `[K, frames, S, S, 3]`.

        The first frame comes from `FirstFrame`, the caption and the flow say what it does from there.

        Raises:
            InputError: `video_caption`, as `futures`.
        """
        first = self.model.first.draw(count, FACES * drawing.temperature, _source(drawing))[:, None]
        rest, _ = self._roll(first, frames - 1, drawing, progress)
        return _bytes(self._decode(torch.cat([first, rest], 1)))

    def retold(self, clip: Frames, drawing: Drawing, start: Frames | None = None) -> Frames:
        """Tell a clip again with other words, or from another first frame: its own noise, under another condition.

        A flow maps a clip to noise and back without loss, so what happens in the clip stays where the condition is the same.

        Args:
            clip: `[T, S, S, 3]`, T of 2 up to the model's window.
            drawing: its caption is what shall be different.
            start: a first frame `[S, S, 3]` in place of the clip's own: another person, or another expression.

        Returns:
            `[T, S, S, 3]`, the first frame as it was given.

        Raises:
            InputError: as `futures`.
        """
        window = self.model.config.frames
        if not 2 <= len(clip) <= window:
            raise InputError("video_frames", f"A clip that is told again has 2 to {window} frames, not {len(clip)}.")
        pictures, source = self._pictures(clip), _source(drawing)
        first = pictures[0] if start is None else self._pictures(start[None])[0]
        flow, latents = self.model.flow, self._encode(pictures)
        # The first frame's noise apart, so that it will be the same when it is told from.
        shaken = torch.cat([torch.randn(part.shape, generator=source) for part in (latents[:, :1], latents[:, 1:])], 1)
        with torch.inference_mode():
            noise, _ = flow(latents + flow.config.noise * shaken.to(self.device))
        known, caption = self._encode(first[None]), _said(drawing.caption, 1)
        told = self._draw(known, len(clip) - 1, drawing, _source(drawing), caption, z=noise[:, flow.tokens :])
        return np.concatenate([_bytes(first[None]), _bytes(self._with_detail(told.latents, told.last, first))[0]])

    @property
    def context(self) -> int:
        """Frames that a future is drawn from at most."""
        return self.model.config.frames - CHUNK

    def _roll(
        self, known: Tensor, frames: int, drawing: Drawing, progress: ShareProgress | None
    ) -> tuple[Tensor, Tensor | None]:
        """Draw latents behind `known` `[K, T, H, W, C]`, window after window.

        Returns:
            `[K, frames, H, W, C]`, and the last known frame as the flow saw it, `[K, H, W, C]`.
        """
        source, caption, whole, last = _source(drawing), _said(drawing.caption, len(known)), known, None
        while (done := whole.shape[1] - known.shape[1]) < frames:
            seen = whole[:, -self.context :]
            some = min(frames - done, self.model.config.frames - seen.shape[1])
            part = self._draw(seen, some, drawing, source, caption, progress=_part_of(progress, done / frames, some / frames))
            whole, last = torch.cat([whole, part.latents], 1), part.last if last is None else last
        return whole[:, known.shape[1] :], last

    def _draw(
        self,
        known: Tensor,
        frames: int,
        drawing: Drawing,
        source: torch.Generator,
        caption: Tensor | None,
        progress: ShareProgress | None = None,
        z: Tensor | None = None,
    ) -> Drawn:
        return draw(
            self.model.flow,
            self.model.denoiser,
            known,
            frames,
            source,
            caption=caption,
            guidance=drawing.guidance,
            temperature=_temperatures(drawing.temperature, len(known)),
            jacobi=drawing.jacobi,
            progress=progress,
            z=z,
        )

    def _with_detail(self, latents: Tensor, seen: Tensor | None, last: Tensor) -> Tensor:
        """Decode, and give places that stay as they were what the model does not see of the last known frame.

        Args:
            latents: what was drawn, `[K, T, H, W, C]`.
            seen: the last known frame as the model saw it, `[K, H, W, C]`.
            last: the same as it is, `[3, S, S]`.

        Returns:
            `[K, T, 3, S, S]`.
        """
        drawn = self._decode(latents)
        rebuilt = self._decode(self._encode(last[None]) if seen is None else seen[:, None])
        moved = (drawn - rebuilt).abs().mean(-3, keepdim=True)
        moved = F.avg_pool2d(moved.flatten(0, 1), 5, 1, 2, count_include_pad=False).unflatten(0, moved.shape[:2])
        return drawn + (last - rebuilt) * torch.exp(-moved / STILL)

    def _pictures(self, frames: Frames) -> Tensor:
        if frames.ndim != 4 or len(frames) < 1 or frames.shape[1:] != (self.size, self.size, 3):
            raise InputError(
                "video_frames", f"Frames are [T, {self.size}, {self.size}, 3] with T of 1 or more, not {list(frames.shape)}."
            )
        return torch.from_numpy(frames).to(self.device).permute(0, 3, 1, 2).float() / 255

    @torch.inference_mode()
    def _encode(self, pictures: Tensor) -> Tensor:
        return self.model.autoencoder.encode(pictures)[None]

    @torch.inference_mode()
    def _decode(self, latents: Tensor) -> Tensor:
        return self.model.autoencoder.decode(latents)


def _temperatures(highest: float, count: int) -> Tensor:
    """From calm to lively, evenly: `[count]`; a single one is the highest."""
    return highest * torch.linspace(CALM, 1.0, count) if count > 1 else torch.tensor([highest])


def _said(caption: str, count: int) -> Tensor | None:
    if not caption.strip():
        return None
    numbers = parse_caption(caption)
    if not numbers.any():
        raise InputError(
            "video_caption", f"The video flow does not know “{caption.strip()}”.", f"It knows: {', '.join(MOTIONS)}."
        )
    return torch.from_numpy(numbers).expand(count, -1)


def _source(drawing: Drawing) -> torch.Generator:
    return torch.Generator().manual_seed(drawing.seed)


def _part_of(progress: ShareProgress | None, begin: float, share: float) -> ShareProgress | None:
    return None if progress is None else lambda done: progress(begin + share * done)


def _bytes(frames: Tensor) -> Frames:
    """`[..., 3, S, S]` in [0, 1] -> `[..., S, S, 3]` uint8."""
    return (frames.clamp(0, 1) * 255).round().byte().movedim(-3, -1).cpu().numpy()
