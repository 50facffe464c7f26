"""Packs face clips into one folder with random access to all frames.

The pack holds `frames.bin` (JPEGs end to end) and `index.npz` (offsets, landmarks, which clip, which person, which split).
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import simplejpeg
from numpy.typing import NDArray
from torch import Tensor

from backend.core.arrays import load_arrays, save_arrays
from backend.core.clip_table import read_table
from backend.core.errors import InputError, reason
from backend.core.files import require_file, write_whole
from backend.core.frames import FrameList
from backend.core.pixels import to_tensor
from backend.core.progress import Progress
from backend.core.types import LANDMARKS, FloatArray, Picture
from backend.media.landmarks import FaceMesh
from backend.media.video_reader import read_video

SIZE = 256
INDEX, FRAMES = "index.npz", "frames.bin"
MAX_JUMP = 0.15
"""The clip is cut where the face's centre moves further than this between frames (crop units): it is another face."""


def pack(data: Path, out: Path, progress: Progress | None = None) -> None:
    """Decode every second frame of all clips, find its landmarks and write the pack.

    Args:
        data: folder with `clips.csv` (columns clip, person, split = train or val) and `clips/`.
        out: folder to write; a pack that is there is replaced when the new one is complete.
        progress: called with (clips done, clips in all).

    Raises:
        InputError: `data_missing`; `data_columns`; `data_size` (a clip is not 256 x 256); `data_empty` (no clip shows a face);
            as `read_video`.
    """
    clips = read_table(data / "clips.csv")
    if not clips or not {"clip", "person", "split"} <= clips[0].keys():
        raise InputError("data_columns", f"{data / 'clips.csv'} needs the columns clip, person and split.")
    out.mkdir(parents=True, exist_ok=True)
    offsets, landmarks, clip_of = [0], FrameList((LANDMARKS, 3), np.float16), list[int]()
    with write_whole(out / INDEX) as index, write_whole(out / FRAMES) as frames, frames.open("wb") as file:
        for number, name in enumerate(clip["clip"] for clip in clips):
            with FaceMesh(video=True) as mesh:
                last: FloatArray | None = None
                for place, frame in enumerate(read_video(data / "clips" / name)):
                    if frame.picture.shape[:2] != (SIZE, SIZE):
                        raise InputError("data_size", f"{name} is not {SIZE} x {SIZE}.", "Crop the clips to the head first.")
                    faces = mesh(frame.picture)
                    if not faces:
                        continue
                    face = faces[0] / (SIZE / 2) - np.array([1, 1, 0], np.float32)
                    if last is not None and np.abs(face[:, :2].mean(0) - last[:, :2].mean(0)).max() > MAX_JUMP:
                        break
                    last = face
                    if place % 2 == 0:
                        file.write(simplejpeg.encode_jpeg(frame.picture, quality=92, colorsubsampling="444"))
                        offsets.append(file.tell())
                        landmarks.append(face.astype(np.float16))
                        clip_of.append(number)
            if progress:
                progress(number + 1, len(clips))
        if not clip_of:
            raise InputError("data_empty", f"No clip of {data} shows a face.", "Choose clips of one face each.")
        arrays: dict[str, NDArray[Any]] = {
            "offsets": np.array(offsets, np.int64),
            "landmarks": landmarks.stack(),
            "clip": np.array(clip_of, np.int32),
            "person": np.array([clip["person"] for clip in clips]),
            "held_out": np.array([clip["split"] == "val" for clip in clips]),
            "name": np.array([clip["clip"] for clip in clips]),
        }
        save_arrays(index, arrays, compressed=False)


class Pack:
    """Random access to a packed folder.

    Raises:
        InputError: `pack_missing`; `pack_damaged`.
    """

    def __init__(self, folder: Path) -> None:
        again = "Make it with `motionfan train pack`."
        if not (folder / INDEX).is_file():
            raise InputError("pack_missing", f"There is no packed data in {folder}.", again)
        try:
            index = load_arrays(folder / INDEX)
            self._offsets: NDArray[np.int64] = index["offsets"]
            self.landmarks: FloatArray = index["landmarks"].astype(np.float32)  # `[F, 478, 3]`
            self.clip: NDArray[np.int32] = index["clip"]  # number of the clip that a frame belongs to, `[F]`
            self.person: NDArray[np.str_] = index["person"]  # of each clip, as `held_out`
            self.held_out: NDArray[np.bool_] = index["held_out"]
            self._bytes = np.memmap(require_file(folder / FRAMES), np.uint8, "r")
            self._check()
        except (OSError, ValueError, KeyError) as error:
            why = reason(error)
            raise InputError("pack_damaged", f"The packed data in {folder} cannot be used ({why}).", again) from None

    def _check(self) -> None:
        """Raise a ValueError where the arrays do not belong together, or to the frames."""
        frames = len(self.clip)
        if self.landmarks.shape != (frames, LANDMARKS, 3) or self._offsets.shape != (frames + 1,) or not frames:
            raise ValueError("it does not hold landmarks and a place for every frame")
        if self.person.shape != self.held_out.shape or not 0 <= self.clip.min() <= self.clip.max() < len(self.person):
            raise ValueError("it does not hold a person for every clip")
        if self._offsets[0] != 0 or self._offsets[-1] != len(self._bytes) or (np.diff(self._offsets) <= 0).any():
            raise ValueError(f"{INDEX} and {FRAMES} are not of the same pack")

    def __len__(self) -> int:
        return len(self.clip)

    def clips(self, held_out: bool, min_frames: int) -> dict[str, list[NDArray[np.intp]]]:
        """Return the frames of each clip of at least `min_frames`, by person; of held-out people or of the others."""
        found: dict[str, list[NDArray[np.intp]]] = {}
        for clip in np.flatnonzero(self.held_out == held_out):
            frames = np.flatnonzero(self.clip == clip)
            if len(frames) >= min_frames:
                found.setdefault(str(self.person[clip]), []).append(frames)
        return found

    def picture(self, frame: int, size: int = SIZE) -> Picture:
        """Decode one frame to `[size, size, 3]`; size is 256, 128 or 64. Raises `pack_size` or `pack_damaged`."""
        data = self._bytes[self._offsets[frame] : self._offsets[frame + 1]]
        try:
            picture: Picture = simplejpeg.decode_jpeg(data.tobytes(), min_height=size, min_width=size)
        except ValueError as error:
            message = f"Frame {frame} of the packed data cannot be decoded ({reason(error)})."
            raise InputError("pack_damaged", message, "Pack the clips again.") from None
        if picture.shape[0] != size:
            raise InputError("pack_size", f"A packed frame cannot be decoded at {size} pixels.")
        return picture

    def pictures(self, frames: Iterable[int], size: int) -> Tensor:
        """Decode several frames: `[F, 3, size, size]` in [0, 1]."""
        return to_tensor(np.stack([self.picture(frame, size) for frame in frames]))
