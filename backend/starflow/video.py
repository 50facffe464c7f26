"""The video model on uint8 frames: futures of a clip or portrait, clips from a caption, edits of a clip."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

from backend.core.device import check_device
from backend.core.errors import InputError
from backend.core.progress import ShareProgress
from backend.keypoints.captions import parse_caption
from backend.starflow.model import StarFlow
from backend.starflow.sampler import sample_latents

CHUNK_FRAMES = 16
"""Frames sampled at once after a context; longer videos continue from the last of them."""

CHANGE_SCALE = 0.08
"""Change of brightness, in [0, 1], over which the last known frame's detail fades by a factor e."""

MIN_TEMPERATURE_SHARE = 0.2
"""Lowest temperature of several clips over the highest: at equal temperatures all futures would move about as much."""

FIRST_FRAME_TEMPERATURE = 0.6
"""Temperature of the first frame of a clip from a caption; higher ones distort faces."""

VideoFrames = NDArray[np.uint8]


@dataclass(frozen=True)
class SamplingSettings:
    """Settings of a sample.

    Attributes:
        caption: what the face should do, in words of `MOTIONS`; empty for anything.
        guidance: weight of classifier-free guidance by the caption; 0 for none.
        temperature: scale of the noise of the last clip; the first of several has `MIN_TEMPERATURE_SHARE` of it.
        seed: of the noise.
    """

    caption: str = ""
    guidance: float = 1.0
    temperature: float = 1.0
    seed: int = 0


class VideoFlow:
    """A trained model that reads and returns uint8 RGB frames `[T, S, S, 3]`, 12.5 a second, S = `size`."""

    def __init__(self, model: StarFlow, device: str = "cpu") -> None:
        self.model, self.device = model.to(device).eval(), device
        self.size = model.config.autoencoder.size

    @classmethod
    def load(cls, folder: Path, device: str = "cpu") -> VideoFlow:
        """Read a folder of weights; raises `device_unusable`, or as `StarFlow.load`."""
        check_device(device)
        return cls(StarFlow.load(folder), device)

    @property
    def context(self) -> int:
        """Maximum number of frames that a future is conditioned on."""
        return self.model.config.frames - CHUNK_FRAMES

    def futures(
        self,
        context: VideoFrames,
        count: int,
        frames: int,
        settings: SamplingSettings | None = None,
        progress: ShareProgress | None = None,
    ) -> VideoFrames:
        """Sample continuations `[K, frames, S, S, 3]` of frames (image-to-video where the context is one frame).

        Args:
            context: `[T, S, S, 3]`, T >= 1; the last `self.context` frames are used.
            count: K, how many futures.
            frames: of every future, any number; those past the model's window are conditioned on the last sampled ones.
            settings: of the sample.
            progress: called with the share that is done.

        Raises:
            InputError: `video_frames` for frames of another size or none; `video_caption` for unknown words.
        """
        pictures = self._to_tensor(context)
        known = self._encode(pictures[-self.context :]).expand(count, -1, -1, -1, -1)
        latents, last_known = self._extend(known, frames, settings or SamplingSettings(), progress)
        return _to_uint8(self._decode_with_detail(latents, last_known, pictures[-1]))

    def imagine(
        self, count: int, frames: int, settings: SamplingSettings, progress: ShareProgress | None = None
    ) -> VideoFrames:
        """Sample clips `[K, frames, S, S, 3]` of new faces from a caption alone, each from a sample of `FirstFrame`.

        Args:
            count: K, how many clips.
            frames: of every clip.
            settings: of the sample.
            progress: called with the share that is done.

        Raises:
            InputError: `video_caption`, as `futures`.
        """
        temperature = FIRST_FRAME_TEMPERATURE * settings.temperature
        first = self.model.first_frame.sample(count, temperature, _generator(settings))[:, None]
        rest, _ = self._extend(first, frames - 1, settings, progress)
        return _to_uint8(self._decode(torch.cat([first, rest], 1)))

    def edit(self, clip: VideoFrames, settings: SamplingSettings, start: VideoFrames | None = None) -> VideoFrames:
        """Sample a clip `[T, S, S, 3]` with its own noise under another caption or from another first frame.

        A flow maps a clip to noise and back without loss, so what the new condition does not change stays as it was.

        Args:
            clip: `[T, S, S, 3]`, T from 2 up to the model's window.
            settings: of the sample, with the new caption.
            start: the new first frame `[S, S, 3]`, with another person or another expression; None keeps the clip's.

        Raises:
            InputError: as `futures`.
        """
        window = self.model.config.frames
        if not 2 <= len(clip) <= window:
            raise InputError("video_frames", f"A clip to edit has 2 to {window} frames, not {len(clip)}.")
        pictures, generator = self._to_tensor(clip), _generator(settings)
        first = pictures[0] if start is None else self._to_tensor(start[None])[0]
        flow, latents = self.model.flow, self._encode(pictures)
        # Two draws, so that the first frame gets the same noise here as in `sample_latents`.
        noise = torch.cat([torch.randn(part.shape, generator=generator) for part in (latents[:, :1], latents[:, 1:])], 1)
        with torch.inference_mode():
            z, _ = flow(latents + flow.config.noise * noise.to(self.device))
        rest, known = self._extend(self._encode(first[None]), len(clip) - 1, settings, z=z[:, flow.tokens_per_frame :])
        return np.concatenate([_to_uint8(first[None]), _to_uint8(self._decode_with_detail(rest, known, first))[0]])

    def _extend(
        self,
        known: Tensor,
        frames: int,
        settings: SamplingSettings,
        progress: ShareProgress | None = None,
        z: Tensor | None = None,
    ) -> tuple[Tensor, Tensor | None]:
        """Sample latents `[K, frames, H, W, C]` that continue `known`, window by window; `z` is the noise of a single window.

        Also returns `SampledLatents.last_known` of the first window.
        """
        count, generator, caption, whole, last_known = len(known), _generator(settings), None, known, None
        if settings.caption.strip():
            caption = torch.from_numpy(parse_caption(settings.caption)).expand(count, -1)
        temperature = torch.tensor([settings.temperature])
        if count > 1:
            temperature = settings.temperature * torch.linspace(MIN_TEMPERATURE_SHARE, 1.0, count)
        while (done := whole.shape[1] - known.shape[1]) < frames:
            seen = whole[:, -self.context :]
            length = min(frames - done, self.model.config.frames - seen.shape[1])
            part = sample_latents(
                self.model.flow,
                self.model.denoiser,
                seen,
                length,
                generator,
                caption=caption,
                guidance=settings.guidance,
                temperature=temperature,
                progress=_part_of(progress, done / frames, length / frames),
                z=z,
            )
            whole, last_known = torch.cat([whole, part.latents], 1), part.last_known if last_known is None else last_known
        return whole[:, known.shape[1] :], last_known

    def _decode_with_detail(self, latents: Tensor, last_known: Tensor | None, last: Tensor) -> Tensor:
        """Decode, and restore the autoencoder's residual of the last known frame where nothing has changed since.

        `last_known` are that frame's latents `[K, H, W, C]`, None to encode `last` `[3, S, S]`, the frame itself.
        """
        decoded = self._decode(latents)
        rebuilt = self._decode(self._encode(last[None]) if last_known is None else last_known[:, None])
        change = (decoded - rebuilt).abs().mean(-3, keepdim=True)
        change = F.avg_pool2d(change.flatten(0, 1), 5, 1, 2, count_include_pad=False).unflatten(0, change.shape[:2])
        return decoded + (last - rebuilt) * torch.exp(-change / CHANGE_SCALE)

    def _to_tensor(self, frames: VideoFrames) -> Tensor:
        """`[T, S, S, 3]` uint8 -> `[T, 3, S, S]` in [0, 1]."""
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


def _generator(settings: SamplingSettings) -> torch.Generator:
    return torch.Generator().manual_seed(settings.seed)


def _part_of(progress: ShareProgress | None, begin: float, share: float) -> ShareProgress | None:
    return None if progress is None else lambda done: progress(begin + share * done)


def _to_uint8(frames: Tensor) -> VideoFrames:
    """`[..., 3, S, S]` in [0, 1] -> `[..., S, S, 3]` uint8."""
    return (frames.clamp(0, 1) * 255).round().byte().movedim(-3, -1).cpu().numpy()
