import struct
import tracemalloc
import zlib

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from backend.core.errors import InputError
from backend.media.images import MAX_BYTES, SIZES, bundled_portrait, decode_picture
from backend.media.portraits import load_portrait
from tests.media.made import astronaut, encoded, placed, scaled


@pytest.fixture(scope="module")
def plain():
    return load_portrait(encoded(astronaut()))


def refused(data):
    with pytest.raises(InputError) as caught:
        load_portrait(data)
    assert caught.value.message.endswith(".") and caught.value.hint.endswith(".")
    return caught.value.code


def alike(one, other, points=0.02, pixels=12):
    """Whether two portraits show the same face in the same frame."""
    assert one.picture.shape == other.picture.shape
    assert np.abs(one.landmarks - other.landmarks)[:, :2].mean() < points
    assert np.abs(one.picture.astype(int) - other.picture).mean() < pixels


def png(width, height, rows, *, depth=8, kind=2):
    """A PNG written by hand: sizes and depths that Pillow would not write."""

    def chunk(name, data):
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    head = struct.pack(">IIBBBBB", width, height, depth, kind, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows, 9)) + chunk(b"IEND", b"")


def test_the_bundled_portrait_is_one_well_framed_face():
    portrait = bundled_portrait()
    assert portrait.picture.shape in [(size, size, 3) for size in SIZES] and portrait.picture.dtype == np.uint8
    assert portrait.landmarks.shape == (478, 3) and portrait.landmarks.dtype == np.float32
    assert 0.4 < np.ptp(portrait.landmarks[:, :2], axis=0).max() / 2 < 0.7
    assert np.abs(portrait.landmarks[:, :2].mean(0)).max() < 0.25


def test_landmarks_are_those_of_the_cropped_picture(plain):
    again = load_portrait(encoded(plain.picture))
    alike(plain, again)


FORMATS = {
    "PNG": {},
    "JPEG": {"quality": 95},
    "WEBP": {"quality": 95},
    "BMP": {},
    "TIFF": {},
    "GIF": {},
    "AVIF": {"quality": 90},
}


@pytest.mark.parametrize("kind", FORMATS)
def test_every_common_format_gives_the_same_portrait(kind, plain):
    alike(load_portrait(encoded(astronaut(), kind, **FORMATS[kind])), plain)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_the_cameras_orientation_tag_is_applied(orientation, plain):
    undo = {
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_90,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }
    image = Image.fromarray(astronaut())
    if orientation in undo:
        image = image.transpose(undo[orientation])
    exif = Image.Exif()
    exif[0x0112] = orientation
    alike(load_portrait(encoded(image, "JPEG", quality=95, exif=exif)), plain)


@pytest.mark.parametrize("quarters", [1, 3])
def test_a_photo_on_its_side_without_a_tag_is_turned_upright(quarters):
    portrait = bundled_portrait("oil")
    turned = load_portrait(encoded(np.ascontiguousarray(np.rot90(portrait.picture, quarters))))
    alike(turned, portrait)


def tiff(picture, photometric):
    """A 16-bit TIFF written by hand, little-endian, one strip: Pillow writes none with more than one channel."""
    height, width, samples = picture.shape
    strip = (picture.astype("<u2") * 257).tobytes()
    depths = struct.pack(f"<{samples}H", *[16] * samples)
    tags = {256: width, 257: height, 258: None, 259: 1, 262: photometric, 273: None, 277: samples, 278: height, 279: len(strip)}
    after = 8 + 2 + 12 * len(tags) + 4
    tags[258], tags[273] = after, after + len(depths)
    entries = b"".join(
        struct.pack("<HHII", tag, 3 if tag == 258 else 4, samples if tag == 258 else 1, value) for tag, value in tags.items()
    )
    return b"II*\0" + struct.pack("<IH", 8, len(tags)) + entries + bytes(4) + depths + strip


def test_sixteen_bit_tiffs_of_several_channels_keep_their_colours(plain):
    alike(load_portrait(tiff(astronaut(), 2)), plain, points=0.01, pixels=2)
    cmyk = np.dstack([255 - astronaut(), np.zeros((512, 512), np.uint8)])
    alike(load_portrait(tiff(cmyk, 5)), plain, points=0.01, pixels=2)


@pytest.mark.parametrize(("kind", "channels"), [(4, "LA"), (6, "RGBA")])
def test_sixteen_bit_pngs_with_alpha_are_read(kind, channels):
    image = Image.fromarray(astronaut()).convert(channels)
    deep = np.repeat(np.asarray(image)[..., None], 2, axis=-1).reshape(512, -1)
    rows = b"".join(b"\0" + row.tobytes() for row in deep)
    alike(load_portrait(png(512, 512, rows, depth=16, kind=kind)), load_portrait(encoded(image)), points=0.01, pixels=2)


@pytest.mark.parametrize("mode", ["L", "LA", "RGBA", "P", "CMYK", "YCbCr", "LAB", "HSV"])
def test_every_colour_mode_becomes_rgb(mode, plain):
    kind = {"CMYK": "TIFF", "YCbCr": "TIFF", "LAB": "TIFF", "HSV": "JPEG"}.get(mode, "PNG")
    source = Image.fromarray(astronaut())
    image = source.convert("RGB") if mode in ("HSV", "LAB") else source.convert(mode)
    grey = mode in ("L", "LA")
    alike(load_portrait(encoded(image, kind)), plain, points=0.04, pixels=40 if grey else 15)


def test_a_cmyk_jpeg_is_not_shown_as_its_negative(plain):
    image = Image.fromarray(astronaut()).convert("CMYK")
    alike(load_portrait(encoded(image, "JPEG", quality=95)), plain, points=0.04)


def test_sixteen_bit_pictures_keep_their_brightness(plain):
    grey = np.asarray(Image.fromarray(astronaut()).convert("L")).astype(np.uint16) * 257
    deep = load_portrait(encoded(Image.fromarray(grey)))
    shallow = load_portrait(encoded(Image.fromarray(astronaut()).convert("L")))
    alike(deep, shallow, points=0.01, pixels=2)
    colour = np.repeat(astronaut()[..., None], 2, axis=-1).reshape(512, -1)
    rows = b"".join(b"\0" + row.tobytes() for row in colour)
    alike(load_portrait(png(512, 512, rows, depth=16)), plain, points=0.01, pixels=2)


@pytest.mark.parametrize("top", [1.0, 255.0, 65535.0, 1e6])
def test_floating_point_pictures_are_read_by_their_range(top):
    shallow = load_portrait(encoded(Image.fromarray(astronaut()).convert("L")))
    grey = np.asarray(Image.fromarray(astronaut()).convert("L")).astype(np.float32) * np.float32(top / 255)
    alike(load_portrait(encoded(Image.fromarray(grey), "TIFF")), shallow, points=0.01, pixels=2)


def test_transparent_pixels_are_blended_with_grey():
    rgba = np.dstack([astronaut(), np.full((512, 512), 255, np.uint8)])
    rgba[:, :140, 3] = 0
    rgba[:, :140, :3] = (255, 0, 255)
    portrait = load_portrait(encoded(rgba))
    assert (portrait.picture[:, 0] == 128).all()


def test_a_palette_with_a_transparent_colour_is_blended_with_grey():
    image = Image.fromarray(astronaut()).quantize(255)
    array = np.asarray(image).copy()
    array[:, :140] = 255
    see_through = Image.fromarray(array, "P")
    see_through.putpalette([*image.getpalette()[: 3 * 255], 255, 0, 255])
    portrait = load_portrait(encoded(see_through, "PNG", transparency=255))
    assert (portrait.picture[:, 0] == 128).all()


@pytest.mark.parametrize("kind", ["GIF", "PNG", "WEBP"])
def test_an_animation_gives_its_first_frame(kind, plain):
    black = Image.new("RGB", (512, 512))
    data = encoded(Image.fromarray(astronaut()), kind, save_all=True, append_images=[black, black], duration=100)
    alike(load_portrait(data), plain)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\0" * 100,
        b"Not a picture.",
        b"%PDF-1.4",
        b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 200 200\n",
        b"<svg/>",
        b"GIF89a",
    ],
    ids=["empty", "zeros", "words", "pdf", "eps", "svg", "gif-head"],
)
def test_files_that_are_not_pictures_are_refused(data):
    assert refused(data) == "portrait_not_image"


@pytest.mark.parametrize("brand", [b"heic", b"mif1", b"heix"])
def test_heic_is_refused_with_a_helpful_hint(brand):
    with pytest.raises(InputError, match="HEIC.*JPEG") as caught:
        load_portrait(b"\0\0\0\x18ftyp" + brand + b"\0" * 40)
    assert caught.value.code == "portrait_not_image"


def test_an_avif_whose_first_brand_is_the_general_one_is_not_taken_for_heic(plain):
    data = bytearray(encoded(astronaut(), "AVIF", quality=90))
    assert data[4:12] == b"ftypavif"
    data[8:12] = b"mif1"
    with pytest.raises(InputError) as caught:
        load_portrait(b"\0\0\0\x18ftypmif1\0\0\0\0mif1heic" + b"\0" * 40)
    assert "HEIC" in caught.value.message
    try:
        alike(load_portrait(bytes(data)), plain)
    except InputError as error:  # Where Pillow's own reader goes by the first brand only.
        assert "HEIC" not in error.message


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF", "AVIF"])
@pytest.mark.parametrize("share", [0.02, 0.5])
def test_truncated_files_are_refused(kind, share):
    data = encoded(astronaut(), kind)
    assert refused(data[: int(share * len(data))]) == "portrait_not_image"


@pytest.mark.parametrize("missing", [1, 2, 40])
def test_a_jpeg_without_its_very_end_is_read(missing, plain):
    alike(load_portrait(encoded(astronaut(), "JPEG", quality=95)[:-missing]), plain)


def test_a_large_deep_grey_picture_takes_little_more_memory_than_its_pixels():
    data = png(7000, 7000, (b"\0" + bytes(14_000)) * 7000, depth=16, kind=0)
    assert len(data) < 120_000
    tracemalloc.start()
    try:
        decode_picture(data)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 250e6


def test_a_format_that_is_decoded_slowly_is_refused():
    assert refused(b"P6 100 100 254\n" + bytes(30_000)) == "portrait_not_image"


@pytest.mark.filterwarnings("ignore::UserWarning:PIL")
@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from(["JPEG", "PNG", "WEBP", "GIF", "TIFF", "BMP"]), st.data())
def test_damaged_files_never_raise_anything_but_our_own_error(kind, data):
    file = bytearray(encoded(scaled(96), kind))
    for at in data.draw(st.lists(st.integers(0, min(len(file), 600) - 1), min_size=1, max_size=12)):
        file[at] = data.draw(st.integers(0, 255))
    try:
        load_portrait(bytes(file))
    except InputError as error:
        assert error.code.startswith("portrait_")


def test_files_and_pictures_that_are_too_large_are_refused_before_they_are_decoded():
    assert refused(b"\xff\xd8\xff" + bytes(MAX_BYTES)) == "portrait_too_large"
    assert refused(png(10_000, 6_000, b"")) == "portrait_too_large"
    assert refused(png(60_000, 60_000, b"")) == "portrait_too_large"


def test_a_small_file_that_unpacks_to_more_than_it_says_is_harmless():
    assert refused(png(100, 100, bytes(40_000_000))) in ("portrait_no_face", "portrait_not_image")


@pytest.mark.parametrize("size", [(1, 1), (1, 500), (500, 1), (79, 79)])
def test_tiny_pictures_are_too_small(size):
    assert refused(encoded(Image.new("RGB", size, (200, 150, 130)))) == "portrait_too_small"


def test_a_face_of_few_pixels_is_too_small_and_one_of_enough_is_not():
    assert refused(encoded(scaled(300))) == "portrait_too_small"
    assert load_portrait(encoded(scaled(420))).picture.shape == (256, 256, 3)


def test_a_large_photo_gives_a_large_portrait():
    assert load_portrait(encoded(scaled(2400), "JPEG")).picture.shape == (1024, 1024, 3)


def test_a_face_that_fills_the_picture_is_found():
    tight = np.ascontiguousarray(astronaut()[72:178, 172:278])
    portrait = load_portrait(encoded(Image.fromarray(tight).resize((318, 318))))
    assert np.ptp(portrait.landmarks[:, :2], axis=0).max() / 2 > 0.6


def test_a_small_face_in_a_large_picture_is_found_and_framed(plain):
    alike(load_portrait(encoded(placed(astronaut(), 1100, 1500, 800, 400))), plain, pixels=40)


@pytest.mark.parametrize(("edge", "longest"), [(512, 512), (2400, 1280)])
def test_the_whole_picture_is_kept_with_the_place_of_the_crop(edge, longest):
    portrait = load_portrait(encoded(scaled(edge), "JPEG", quality=95))
    assert portrait.whole.shape == (longest, longest, 3)
    again = portrait.crop.cut(portrait.whole, len(portrait.picture))
    assert np.abs(again.astype(int) - portrait.picture).mean() < 4


@pytest.mark.parametrize("nothing", ["grey", "noise", "suit"])
def test_a_picture_without_a_face_is_refused(nothing):
    pictures = {
        "grey": np.full((300, 400, 3), 128, np.uint8),
        "noise": np.random.default_rng(0).integers(0, 256, (300, 300, 3), dtype=np.uint8),
        "suit": np.ascontiguousarray(astronaut()[260:, 200:]),
    }
    assert refused(encoded(pictures[nothing])) == "portrait_no_face"


@pytest.mark.parametrize(("share", "several"), [(1.0, True), (0.6, True), (0.25, False)])
def test_a_second_face_counts_only_if_it_is_not_small(share, several, plain):
    pair = placed(astronaut(), 512, 1024, 0, 0)
    second = scaled(round(512 * share))
    pair[: len(second), 512 : 512 + len(second)] = second
    if several:
        assert refused(encoded(pair)) == "portrait_several_faces"
    else:
        alike(load_portrait(encoded(pair)), plain, pixels=40)
