"""Turns pictures into portraits: finds the one face and crops to it."""

from __future__ import annotations

from dataclasses import replace

from backend.core.errors import InputError
from backend.core.types import FloatArray, Picture
from backend.media.crop import SquareCrop
from backend.media.face_search import face_size, find_upright, same_place
from backend.media.images import MIN_FACE, PortraitImage, cropped, decode_picture, too_small
from backend.media.landmarks import FaceMesh

MIN_SECOND_FACE = 0.4
"""Least size, relative to the largest face, of a second person who is not in the background."""


def load_portrait(data: bytes) -> PortraitImage:
    """Decode a file, find its one face and crop to it.

    Raises:
        InputError: `portrait_no_face`, `portrait_several_faces`, `portrait_too_small`; as `decode_picture`.
    """
    picture, scale = decode_picture(data)
    return frame_portrait(picture, MIN_FACE * scale)


def frame_portrait(picture: Picture, min_face: float = MIN_FACE) -> PortraitImage:
    """Crop a picture `[height, width, 3]` to its one face, of at least `min_face` pixels, and find its landmarks there.

    Raises:
        InputError: `portrait_no_face`, `portrait_several_faces`, `portrait_too_small`.
    """
    picture, faces = find_upright(picture)
    height, width = picture.shape[:2]
    if not faces:
        hint = "Choose one where a single face looks at the camera, unobstructed."
        raise InputError("portrait_no_face", "No face was found in the picture.", hint)
    if len(faces) > 1 and face_size(faces[1]) >= MIN_SECOND_FACE * face_size(faces[0]):
        raise InputError("portrait_several_faces", "The picture shows several faces.", "Crop it to the one that should move.")
    if face_size(faces[0]) < min_face:
        raise too_small()
    crop = SquareCrop.around(faces[0], width, height)
    image = cropped(picture, crop, crop.apply(faces[0]))
    return replace(image, landmarks=_measure(image.picture, image.landmarks))


def _measure(cut: Picture, fallback: FloatArray) -> FloatArray:
    """Find landmarks as in a video: track until the region of interest comes from the face, not from the detector's box."""
    landmarks = fallback
    whole = SquareCrop(0, 0, len(cut))
    with FaceMesh(video=True) as mesh:
        for _ in range(3):
            found = mesh(cut)
            if not found or not same_place(whole.apply(found[0]), fallback):
                break
            landmarks = whole.apply(found[0])
    return landmarks
