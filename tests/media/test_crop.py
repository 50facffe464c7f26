import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.media.crop import MARGIN, MAX_FACE_SHARE, MAX_SHIFT, MIN_FACE_SHARE, MIN_MARGIN, SquareCrop
from tests.golden.portrait import make

SIDES = st.floats(1, 4000)
EDGES = st.integers(40, 4000)


def face(left, top, wide, high):
    """478 points that fill a box."""
    share = np.random.default_rng(0).random((478, 3)).astype(np.float32)
    share[0], share[1] = 0, 1
    return np.float32([left, top, 0]) + share * np.float32([wide, high, wide])


@given(st.floats(-2000, 2000), st.floats(-2000, 2000), SIDES)
def test_apply_takes_the_corners_to_one_and_undo_takes_them_back(x, y, side):
    crop = SquareCrop(x, y, side)
    corners = np.array([[x, y, 0], [x + side, y + side, side / 2]], np.float32)
    np.testing.assert_allclose(crop.apply(corners.astype(np.float64)), [[-1, -1, 0], [1, 1, 1]], atol=2e-3)
    np.testing.assert_allclose(crop.undo(crop.apply(corners)), corners, atol=1e-2)


@given(EDGES, EDGES, st.floats(0, 1), st.floats(0, 1), st.floats(0.05, 1), st.floats(0.05, 1))
def test_the_square_holds_the_face_at_a_sensible_size_and_strays_little_from_it(width, height, u, v, wide, high):
    short = min(width, height)
    points = face(u * width * 0.5, v * height * 0.5, wide * short * 0.7, high * short * 0.7)
    crop = SquareCrop.around(points, width, height)
    inside = crop.apply(points)[:, :2]
    share = np.ptp(inside, axis=0).max() / 2
    assert 1 / MARGIN - 1e-3 <= share <= max(1 / MIN_MARGIN, MAX_FACE_SHARE) + 1e-3 or (
        crop.side == width == height and share >= MIN_FACE_SHARE - 1e-3
    )
    if crop.side != width:
        centre = (inside.min(0) + inside.max(0)) / 4
        assert np.abs(centre).max() <= MAX_SHIFT + 0.05 + 1e-3
        assert np.abs(inside).max() <= 1 + 2 * MAX_SHIFT


def test_a_face_amid_a_large_picture_fills_half_of_the_square_a_little_below_its_middle():
    crop = SquareCrop.around(face(900, 500, 100, 100), 1920, 1080)
    assert crop.side == pytest.approx(190)
    assert (crop.x + crop.side / 2, crop.y + crop.side / 2) == (pytest.approx(950), pytest.approx(550 - 0.05 * 190))


def test_a_square_picture_that_is_framed_already_is_taken_whole():
    assert SquareCrop.around(face(80, 60, 90, 120), 256, 256) == SquareCrop(0, 0, 256)


def test_the_square_moves_into_the_picture_rather_than_show_what_is_not_there():
    crop = SquareCrop.around(face(40, 40, 100, 100), 1000, 800)
    assert (crop.x, crop.y) == (0, 0)


def test_a_face_cut_off_at_the_edge_stays_near_the_middle_of_the_square():
    crop = SquareCrop.around(face(-50, 300, 100, 100), 1000, 800)
    assert crop.x == pytest.approx(-95 + MAX_SHIFT * 190)


def test_a_tight_picture_is_not_padded_while_the_face_leaves_some_room():
    assert SquareCrop.around(face(100, 20, 150, 200), 350, 300).side == 300
    assert SquareCrop.around(face(100, 20, 150, 200), 350, 240).side == pytest.approx(200 * MIN_MARGIN)


def test_landmarks_without_extent_still_give_a_square():
    assert SquareCrop.around(np.full((478, 3), 5, np.float32), 300, 200).side > 0


def test_cut_copies_whole_pixels_unchanged_and_repeats_the_edge_outside():
    picture = np.random.default_rng(0).integers(0, 256, (40, 60, 3), dtype=np.uint8)
    np.testing.assert_array_equal(SquareCrop(10, 5, 20).cut(picture, 20), picture[5:25, 10:30])
    outside = SquareCrop(-10, -10, 20).cut(picture, 20)
    np.testing.assert_array_equal(outside[10:, 10:], picture[:10, :10])
    assert (outside[:11, :11] == picture[0, 0]).all()
    assert (SquareCrop(500, 500, 8).cut(picture, 8) == picture[-1, -1]).all()


@given(st.floats(-30, 60), st.floats(-30, 60), st.floats(1, 80), st.integers(1, 64))
def test_cut_always_gives_the_size_asked_for(x, y, side, size):
    picture = np.zeros((40, 60, 3), np.uint8)
    assert SquareCrop(x, y, side).cut(picture, size).shape == (size, size, 3)


def test_a_point_lands_where_its_landmark_does():
    picture = np.zeros((200, 300, 3), np.uint8)
    picture[80:84, 150:154] = 255
    crop = SquareCrop(100.5, 40.25, 90.5)
    cut = crop.cut(picture, 256)[..., 0].astype(float)
    seen = np.array([(cut * axis).sum() / cut.sum() for axis in np.meshgrid(np.arange(256) + 0.5, np.arange(256) + 0.5)])
    expected = (crop.apply(np.array([[152.0, 82.0, 0.0]]))[0, :2] + 1) * 128
    np.testing.assert_allclose(seen, expected, atol=0.3)


def test_the_golden_crops_of_the_page_are_those_of_the_server():
    assert json.loads(make.FILE.read_text()) == json.loads(json.dumps(make.contents()))
