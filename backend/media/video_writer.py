"""Writes H.264 video files, each whole or not at all."""

from __future__ import annotations

import contextlib
import errno
import os
import tempfile
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from av.container import OutputContainer
from av.video.reformatter import Colorspace

from backend.core.errors import InputError
from backend.core.files import write_whole
from backend.core.types import Picture


class VideoWriter:
    """Encoder of one H.264 file, which `write_video` creates; `frames` counts the pictures written so far."""

    def __init__(self, container: OutputContainer, fps: float) -> None:
        self.frames = 0
        self._container = container
        self._stream = container.add_stream("libx264", rate=Fraction(fps).limit_denominator(1001))
        self._stream.pix_fmt = "yuv420p"
        self._stream.options = {"crf": "18", "preset": "medium"}
        context = self._stream.codec_context
        context.colorspace = context.color_primaries = context.color_trc = 1  # BT.709, which players assume
        context.color_range = 1
        self._shape: tuple[int, ...] | None = None

    def write(self, picture: Picture) -> None:
        """Append a picture `[height, width, 3]`; all have the same shape. The last row or column of an odd side is repeated.

        Raises:
            ValueError: the shape is not the first picture's, or not that of a picture.
        """
        if picture.dtype != np.uint8 or picture.ndim != 3 or picture.shape[2] != 3:
            raise ValueError(f"a picture is uint8 [height, width, 3], not {picture.dtype} {picture.shape}")
        if self._shape is None:
            self._shape = picture.shape
            self._stream.height, self._stream.width = (length + length % 2 for length in picture.shape[:2])
        if picture.shape != self._shape:
            raise ValueError(f"a video of {self._shape} cannot take a picture of {picture.shape}")
        even = np.pad(picture, [(0, picture.shape[0] % 2), (0, picture.shape[1] % 2), (0, 0)], mode="edge")
        frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(even), format="rgb24")
        frame = frame.reformat(format="yuv420p", dst_colorspace=Colorspace.ITU709)
        self._container.mux(self._stream.encode(frame))
        self.frames += 1

    def finish(self) -> None:
        """Write the frames that the encoder still holds."""
        if self.frames:
            self._container.mux(self._stream.encode(None))


@contextlib.contextmanager
def write_video(path: Path, fps: float) -> Iterator[VideoWriter]:
    """Write an H.264 (yuv420p, BT.709) MP4 of `fps` frames per second, above 0; `path` changes only when the file is complete.

    Its folder is created.

    Raises:
        InputError: `video_unwritable`: the place cannot be written, or no frame was.
    """
    with contextlib.ExitStack() as stack:
        with _place(path):
            hidden = stack.enter_context(write_whole(path))
        with av.open(str(hidden), "w", format="mp4", options={"movflags": "+faststart"}) as container:
            writer = VideoWriter(container, fps)
            yield writer
            writer.finish()
        if not writer.frames:
            raise InputError("video_unwritable", f"No frame came for {path}.")


def check_writable(path: Path, suffixes: tuple[str, ...] = (".mp4",)) -> None:
    """Check, before long work, that a film can be written there; raises `video_suffix` (none of them) or `video_unwritable`."""
    if path.suffix.lower() not in suffixes:
        raise InputError("video_suffix", f"{path} is not the name of an MP4.", "End the name in .mp4.")
    with _place(path):
        tempfile.TemporaryFile(dir=path.parent).close()


@contextlib.contextmanager
def _place(path: Path) -> Iterator[None]:
    """Create the folder of `path`; report an `OSError` here or in the block as `video_unwritable`."""
    try:
        if path.is_dir():
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
        path.parent.mkdir(parents=True, exist_ok=True)
        yield
    except OSError as error:
        raise InputError("video_unwritable", f"{path} cannot be written: {error.strerror}.", "Choose another place.") from None
