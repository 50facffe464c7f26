"""Clips of a pack for training on video: windows of frames, mirrored or not, with captions; and their latents, kept."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from backend.keypoints.captions import VOCABULARY, caption
from backend.train.data.pack import Pack

MIRROR = {
    VOCABULARY.index("turns left"): VOCABULARY.index("turns right"),
    VOCABULARY.index("turns right"): VOCABULARY.index("turns left"),
}


class VideoClips:
    """Windows of frames drawn from a pack, people weighed alike.

    Args:
        pack: the data.
        size: side of the frames in pixels.
        frames: of a window.
        held_out: of the held-out people instead of the others.
    """

    def __init__(self, pack: Pack, size: int, frames: int, *, held_out: bool = False) -> None:
        self._pack, self.size, self.frames = pack, size, frames
        self._clips: dict[str, list[NDArray[np.intp]]] = {}
        for clip in np.flatnonzero(pack.held_out == held_out):
            rows = np.flatnonzero(pack.clip == clip)
            if len(rows) >= frames:
                self._clips.setdefault(str(pack.person[clip]), []).append(rows)
        self._people = sorted(self._clips)

    @property
    def rows(self) -> NDArray[np.intp]:
        """All frames that windows are made of, as numbers of the pack."""
        return np.concatenate([rows for clips in self._clips.values() for rows in clips])

    def pictures(self, rows: NDArray[np.intp]) -> Tensor:
        """Decode frames: `[F, 3, size, size]` in [0, 1]."""
        decoded = np.stack([self._pack.picture(int(row), self.size) for row in rows])
        return torch.from_numpy(decoded).permute(0, 3, 1, 2).float() / 255

    def draw(self, batch: int, generator: np.random.Generator) -> NDArray[np.intp]:
        """Draw windows: numbers of the pack `[batch, frames]`."""
        windows = []
        for _ in range(batch):
            clips = self._clips[self._people[generator.integers(len(self._people))]]
            rows = clips[generator.integers(len(clips))]
            start = generator.integers(len(rows) - self.frames + 1)
            windows.append(rows[start : start + self.frames])
        return np.stack(windows)

    def spread(self, per_clip: int) -> NDArray[np.intp]:
        """Windows evenly spread over every clip: `[windows, frames]`."""
        return np.stack(
            [
                rows[start : start + self.frames]
                for clips in self._clips.values()
                for rows in clips
                for start in np.linspace(0, len(rows) - self.frames, per_clip).astype(int)
            ]
        )

    def captions(self, windows: NDArray[np.intp], mirrored: NDArray[np.bool_]) -> Tensor:
        """Word numbers `[B, LENGTH]` of what the faces of windows do; a mirror changes left and right."""
        found = np.stack([caption(self._pack.landmarks[window]) for window in windows])
        for row in np.flatnonzero(mirrored):
            found[row] = [MIRROR.get(int(number), int(number)) for number in found[row]]
        return torch.from_numpy(found)


class KeptLatents:
    """Latents of all frames of some clips, as they are and mirrored, so that every frame is encoded once.

    Args:
        clips: whose frames.
        encode: frames `[F, 3, S, S]` -> latents `[F, H, W, C]`.
        batch: frames encoded at once.
    """

    def __init__(self, clips: VideoClips, encode: Callable[[Tensor], Tensor], batch: int = 128) -> None:
        rows = np.unique(clips.rows)
        self._place = np.full(int(rows.max()) + 1, -1)
        self._place[rows] = np.arange(len(rows))
        kept: tuple[list[Tensor], list[Tensor]] = ([], [])
        with torch.inference_mode():
            for start in range(0, len(rows), batch):
                pictures = clips.pictures(rows[start : start + batch])
                for side, latents in enumerate(kept):
                    latents.append(encode(pictures.flip(-1) if side else pictures).half())
        self._kept = torch.stack([torch.cat(latents) for latents in kept])

    def __call__(self, windows: NDArray[np.intp], mirrored: NDArray[np.bool_]) -> Tensor:
        """Latents of windows `[B, T]`, mirrored where that is said (`[B, T]`, or `[B, 1]`): `[B, T, H, W, C]` float32."""
        return self._kept[torch.from_numpy(mirrored.astype(np.int64)), torch.from_numpy(self._place[windows])].float()
