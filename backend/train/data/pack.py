"""Packs a folder of face clips into one folder with random access to all frames.

The pack holds `frames.bin` (JPEGs end to end) and `index.npz` (offsets, landmarks, which clip, which person, which split).
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import simplejpeg
from numpy.typing import NDArray

from backend.core.clip_table import read_table
from backend.core.errors import InputError
from backend.core.progress import Progress
from backend.core.types import FloatArray
from backend.media.landmarks import FaceMesh
from backend.media.video_reader import read_video

SIZE = 256
MAX_JUMP = 0.15
"""A face whose centre moves further than this from frame to frame (crop units) is another face: the clip is cut there."""


def pack(data: Path, out: Path, *, every: int = 2, progress: Progress | None = None) -> None:
    """Decode every `every`-th frame of all clips, find its landmarks and write the pack.

    Args:
        data: folder with `clips.csv` (columns clip, person, split = train or val) and `clips/`.
        out: folder to write; `index.npz` is written last, so a pack that has it is complete.
        every: keep one frame in this many.
        progress: called with (clips done, clips in all).

    Raises:
        InputError: `clips.csv` is missing or lacks a column, or a clip cannot be read or is not 256 x 256.
    """
    clips = read_table(data / "clips.csv")
    if not clips or not {"clip", "person", "split"} <= clips[0].keys():
        raise InputError("data_columns", f"{data / 'clips.csv'} needs the columns clip, person and split.")
    out.mkdir(parents=True, exist_ok=True)
    offsets, landmarks, clip_of = [0], [], []
    with (out / "frames.bin").open("wb") as file:
        for number, clip in enumerate(clips):
            with FaceMesh(video=True) as mesh:
                last: FloatArray | None = None
                for index, frame in enumerate(read_video(data / "clips" / clip["clip"])):
                    if frame.picture.shape[:2] != (SIZE, SIZE):
                        raise InputError(
                            "data_size", f"{clip['clip']} is not {SIZE} x {SIZE}.", "Crop the clips to the head first."
                        )
                    faces = mesh(frame.picture)
                    if not faces:
                        continue
                    face = faces[0] / (SIZE / 2) - np.array([1, 1, 0], np.float32)
                    if last is not None and np.abs(face[:, :2].mean(0) - last[:, :2].mean(0)).max() > MAX_JUMP:
                        break
                    last = face
                    if index % every == 0:
                        file.write(simplejpeg.encode_jpeg(frame.picture, quality=92, colorsubsampling="444"))
                        offsets.append(file.tell())
                        landmarks.append(face.astype(np.float16))
                        clip_of.append(number)
            if progress:
                progress(number + 1, len(clips))
    np.savez(
        out / "index.npz",
        offsets=np.array(offsets, np.int64),
        landmarks=np.stack(landmarks),
        clip=np.array(clip_of, np.int32),
        person=np.array([clip["person"] for clip in clips]),
        held_out=np.array([clip["split"] == "val" for clip in clips]),
        name=np.array([clip["clip"] for clip in clips]),
    )


class Pack:
    """Random access to a packed folder.

    Attributes:
        landmarks: `[F, 478, 3]` float32.
        clip: `[F]` which clip a frame belongs to.
        person, held_out, name: per clip.
    """

    def __init__(self, folder: Path) -> None:
        if not (folder / "index.npz").is_file():
            raise InputError("pack_missing", f"There is no packed data in {folder}.")
        with np.load(folder / "index.npz", allow_pickle=False) as index:
            self._offsets: NDArray[np.int64] = index["offsets"]
            self.landmarks: FloatArray = index["landmarks"].astype(np.float32)
            self.clip: NDArray[np.int32] = index["clip"]
            self.person: NDArray[np.str_] = index["person"]
            self.held_out: NDArray[np.bool_] = index["held_out"]
            self.name: NDArray[np.str_] = index["name"]
        self._bytes = np.memmap(folder / "frames.bin", np.uint8, "r")

    def __len__(self) -> int:
        return len(self.clip)

    def picture(self, frame: int, size: int = SIZE) -> NDArray[np.uint8]:
        """Decode one frame to `[size, size, 3]`; size is 256 or a JPEG fraction of it (128, 64)."""
        data = self._bytes[self._offsets[frame] : self._offsets[frame + 1]]
        picture: NDArray[np.uint8] = simplejpeg.decode_jpeg(data.tobytes(), min_height=size, min_width=size)
        if picture.shape[0] != size:
            raise InputError("pack_size", f"A packed frame cannot be decoded at {size} pixels.")
        return picture
