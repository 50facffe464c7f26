"""The bundled portraits."""

import numpy as np
import pytest

from backend.core.errors import InputError
from backend.media.images import ASSETS, BUNDLED, DEFAULT_PORTRAIT, bundled_picture, bundled_portrait
from backend.media.portraits import frame_portrait


@pytest.fixture(scope="module")
def portraits():
    return {name: bundled_portrait(name) for name in BUNDLED}


def test_there_are_at_least_six_and_they_are_small_to_ship(portraits):
    files = {path.stem: path.stat().st_size for path in ASSETS.glob("*.webp")}
    assert len(portraits) >= 6
    assert set(files) == set(BUNDLED) - {DEFAULT_PORTRAIT}
    assert sum(files.values()) <= 1.5e6


@pytest.mark.parametrize("name", BUNDLED)
def test_each_is_one_well_framed_upright_face(portraits, name):
    landmarks = portraits[name].landmarks
    size = np.ptp(landmarks[:, :2], axis=0) / 2
    assert 0.35 < size.max() < 0.65
    assert np.abs(landmarks[:, :2].mean(0)).max() < 0.2
    eyes, mouth = (landmarks[33] + landmarks[263]) / 2, (landmarks[61] + landmarks[291]) / 2
    assert mouth[1] - eyes[1] > 0.3 * size[1] and abs(mouth[0] - eyes[0]) < 0.06


@pytest.mark.parametrize("name", sorted(set(BUNDLED) - {DEFAULT_PORTRAIT}))
def test_each_fills_the_portrait_at_full_sharpness(portraits, name):
    assert portraits[name].picture.shape == (512, 512, 3)
    np.testing.assert_array_equal(portraits[name].picture, bundled_picture(name))


@pytest.mark.parametrize("name", BUNDLED)
def test_what_is_stored_is_what_a_search_finds(portraits, name):
    found = frame_portrait(bundled_picture(name))
    np.testing.assert_array_equal(portraits[name].picture, found.picture)
    np.testing.assert_allclose(portraits[name].landmarks, found.landmarks, atol=2e-3)
    np.testing.assert_array_equal(portraits[name].whole, found.whole)


def test_no_two_show_the_same_face(portraits):
    def shape(landmarks):
        centred = landmarks[:468, :2] - landmarks[:468, :2].mean(0)
        return centred / np.linalg.norm(centred)

    shapes = [shape(portrait.landmarks) for portrait in portraits.values()]
    apart = [np.linalg.norm(one - other) for i, one in enumerate(shapes) for other in shapes[:i]]
    assert min(apart) > 0.03


def test_an_unknown_name_is_refused_with_the_known_ones():
    with pytest.raises(InputError, match="'rembrandt'") as caught:
        bundled_portrait("rembrandt")
    assert caught.value.code == "portrait_unknown" and "oil" in caught.value.hint
