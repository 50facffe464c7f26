"""Uploaded pictures -> portraits: decoded with care, cropped to the one face, or refused in plain words."""

from __future__ import annotations

import io
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import skimage.data
from numpy.typing import NDArray
from PIL import Image, ImageOps

from backend.core.errors import InputError
from backend.core.types import FloatArray
from backend.media.crop import SquareCrop
from backend.media.face_search import face_size, find_upright, same_place
from backend.media.landmarks import FaceMesh

MAX_BYTES = 12_000_000
MAX_PIXELS = 50_000_000
MIN_FACE = 80
"""Pixels of the upload that the longer side of the face's box must have."""

SIZES = (256, 512)
"""Edge of a portrait in pixels: the nearest is taken. Few sizes, so that portraits of several sessions render as one batch."""

SECOND_FACE = 0.4
"""A face at least this large relative to the largest is another person in the picture, not somebody in the background."""

WHOLE_EDGE = 1280
"""Longest edge of the whole picture that is kept beside a crop."""

WORKING_EDGE = 2048
"""Larger pictures are reduced to this before the face is looked for."""

FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF", "PPM", "AVIF")
"""What Pillow may try. Left out on purpose: formats that start other programs or hold documents."""

BUNDLED = {
    "astronaut": "Photograph",
    "studio": "Studio",
    "oil": "Oil on canvas",
    "poster": "Poster",
    "marble": "Marble",
    "engraving": "Engraving",
    "halftone": "Pop art",
}
"""The portraits that come along, by name, with what each is; the first is the one that a session starts with."""

FIRST = next(iter(BUNDLED))
ASSETS = Path(__file__).resolve().parent.parent / "assets" / "portraits"

HEIC_BRANDS = {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"}
AVIF_BRANDS = {b"avif", b"avis"}
GREY = (128, 128, 128, 255)


@dataclass(frozen=True)
class PortraitImage:
    """A face, framed.

    Attributes:
        picture: `[S, S, 3]` uint8 RGB, S one of `SIZES`.
        landmarks: `[478, 3]` float32 in [-1, 1] of the picture.
        whole: the picture that it was cropped from, upright, `[height, width, 3]` uint8 RGB, at most `WHOLE_EDGE` long;
            None where nobody kept it.
        crop: the square in pixels of `whole` that `picture` shows.
    """

    picture: NDArray[np.uint8]
    landmarks: FloatArray
    whole: NDArray[np.uint8] | None = None
    crop: SquareCrop | None = None


def load_portrait(data: bytes) -> PortraitImage:
    """Decode an upload, find its one face and crop to it.

    Orientation tags are honoured, transparency lies over grey, every colour mode becomes RGB. An animation gives its first
    frame.

    Args:
        data: the file's bytes: JPEG, PNG, WebP, GIF, BMP, TIFF, PPM or AVIF.

    Raises:
        InputError: `portrait_not_image`, `portrait_too_large`, `portrait_too_small`, `portrait_no_face`,
            `portrait_several_faces`.
    """
    picture, scale = _decode(data)
    return _frame(picture, MIN_FACE * scale)


def bundled_portrait(name: str = FIRST) -> PortraitImage:
    """Return a portrait that comes along.

    Args:
        name: one of `BUNDLED`. `astronaut` is Eileen Collins, a public-domain NASA photo; the others were painted by a program.

    Raises:
        InputError: `portrait_unknown`.
    """
    return _frame(bundled_picture(name), MIN_FACE)


def bundled_picture(name: str) -> NDArray[np.uint8]:
    """Return a bundled portrait's file as it is, `[height, width, 3]` uint8 RGB, without looking for the face.

    Raises:
        InputError: `portrait_unknown`.
    """
    if name not in BUNDLED:
        raise InputError(
            "portrait_unknown", f"No portrait named {name[:40]!r} comes along.", f"There are: {', '.join(BUNDLED)}."
        )
    if name == FIRST:
        photo: NDArray[np.uint8] = skimage.data.astronaut()  # type: ignore[no-untyped-call]
        return photo
    return _decode((ASSETS / f"{name}.webp").read_bytes())[0]


def _decode(data: bytes) -> tuple[NDArray[np.uint8], float]:
    """Return the upright RGB picture, at most `WORKING_EDGE` long, and its scale relative to the file's pixels."""
    if len(data) > MAX_BYTES:
        raise InputError(
            "portrait_too_large", f"The picture has more than {MAX_BYTES // 1_000_000} MB.", "Save it smaller, or as a JPEG."
        )
    if _is_heic(data):
        raise InputError("portrait_not_image", "HEIC pictures cannot be read here.", "Save the photo as a JPEG or PNG.")
    try:
        with Image.open(io.BytesIO(data), formats=FORMATS) as image:
            width, height = image.size
            if width * height > MAX_PIXELS:
                raise _too_many_pixels()
            if min(width, height) < MIN_FACE:
                raise _too_small()
            image.draft(None, (WORKING_EDGE, WORKING_EDGE))
            upright = _rgb(ImageOps.exif_transpose(image))
            upright.thumbnail((WORKING_EDGE, WORKING_EDGE), Image.Resampling.LANCZOS)
    except InputError:
        raise
    except Image.DecompressionBombError:
        raise _too_many_pixels() from None
    except Exception:  # Pillow's decoders raise almost anything on damaged or hostile files.
        raise InputError(
            "portrait_not_image", "This file cannot be read as a picture.", "Choose a JPEG, PNG or WebP that opens elsewhere."
        ) from None
    return np.asarray(upright), max(upright.size) / max(width, height)


def _is_heic(data: bytes) -> bool:
    """Whether a file's type box (ISO/IEC 14496-12) names HEIC's brands, and AVIF's, which shares `mif1`, nowhere."""
    if data[4:8] != b"ftyp":
        return False
    box = data[8 : min(int.from_bytes(data[:4], "big"), 256)]
    brands = {box[i : i + 4] for i in range(0, len(box), 4) if i != 4}  # the second word is a version
    return data[8:12] in HEIC_BRANDS and not brands & AVIF_BRANDS


def _rgb(image: Image.Image) -> Image.Image:
    """Any mode -> 8-bit RGB of the first frame."""
    if image.mode.startswith("I") or image.mode == "F":
        image = _eight_bits(image)
    if image.has_transparency_data:
        seen = image.convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", seen.size, GREY), seen)
    return image.convert("RGB")


def _eight_bits(image: Image.Image) -> Image.Image:
    """16-bit, 32-bit and floating-point grey -> 8 bits, by the range that the numbers suggest."""
    values = np.nan_to_num(np.asarray(image).astype(np.float64))
    top = values.max(initial=0.0)
    full = next((full for full in (1.0, 255.0, 65535.0) if top <= full), top)
    return Image.fromarray((values.clip(0) * (255 / full)).round().astype(np.uint8))


def _frame(picture: NDArray[np.uint8], min_face: float) -> PortraitImage:
    """Crop to the one face and measure it there."""
    picture, faces = find_upright(picture)
    height, width = picture.shape[:2]
    if not faces:
        raise InputError(
            "portrait_no_face",
            "No face was found in the picture.",
            "Choose one where a single face looks at the camera, unobstructed.",
        )
    if len(faces) > 1 and face_size(faces[1]) >= SECOND_FACE * face_size(faces[0]):
        raise InputError("portrait_several_faces", "The picture shows several faces.", "Crop it to the one that should move.")
    if face_size(faces[0]) < min_face:
        raise _too_small()
    crop = SquareCrop.around(faces[0], width, height)
    size = min(SIZES, key=lambda edge: abs(edge - crop.side))
    cut = crop.cut(picture, size)
    scale = min(1.0, WHOLE_EDGE / max(height, width))
    whole = Image.fromarray(picture).resize((round(width * scale), round(height * scale)), Image.Resampling.LANCZOS)
    place = SquareCrop(crop.x * scale, crop.y * scale, crop.side * scale)
    return PortraitImage(cut, _measure(cut, crop.apply(faces[0])), np.asarray(whole), place)


def _measure(cut: NDArray[np.uint8], fallback: FloatArray) -> FloatArray:
    """Landmarks as a camera's are made: tracked until the region of interest rests on the face, not on a detector's box."""
    landmarks = fallback
    whole = SquareCrop(0, 0, len(cut))
    with FaceMesh(video=True) as mesh:
        for _ in range(3):
            found = mesh(cut)
            if not found or not same_place(whole.apply(found[0]), fallback):
                break
            landmarks = whole.apply(found[0])
    return landmarks


def _too_small() -> InputError:
    return InputError(
        "portrait_too_small",
        f"The face is too small: it needs at least {MIN_FACE} pixels.",
        "Choose a larger picture, or a closer one.",
    )


def _too_many_pixels() -> InputError:
    return InputError(
        "portrait_too_large", f"The picture has more than {MAX_PIXELS // 1_000_000} megapixels.", "Save it smaller."
    )
