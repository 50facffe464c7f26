"""MediaPipe Face Mesh and Pose: picture -> landmarks of faces, points of a body. The only module that imports mediapipe."""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Iterator

import numpy as np

from backend.core.types import LANDMARKS, FloatArray, Picture

_stderr = threading.Lock()


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Discard what MediaPipe's C++ code writes to standard error, as it has no setting for this; one thread at a time."""
    with _stderr:
        saved, null = os.dup(2), os.open(os.devnull, os.O_WRONLY)
        try:
            os.dup2(null, 2)
            yield
        finally:
            os.dup2(saved, 2)
            os.close(saved)
            os.close(null)


with _quiet():
    from mediapipe.python.solutions import face_mesh, pose


class FaceMesh(contextlib.AbstractContextManager["FaceMesh"]):
    """MediaPipe Face Mesh with refined lips, eyes and irises: 478 points a face.

    Args:
        video: track one face from frame to frame; otherwise every picture is searched independently.
        max_faces: maximum of faces to report; above 1 only for still pictures.
        confidence: least detection confidence in [0, 1].
    """

    _warned = False  # MediaPipe warns once per process, at the first face.

    def __init__(self, *, video: bool, max_faces: int = 1, confidence: float = 0.5) -> None:
        with _quiet():
            self._mesh = face_mesh.FaceMesh(
                static_image_mode=not video,
                max_num_faces=max_faces,
                refine_landmarks=True,
                min_detection_confidence=confidence,
                min_tracking_confidence=0.5,
            )
            # The graph starts in its own threads, which write warnings; this call waits for them.
            self._mesh.process(np.zeros((2, 2, 3), np.uint8))

    def __call__(self, picture: Picture) -> list[FloatArray]:
        """Return landmarks `[478, 3]` of each face in pixels; z has the same scale and is negative towards the camera."""
        height, width = picture.shape[:2]
        with contextlib.nullcontext() if FaceMesh._warned else _quiet():
            found = self._mesh.process(np.ascontiguousarray(picture)).multi_face_landmarks or []
        FaceMesh._warned |= bool(found)
        scale = np.array([width, height, width], np.float32)
        return [np.array([(p.x, p.y, p.z) for p in face.landmark], np.float32).reshape(LANDMARKS, 3) * scale for face in found]

    def __exit__(self, *_: object) -> None:
        self._mesh.close()


class BodyPose(contextlib.AbstractContextManager["BodyPose"]):
    """MediaPipe Pose: 33 points of one body, followed from frame to frame and smoothed over time.

    It is the model of medium size, the only one in MediaPipe's package: the others would be downloaded.
    """

    def __init__(self) -> None:
        with _quiet():
            self._pose = pose.Pose(model_complexity=1)
            self._pose.process(np.zeros((8, 8, 3), np.uint8))  # Waits for the graph's threads, as for `FaceMesh`.

    def __call__(self, picture: Picture) -> FloatArray | None:
        """Return the points `[33, 3]` of the body in pixels, also where they are hidden or outside, or None."""
        height, width = picture.shape[:2]
        with _quiet():
            found = self._pose.process(np.ascontiguousarray(picture)).pose_landmarks
        if not found:
            return None
        return np.array([(p.x * width, p.y * height, p.z * width) for p in found.landmark], np.float32)

    def __exit__(self, *_: object) -> None:
        self._pose.close()
