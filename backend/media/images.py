"""Decodes pictures safely, and holds the bundled portraits. `portraits.py` finds the face in others."""

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

MAX_BYTES = 12_000_000
MAX_PIXELS = 50_000_000
MIN_FACE = 80
"""Least longer side of the face's box, in pixels of the upload."""

SIZES = (256, 512, 1024)
"""Sides of portraits in pixels; the nearest is used. With few sizes, portraits of several sessions form one batch."""

MAX_WHOLE_EDGE = 1280
"""Longest edge in pixels of the whole picture that is kept with its crop."""

MAX_WORKING_EDGE = 2048
"""Longest edge in pixels at which faces are searched for; larger pictures are reduced."""

FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF", "AVIF")
"""Formats that Pillow may decode: none that starts other programs, holds documents, or is decoded slowly."""

STRIP = 256
"""Rows that are converted at a time, so that a large picture needs little memory beside its own."""

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
FACES = ASSETS / "faces.npz"
"""Crop and landmarks of the bundled portraits, made by `python -m tools.portraits.faces`."""

HEIC_BRANDS = {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"}
AVIF_BRANDS = {b"avif", b"avis"}
GREY = (128, 128, 128, 255)
JPEG_START, JPEG_END = b"\xff\xd8", b"\xff\xd9"


@dataclass(frozen=True)
class PortraitImage:
    """A portrait cropped to its face."""

    picture: Picture  # `[S, S, 3]`, S one of `SIZES`
    landmarks: FloatArray  # `[478, 3]` float32 in [-1, 1] of the picture
    # the upright picture `[height, width, 3]` that it was cropped from, at most `MAX_WHOLE_EDGE` long; or None
    whole: Picture | None = None
    crop: SquareCrop | None = None  # the square in pixels of `whole` that `picture` shows


def bundled_portrait(name: str = DEFAULT_PORTRAIT) -> PortraitImage:
    """Return a bundled portrait, whose crop and landmarks are stored beside it; raises as `bundled_picture`."""
    picture = bundled_picture(name)
    with np.load(FACES) as stored:
        landmarks, (x, y, side) = stored[f"{name}_landmarks"], stored[f"{name}_crop"]
    crop = SquareCrop(float(x), float(y), float(side))
    return cropped(picture, crop, landmarks)


def bundled_picture(name: str) -> Picture:
    """Return the picture `[height, width, 3]` of a bundled portrait, not cropped; raises `portrait_unknown`."""
    if name not in BUNDLED:
        raise InputError("portrait_unknown", f"There is no portrait {name[:40]!r}.", f"There are: {', '.join(BUNDLED)}.")
    if name == DEFAULT_PORTRAIT:
        return np.asarray(skimage.data.astronaut())  # type: ignore[no-untyped-call]
    return decode_picture((ASSETS / f"{name}.webp").read_bytes())[0]


def cropped(picture: Picture, crop: SquareCrop, landmarks: FloatArray) -> PortraitImage:
    """Return a portrait of a picture `[height, width, 3]`.

    Args:
        picture: upright, with one face.
        crop: the square around its face.
        landmarks: `[478, 3]` in [-1, 1] of that square.
    """
    height, width = picture.shape[:2]
    scale = min(1.0, MAX_WHOLE_EDGE / max(height, width))
    whole = Image.fromarray(picture).resize((round(width * scale), round(height * scale)), Image.Resampling.LANCZOS)
    place = SquareCrop(crop.x * scale, crop.y * scale, crop.side * scale)
    size = min(SIZES, key=lambda edge: abs(edge - crop.side))
    return PortraitImage(crop.cut(picture, size), landmarks, np.asarray(whole), place)


def decode_picture(data: bytes) -> tuple[Picture, float]:
    """Return the upright RGB picture of a file, at most `MAX_WORKING_EDGE` long, and its scale relative to the file's pixels.

    Orientation tags are applied, transparent pixels are blended with grey, and every colour mode becomes RGB. Only the first
    frame of an animation is used. A JPEG may lack its very end.

    Raises:
        InputError: `portrait_not_image`, `portrait_too_large`, `portrait_too_small`.
    """
    if len(data) > MAX_BYTES:
        raise _too_large(f"{MAX_BYTES // 1_000_000} MB", "Save it smaller, or as a JPEG.")
    if _is_heic(data):
        raise InputError("portrait_not_image", "HEIC pictures cannot be read here.", "Save the photo as a JPEG or PNG.")
    cut_off = data.startswith(JPEG_START) and not data.endswith(JPEG_END)
    try:
        with Image.open(io.BytesIO(data + JPEG_END if cut_off else data), formats=FORMATS) as image:
            width, height = image.size
            if width * height > MAX_PIXELS:
                raise Image.DecompressionBombError
            if min(width, height) < MIN_FACE:
                raise too_small()
            image.draft(None, (MAX_WORKING_EDGE, MAX_WORKING_EDGE))
            image.load()
            if cut_off and _ends_blank(image):
                raise OSError("The file ends before its picture does.")
            ImageOps.exif_transpose(image, in_place=True)
            upright = _small_rgb(image)
    except InputError:
        raise
    except Image.DecompressionBombError:
        raise _too_large(f"{MAX_PIXELS // 1_000_000} megapixels", "Save it smaller.") from None
    except MemoryError:
        raise InputError("portrait_too_large", "The picture needs too much memory.", "Save it smaller.") from None
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


def _small_rgb(image: Image.Image) -> Image.Image:
    """Reduce a picture to `MAX_WORKING_EDGE` and convert it to RGB. Reducing comes first: a photo may take 200 MB."""
    deep = image.mode.startswith("I") or image.mode == "F"
    transparent = image.has_transparency_data
    mode = "RGBA" if transparent else "RGB"
    seen = _eight_bits(image) if deep else image
    small = seen if seen.mode == mode else seen.convert(mode)
    small.thumbnail((MAX_WORKING_EDGE, MAX_WORKING_EDGE), Image.Resampling.LANCZOS)
    return Image.alpha_composite(Image.new(mode, small.size, GREY), small).convert("RGB") if transparent else small


def _eight_bits(image: Image.Image) -> Image.Image:
    """Convert 16-bit, 32-bit and floating-point grey to 8 bits, by the range that the largest value suggests."""
    values = np.asarray(image)
    strips = [values[row : row + STRIP] for row in range(0, len(values), STRIP)]
    top = max(float(np.nan_to_num(strip.astype(np.float64)).max(initial=0.0)) for strip in strips)
    full = next((full for full in (1.0, 255.0, 65535.0) if top <= full), top)
    eight = np.empty(values.shape, np.uint8)
    for row, strip in zip(range(0, len(values), STRIP), strips, strict=True):
        eight[row : row + STRIP] = (np.nan_to_num(strip.astype(np.float64)).clip(0) * (255 / full)).round()
    return Image.fromarray(eight)


def _ends_blank(image: Image.Image) -> bool:
    """Whether a JPEG's last rows have one colour, as where its data ended before; then more than its end is missing."""
    last = np.asarray(image.crop((0, image.height - 8, *image.size)))
    return bool((last == last[:1, :1]).all())


def too_small() -> InputError:
    """Return the error for a face of too few pixels."""
    message = f"The face is too small: it needs at least {MIN_FACE} pixels."
    return InputError("portrait_too_small", message, "Choose a larger picture, or a closer one.")


def _too_large(limit: str, hint: str) -> InputError:
    return InputError("portrait_too_large", f"The picture has more than {limit}.", hint)
