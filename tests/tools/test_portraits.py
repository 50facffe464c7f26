"""What the bundled portraits are painted from: valid faces that differ from each other, and shapes."""

import itertools

import numpy as np
import pytest

from tools.portraits.__main__ import PORTRAITS
from tools.portraits.person import face_of, shape_model
from tools.portraits.shape import SIDE, dome, fill, over, smooth

PEOPLE = {name: person for name, (_, person) in PORTRAITS.items()}


@pytest.mark.parametrize("name", PEOPLE)
def test_a_face_is_symmetric_upright_and_of_unit_height(name):
    face = face_of(PEOPLE[name])
    assert np.linalg.norm(face[10] - face[152]) == pytest.approx(1)
    assert face[10, 1] < face[4, 1] < face[13, 1] < face[152, 1]
    for right, left in ((33, 263), (61, 291), (234, 454), (105, 334)):
        np.testing.assert_allclose(face[right] * (-1, 1, 1), face[left], atol=0.02)


def test_the_people_differ():
    for one, other in itertools.combinations(PEOPLE.values(), 2):
        apart = np.linalg.norm(face_of(one) - face_of(other), axis=-1)
        assert apart.max() > 0.01  # of the face's height


def test_the_shape_models_components_are_orthogonal():
    _, modes = shape_model()
    flat = modes.reshape(len(modes), -1)
    gram = flat @ flat.T
    scale = np.sqrt(np.diag(gram))
    np.testing.assert_allclose(gram / np.outer(scale, scale), np.eye(len(modes)), atol=0.02)


def test_a_filled_circle_has_a_circles_area_and_its_dome_the_height_of_a_sphere():
    angles = np.linspace(0, 2 * np.pi, 24, endpoint=False)
    circle = smooth(np.stack([np.cos(angles), np.sin(angles)], -1) * 100 + SIDE / 2)
    mask = fill(circle)
    assert mask.sum() == pytest.approx(np.pi * 100**2, rel=0.02)
    height = dome(mask, 100)
    grid = np.arange(SIDE) - SIDE / 2
    sphere = np.sqrt(np.clip(100**2 - grid[:, None] ** 2 - grid[None] ** 2, 0, None))
    inside = sphere > 60
    assert np.abs(height - sphere)[inside].max() < 6


def test_a_colour_is_blended_where_the_mask_is():
    mask = np.zeros((SIDE, SIDE))
    mask[:, : SIDE // 2] = 1
    picture = over(np.zeros((SIDE, SIDE, 3)), (1.0, 0.5, 0.25), mask)
    assert (picture[0, 0] == (1.0, 0.5, 0.25)).all() and not picture[0, -1].any()
