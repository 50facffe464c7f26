import numpy as np

from backend.media.face_search import face_size
from backend.media.face_tracker import MAX_PAUSE_S, FaceTracker
from tests.media.made import astronaut, placed, scaled


def nose(face):
    return face[1, :2]


def test_a_small_face_is_followed_across_the_whole_picture():
    with FaceTracker() as follow:
        seen = [follow(placed(scaled(400), 500, 1200, 20 + 35 * i, 60), 0.04 * i) for i in range(20)]
    assert all(face is not None for face in seen)
    steps = np.diff([nose(face) for face in seen], axis=0)
    np.testing.assert_allclose(steps[:, 0], 35, atol=6)
    np.testing.assert_allclose(steps[:, 1], 0, atol=6)


def test_a_face_that_comes_closer_is_not_lost():
    with FaceTracker() as follow:
        seen = [follow(placed(scaled(edge), 700, 1400, 100, 0), 0.04 * i) for i, edge in enumerate(range(400, 1300, 60))]
    assert sum(face is not None for face in seen) >= len(seen) - 2
    assert face_size(seen[-1]) > 2.5 * face_size(seen[0])


def test_a_face_that_leaves_is_gone_and_is_found_again_when_it_returns():
    here, gone = placed(scaled(400), 500, 1200, 600, 60), np.full((500, 1200, 3), 120, np.uint8)
    with FaceTracker() as follow:
        assert follow(here, 0.0) is not None
        assert [follow(gone, 0.04 * i) for i in range(1, 6)] == [None] * 5
        assert follow(placed(astronaut(), 500, 1200, 0, 0), 10 + MAX_PAUSE_S) is not None
