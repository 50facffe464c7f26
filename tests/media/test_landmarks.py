import subprocess
import sys
import threading

import numpy as np
import pytest

from backend.media.landmarks import FaceMesh
from tests.media.made import FACE, astronaut, placed


@pytest.mark.parametrize("video", [True, False])
def test_a_face_has_478_points_in_pixels_of_the_picture(video):
    with FaceMesh(video=video) as mesh:
        for _ in range(2):
            (face,) = mesh(astronaut())
    assert face.shape == (478, 3) and face.dtype == np.float32
    np.testing.assert_allclose([*face[:, :2].min(0), *face[:, :2].max(0)], FACE, atol=8)


def test_pixels_are_those_of_a_picture_of_any_shape():
    with FaceMesh(video=False) as mesh:
        (face,) = mesh(placed(astronaut(), 600, 560, 40, 60))
    np.testing.assert_allclose(face[:, :2].min(0), (FACE[0] + 40, FACE[1] + 60), atol=8)


def test_no_more_faces_are_reported_than_asked_for():
    pair = np.concatenate([astronaut()[:300, 75:375]] * 2, axis=1)
    for most in (1, 2):
        with FaceMesh(video=False, max_faces=most) as mesh:
            assert len(mesh(pair)) == most


def test_a_picture_without_a_face_gives_none():
    with FaceMesh(video=False) as mesh:
        assert mesh(np.full((120, 160, 3), 90, np.uint8)) == []


def test_mediapipe_writes_nothing_to_the_terminal_and_our_own_output_still_arrives():
    code = (
        "import sys; from backend.media.landmarks import FaceMesh; from tests.media.made import astronaut\n"
        "FaceMesh(video=True)(astronaut()); print('own words', file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert (done.stdout, done.stderr) == ("", "own words\n")


def test_threads_that_start_at_once_leave_standard_error_as_it_was(capfd):
    threads = [threading.Thread(target=lambda: FaceMesh(video=False)(astronaut())) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    print("own words", file=sys.stderr)
    assert "own words" in capfd.readouterr().err
