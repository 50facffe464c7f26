"""Windows of a pack's frames for training on video, mirrored or not, with captions; and a cache of their latents."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from backend.keypoints.captions import VOCABULARY, caption
from backend.train.data.pack import Pack

LEFT, RIGHT = VOCABULARY.index("turns left"), VOCABULARY.index("turns right")
MIRROR = {LEFT: RIGHT, RIGHT: LEFT}


class VideoClips:
    """Samples windows of `frames` frames from a pack, every person equally often; of the held-out people or of the others.

    `size` is the side of the frames in pixels.
    """

    def __init__(self, pack: Pack, size: int, frames: int, *, held_out: bool = False) -> None:
        self._pack, self.size, self.frames = pack, size, frames
        self._by_person = pack.clips(held_out, frames)
        self._people = sorted(self._by_person)
        self.clips = [rows for clips in self._by_person.values() for rows in clips]  # indices in the pack of each clip's frames

    def pictures(self, rows: NDArray[np.intp]) -> Tensor:
        """Decode frames: `[F, 3, size, size]` in [0, 1]."""
        return self._pack.pictures(rows, self.size)

    def sample(self, batch: int, generator: np.random.Generator) -> NDArray[np.intp]:
        """Sample windows: indices in the pack `[batch, frames]`."""
        windows = []
        for _ in range(batch):
            clips = self._by_person[self._people[generator.integers(len(self._people))]]
            rows = clips[generator.integers(len(clips))]
            start = generator.integers(len(rows) - self.frames + 1)
            windows.append(rows[start : start + self.frames])
        return np.stack(windows)

    def evenly_spaced(self, per_clip: int) -> NDArray[np.intp]:
        """Return evenly spaced windows of every clip: `[windows, frames]`."""
        windows = []
        for rows in self.clips:
            starts = np.linspace(0, len(rows) - self.frames, per_clip).astype(int)
            windows += [rows[start : start + self.frames] for start in starts]
        return np.stack(windows)

    def captions(self, windows: NDArray[np.intp], mirrored: NDArray[np.bool_]) -> Tensor:
        """Caption the faces' motion in windows: `[B, LENGTH]` word numbers; a mirror swaps left and right."""
        found = np.stack([caption(self._pack.landmarks[window]) for window in windows])
        for row in np.flatnonzero(mirrored):
            found[row] = [MIRROR.get(int(number), int(number)) for number in found[row]]
        return torch.from_numpy(found)


class LatentCache:
    """Latents of all frames of some clips, plain and mirrored, each encoded once by `[F, 3, S, S]` -> `[F, H, W, C]`."""

    def __init__(self, clips: VideoClips, encode: Callable[[Tensor], Tensor]) -> None:
        rows = np.unique(np.concatenate(clips.clips))
        self._index = np.full(int(rows.max()) + 1, -1)
        self._index[rows] = np.arange(len(rows))
        encoded: tuple[list[Tensor], list[Tensor]] = ([], [])
        with torch.inference_mode():
            for start in range(0, len(rows), 128):
                pictures = clips.pictures(rows[start : start + 128])
                for side, latents in enumerate(encoded):
                    latents.append(encode(pictures.flip(-1) if side else pictures).half())
        self._latents = torch.stack([torch.cat(latents) for latents in encoded])

    def __call__(self, windows: NDArray[np.intp], mirrored: NDArray[np.bool_]) -> Tensor:
        """Return latents of windows `[B, T]`, mirrored per frame `[B, T]` or window `[B, 1]`: `[B, T, H, W, C]` float32."""
        side = torch.from_numpy(mirrored.astype(np.int64))
        return self._latents[side, torch.from_numpy(self._index[windows])].float()
