"""An animated crop in its whole picture: nothing shows where nothing moves, and nothing changes outside."""

import numpy as np
import pytest
from PIL import Image

from backend.media.crop import SquareCrop
from backend.media.paste import paste_back
from tests.media.made import astronaut, scaled


def whole():
    return scaled(900)[:640]


def reduced(crop, size):
    return crop.cut(whole(), size)


CROPS = {
    "inside": SquareCrop(210.4, 33.7, 371.3),
    "at a corner": SquareCrop(0, 0, 400),
    "reaching outside": SquareCrop(520.5, -60.2, 470),
    "larger than the picture is high": SquareCrop(90, -30, 700),
}


@pytest.mark.parametrize("crop", CROPS.values(), ids=CROPS)
@pytest.mark.parametrize("size", [128, 256, 512])
def test_an_unmoved_frame_leaves_the_picture_as_it_is(crop, size):
    still = reduced(crop, size)
    (result,) = paste_back(whole(), crop, still[None], still)
    assert result.shape == whole().shape
    assert np.abs(result.astype(int) - whole()).max() <= 1


@pytest.mark.parametrize("crop", CROPS.values(), ids=CROPS)
def test_pixels_outside_the_crop_are_untouched_and_those_in_its_middle_are_the_frames(crop):
    still = reduced(crop, 256)
    frame = 255 - still
    (result,) = paste_back(whole(), crop, frame[None], still)
    rows, columns = np.mgrid[0:640, 0:900] + 0.5
    outside = (rows < crop.y) | (rows > crop.y + crop.side) | (columns < crop.x) | (columns > crop.x + crop.side)
    np.testing.assert_array_equal(result[outside], whole()[outside])
    away = np.maximum(np.abs(rows - crop.y - crop.side / 2), np.abs(columns - crop.x - crop.side / 2))
    middle = away < 0.2 * crop.side
    wanted = 255 - whole()[middle].astype(int)
    assert np.abs(result[middle].astype(int) - wanted).mean() < 12


def test_the_edge_fades_without_a_step():
    picture = np.full((300, 300, 3), 100, np.uint8)
    crop = SquareCrop(50, 50, 200)
    still, frame = np.full((64, 64, 3), 100, np.uint8), np.full((64, 64, 3), 220, np.uint8)
    (result,) = paste_back(picture, crop, frame[None], still, feather=0.15)
    row = result[150, :, 0].astype(int)
    assert row[49] == 100 and row[150] == 220 and row[251] == 100
    # 120 levels over 30 pixels by a smooth step: never more than 1.5 times their mean.
    assert np.abs(np.diff(row)).max() <= 1.5 * 120 / 30 + 1


def test_a_crop_that_ends_with_the_picture_does_not_fade_there():
    picture = np.full((200, 200, 3), 100, np.uint8)
    still, frame = np.full((64, 64, 3), 100, np.uint8), np.full((64, 64, 3), 220, np.uint8)
    (result,) = paste_back(picture, SquareCrop(0, 0, 200), frame[None], still)
    assert (result == 220).all()


def test_a_movement_lands_where_the_crop_is():
    crop = SquareCrop(300, 100, 256)
    still = reduced(crop, 256)
    frame = still.copy()
    frame[120:140, 100:130] = (255, 0, 0)
    (result,) = paste_back(whole(), crop, frame[None], still)
    assert (result[224:236, 406:424] == (255, 0, 0)).mean() > 0.9
    changed = np.abs(result.astype(int) - whole()).max(-1) > 8
    rows, columns = np.nonzero(changed)
    assert (rows.min(), rows.max()) == pytest.approx((220, 239), abs=4)
    assert (columns.min(), columns.max()) == pytest.approx((400, 429), abs=4)


def test_a_picture_of_other_shape_than_the_frames_is_taken_too():
    tall = np.asarray(Image.fromarray(astronaut()).resize((200, 777)))
    crop = SquareCrop(-100, 200, 400)
    still = crop.cut(tall, 256)
    assert paste_back(tall, crop, np.stack([still, still]), still).shape == (2, 777, 200, 3)
