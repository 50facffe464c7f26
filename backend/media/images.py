"""Turns uploaded pictures into portraits: decodes files safely and crops to the one face."""

from __future__ import annotations

import io
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import skimage.data
from PIL import Image, ImageOps

from backend.core.errors import InputError
from backend.core.types import FloatArray, Picture
from backend.media.crop import SquareCrop
from backend.media.face_search import face_size, find_upright, same_place
from backend.media.landmarks import FaceMesh

MAX_BYTES = 12_000_000
MAX_PIXELS = 50_000_000
MIN_FACE = 80
"""Least longer side of the face's box, in pixels of the upload."""

SIZES = (256, 512, 1024)
"""Sides of portraits in pixels; the nearest is used. With few sizes, portraits of several sessions form one batch."""

MIN_SECOND_FACE = 0.4
"""Least size, relative to the largest face, of a second person who is not in the background."""

MAX_WHOLE_EDGE = 1280
"""Longest edge in pixels of the whole picture that is kept with its crop."""

MAX_WORKING_EDGE = 2048
"""Longest edge in pixels at which faces are searched for; larger pictures are reduced."""

FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF", "PPM", "AVIF")
"""Formats that Pillow may decode: none that starts other programs or holds documents."""

BUNDLED = {
    "astronaut": "Photograph",
    "studio": "Studio",
    "oil": "Oil on canvas",
    "poster": "Poster",
    "marble": "Marble",
    "engraving": "Engraving",
    "halftone": "Pop art",
}
"""Names and descriptions of the bundled portraits: Eileen Collins (public-domain NASA photo), and six of `tools/portraits`."""

DEFAULT_PORTRAIT = next(iter(BUNDLED))
ASSETS = Path(__file__).resolve().parent.parent / "assets" / "portraits"

HEIC_BRANDS = {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"}
AVIF_BRANDS = {b"avif", b"avis"}
GREY = (128, 128, 128, 255)


@dataclass(frozen=True)
class PortraitImage:
    """A portrait cropped to its face."""

    picture: Picture  # `[S, S, 3]`, S one of `SIZES`
    landmarks: FloatArray  # `[478, 3]` float32 in [-1, 1] of the picture
    # the upright picture `[height, width, 3]` that it was cropped from, at most `MAX_WHOLE_EDGE` long; or None
    whole: Picture | None = None
    crop: SquareCrop | None = None  # the square in pixels of `whole` that `picture` shows


def load_portrait(data: bytes) -> PortraitImage:
    """Decode a file of one of `FORMATS`, find its one face and crop to it.

    Orientation tags are applied, transparent pixels are blended with grey, and every colour mode becomes RGB. Only the first
    frame of an animation is used.

    Raises:
        InputError: `portrait_not_image`, `portrait_too_large`, `portrait_too_small`, `portrait_no_face`,
            `portrait_several_faces`.
    """
    picture, scale = _decode(data)
    return _frame(picture, MIN_FACE * scale)


def bundled_portrait(name: str = DEFAULT_PORTRAIT) -> PortraitImage:
    """Return a bundled portrait; raises as `bundled_picture`."""
    return _frame(bundled_picture(name), MIN_FACE)


def bundled_picture(name: str) -> Picture:
    """Return the picture `[height, width, 3]` of a bundled portrait, not cropped; raises `portrait_unknown`."""
    if name not in BUNDLED:
        raise InputError("portrait_unknown", f"There is no portrait {name[:40]!r}.", f"There are: {', '.join(BUNDLED)}.")
    if name == DEFAULT_PORTRAIT:
        return np.asarray(skimage.data.astronaut())  # type: ignore[no-untyped-call]
    return _decode((ASSETS / f"{name}.webp").read_bytes())[0]


def _decode(data: bytes) -> tuple[Picture, float]:
    """Return the upright RGB picture, at most `MAX_WORKING_EDGE` long, and its scale relative to the file's pixels."""
    if len(data) > MAX_BYTES:
        raise _too_large(f"{MAX_BYTES // 1_000_000} MB", "Save it smaller, or as a JPEG.")
    if _is_heic(data):
        raise InputError("portrait_not_image", "HEIC pictures cannot be read here.", "Save the photo as a JPEG or PNG.")
    try:
        with Image.open(io.BytesIO(data), formats=FORMATS) as image:
            width, height = image.size
            if width * height > MAX_PIXELS:
                raise Image.DecompressionBombError
            if min(width, height) < MIN_FACE:
                raise _too_small()
            image.draft(None, (MAX_WORKING_EDGE, MAX_WORKING_EDGE))
            upright = _rgb(ImageOps.exif_transpose(image))
            upright.thumbnail((MAX_WORKING_EDGE, MAX_WORKING_EDGE), Image.Resampling.LANCZOS)
    except InputError:
        raise
    except Image.DecompressionBombError:
        raise _too_large(f"{MAX_PIXELS // 1_000_000} megapixels", "Save it smaller.") from None
    except Exception:  # Pillow's decoders raise almost anything on damaged or hostile files.
        hint = "Choose a JPEG, PNG or WebP that opens elsewhere."
        raise InputError("portrait_not_image", "This file cannot be read as a picture.", hint) from None
    return np.asarray(upright), max(upright.size) / max(width, height)


def _is_heic(data: bytes) -> bool:
    """Whether the type box (ISO/IEC 14496-12) lists a brand of HEIC and none of AVIF, which also uses `mif1`."""
    if data[4:8] != b"ftyp":
        return False
    box = data[8 : min(int.from_bytes(data[:4], "big"), 256)]
    brands = {box[i : i + 4] for i in range(0, len(box), 4) if i != 4}  # The second word is a version.
    return data[8:12] in HEIC_BRANDS and not brands & AVIF_BRANDS


def _rgb(image: Image.Image) -> Image.Image:
    if image.mode.startswith("I") or image.mode == "F":
        image = _eight_bits(image)
    if image.has_transparency_data:
        seen = image.convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", seen.size, GREY), seen)
    return image.convert("RGB")


def _eight_bits(image: Image.Image) -> Image.Image:
    """Convert 16-bit, 32-bit and floating-point grey to 8 bits, by the range that the largest value suggests."""
    values = np.nan_to_num(np.asarray(image).astype(np.float64))
    top = values.max(initial=0.0)
    full = next((full for full in (1.0, 255.0, 65535.0) if top <= full), top)
    return Image.fromarray((values.clip(0) * (255 / full)).round().astype(np.uint8))


def _frame(picture: Picture, min_face: float) -> PortraitImage:
    """Crop to the one face and find its landmarks there."""
    picture, faces = find_upright(picture)
    height, width = picture.shape[:2]
    if not faces:
        hint = "Choose one where a single face looks at the camera, unobstructed."
        raise InputError("portrait_no_face", "No face was found in the picture.", hint)
    if len(faces) > 1 and face_size(faces[1]) >= MIN_SECOND_FACE * face_size(faces[0]):
        raise InputError("portrait_several_faces", "The picture shows several faces.", "Crop it to the one that should move.")
    if face_size(faces[0]) < min_face:
        raise _too_small()
    crop = SquareCrop.around(faces[0], width, height)
    size = min(SIZES, key=lambda edge: abs(edge - crop.side))
    cut = crop.cut(picture, size)
    scale = min(1.0, MAX_WHOLE_EDGE / max(height, width))
    whole = Image.fromarray(picture).resize((round(width * scale), round(height * scale)), Image.Resampling.LANCZOS)
    place = SquareCrop(crop.x * scale, crop.y * scale, crop.side * scale)
    return PortraitImage(cut, _measure(cut, crop.apply(faces[0])), np.asarray(whole), place)


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


def _too_small() -> InputError:
    message = f"The face is too small: it needs at least {MIN_FACE} pixels."
    return InputError("portrait_too_small", message, "Choose a larger picture, or a closer one.")


def _too_large(limit: str, hint: str) -> InputError:
    return InputError("portrait_too_large", f"The picture has more than {limit}.", hint)
