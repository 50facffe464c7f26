"""Tracks one face through a video, also where it is small, and records its landmarks."""

from __future__ import annotations

from contextlib import AbstractContextManager
from pathlib import Path

import numpy as np

from backend.core.errors import InputError
from backend.core.frames import FrameList, parts
from backend.core.progress import Progress
from backend.core.recording import Recording
from backend.core.types import LANDMARKS, FloatArray, Picture
from backend.media.crop import SquareCrop
from backend.media.face_search import face_size, find_faces
from backend.media.landmarks import FaceMesh
from backend.media.video_reader import frame_count, read_video

SQUARE_MARGIN = 3.0
"""Side of the tracked square relative to the face's size: the detector sees the face well, and the face can move."""

MAX_SQUARE_PIXELS = 512
"""Largest side in pixels to which the tracked square is resized."""

MAX_OFF_CENTRE = 0.2
"""Largest distance of the face from the square's centre, as a share of the side, before the square is centred again."""

MIN_FACE_FILL, MAX_FACE_FILL = 0.2, 0.55
"""Shares of the square's side between which the face may fill it before the square is resized."""

MIN_PAUSE_S, MAX_PAUSE_S = 0.5, 8.0
"""Seconds between two searches for a lost face; doubled after each failure."""

REPLACE_S = 0.5
"""After this long without the last face, another face may replace it; forecasts restart after such a gap."""

MAX_JUMP, MAX_GROWTH = 0.5, 1.4
"""Between frames, the centre of a face moves by at most this share of its size, and its size changes by at most this factor."""


class FaceTracker(AbstractContextManager["FaceTracker"]):
    """Face Mesh's tracker in a square around the face, which `find_faces` finds where Face Mesh's own detector misses it.

    The detector misses faces under about an eighth of the picture's width, as in many 16:9 videos.
    """

    def __init__(self) -> None:
        self._mesh = FaceMesh(video=True)
        self._square: SquareCrop | None = None
        self._pause = MIN_PAUSE_S
        self._next = -np.inf

    def __call__(self, picture: Picture, t: float) -> FloatArray | None:
        """Return the face in a frame `[height, width, 3]` at `t` seconds, `[478, 3]` in pixels, or None."""
        face = self._track(picture)
        if face is None and t >= self._next:
            found = find_faces(picture)
            self._pause = MIN_PAUSE_S if found else min(2 * self._pause, MAX_PAUSE_S)
            self._next = t + self._pause
            if found:
                self._square = SquareCrop.centred(found[0], SQUARE_MARGIN * face_size(found[0]))
                face = self._track(picture)
        return face

    def _track(self, picture: Picture) -> FloatArray | None:
        face = self._detect(picture)
        if face is None:
            face = self._detect(picture)  # After the tracker lost the face, the next call runs the detector.
        if face is None or self._square is None:
            return face
        centre = np.abs(self._square.apply(face)[:, :2].mean(0)).max() / 2
        if centre > MAX_OFF_CENTRE or not MIN_FACE_FILL < face_size(face) / self._square.side < MAX_FACE_FILL:
            self._square = SquareCrop.centred(face, SQUARE_MARGIN * face_size(face))
            self._detect(picture)  # The tracker looks for the face at its old position in the square and loses it here.
        return face

    def _detect(self, picture: Picture) -> FloatArray | None:
        if self._square is None:
            return next(iter(self._mesh(picture)), None)
        size = min(MAX_SQUARE_PIXELS, max(1, round(self._square.side)))
        found = self._mesh(self._square.cut(picture, size))
        return self._square.undo(SquareCrop(0, 0, size).apply(found[0])) if found else None

    def __exit__(self, *_: object) -> None:
        self._mesh.__exit__()


def track_face(path: Path, progress: Progress | None = None) -> tuple[Recording, SquareCrop]:
    """Track one face through a video; return its landmarks and the square in pixels that they are relative to.

    The square is fixed for the whole video, around the face's median position and size. Frames without a face are left out,
    and so are frames in which the tracker jumped to another face, until the first is back or `REPLACE_S` have passed.
    `progress` is called after every frame. Pictures pass one at a time, and the landmarks are held once: 6 kB a frame.

    Raises:
        InputError: as `read_video`; `video_no_face`.
    """
    total = frame_count(path)
    faces, times = FrameList((LANDMARKS, 3), np.float32), list[float]()
    last: FloatArray | None = None
    with FaceTracker() as track:
        for index, frame in enumerate(read_video(path)):
            height, width = frame.picture.shape[:2]
            face = track(frame.picture, frame.t)
            if face is not None and (last is None or frame.t - times[-1] > REPLACE_S or _same_face(last, face)):
                last = face
                faces.append(face)
                times.append(frame.t)
            if progress:
                progress(index + 1, total)
    if last is None:
        raise InputError("video_no_face", f"No face was found in {path}.", "Choose a video in which one face is well visible.")
    landmarks = faces.stack()
    middle = np.stack([np.median(landmarks[:, point], axis=0) for point in range(LANDMARKS)])
    crop = SquareCrop.around(middle, width, height)
    for part in parts(landmarks):
        part[:] = crop.apply(part)
    return Recording(landmarks, np.array(times), path.name), crop


def _same_face(before: FloatArray, after: FloatArray) -> bool:
    """Whether faces `[478, 3]` in pixels of consecutive frames can be the same face."""
    size, grown = face_size(before), face_size(after)
    jump = float(np.linalg.norm(before[:, :2].mean(0) - after[:, :2].mean(0)))
    return jump < MAX_JUMP * size and size < MAX_GROWTH * grown and grown < MAX_GROWTH * size
