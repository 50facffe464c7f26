import numpy as np
import pytest

from backend.media.face_search import face_size, find_faces, same_place
from tests.media.made import FACE, astronaut, placed, scaled


def middle(face):
    return (face[:, :2].min(0) + face[:, :2].max(0)) / 2


def test_a_face_is_found_where_it_is():
    (face,) = find_faces(astronaut())
    np.testing.assert_allclose([*face[:, :2].min(0), *face[:, :2].max(0)], FACE, atol=8)


@pytest.mark.parametrize("corner", [(0, 0), (900, 300), (1388, 588)])
def test_a_small_face_is_found_anywhere_in_a_large_picture(corner):
    x, y = corner
    (face,) = find_faces(placed(astronaut(), 1100, 1900, x, y))
    np.testing.assert_allclose(middle(face), (x + 225, y + 124), atol=8)
    assert face_size(face) == pytest.approx(107, abs=10)


def test_several_faces_come_once_each_largest_first():
    picture = placed(scaled(300), 512, 1400, 1050, 100)
    picture[:, :512] = astronaut()
    picture[50:450, 560:960] = scaled(400)
    faces = find_faces(picture)
    sizes = [face_size(face) for face in faces]
    assert len(faces) == 3 and sizes == sorted(sizes, reverse=True)
    np.testing.assert_allclose([middle(face)[0] for face in faces], (225, 560 + 176, 1050 + 132), atol=8)
    assert not any(same_place(faces[i], faces[j]) for i in range(3) for j in range(i))


@pytest.mark.parametrize("shape", [(1, 1), (1, 300), (300, 2), (40, 900)])
def test_pictures_of_any_shape_are_searched(shape):
    assert find_faces(np.full((*shape, 3), 90, np.uint8)) == []
