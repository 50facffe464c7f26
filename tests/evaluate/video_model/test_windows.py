import numpy as np
import pytest

from backend.core.errors import InputError
from backend.evaluate.common.videos import find_videos
from backend.evaluate.video_model.windows import VideoWindow, read_face_video, select_by_person, shrink, spaced_windows
from backend.train.data.pack import Pack, pack
from tests.evaluate.video_model.conftest import window_of
from tests.media.made import astronaut, moving, placed, video


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("videos")
    (folder / "clips").mkdir()
    video(folder / "clips" / "one.mp4", moving(30), fps=25)
    (folder / "clips.csv").write_text("clip,person,split\none.mp4,p1,val\n")
    return folder


@pytest.fixture(scope="module")
def face_video(folder):
    return read_face_video(find_videos(folder)[0][0], 64)


def test_frames_are_those_that_training_packs(folder, face_video, tmp_path):
    pack(folder, tmp_path)
    packed = Pack(tmp_path)
    assert face_video.frames.shape == (15, 64, 64, 3) and len(packed) == 15
    assert all(np.array_equal(packed.picture(row, 64), frame) for row, frame in enumerate(face_video.frames))


def test_landmarks_are_those_of_the_frames(face_video):
    window = VideoWindow(face_video, 3, 4)
    index = [round(t * 25) for t in window.times]
    assert index == [6, 8, 10, 12]
    assert np.array_equal(window.landmarks, face_video.recording.landmarks[index])


def test_a_frame_at_full_size_is_the_same_frame(face_video):
    window = VideoWindow(face_video, 3, 4)
    assert np.array_equal(shrink(window.picture(2), 64), window.frames[2])


def test_other_rates_are_brought_near_12_frames_a_second(tmp_path):
    video(tmp_path / "fast.mp4", moving(24), fps=60)
    found = read_face_video(find_videos(tmp_path)[0][0], 64)
    assert np.allclose(np.diff(found.times), 5 / 60, atol=1e-3)


def test_a_wide_video_is_cut_to_a_square_around_the_face(tmp_path):
    video(tmp_path / "wide.mp4", [placed(astronaut(), 512, 800, 200 + i, 0) for i in range(6)])
    found = read_face_video(find_videos(tmp_path)[0][0], 64)
    assert found.crop.side < 512 and np.abs(found.recording.landmarks[:, :, :2].mean((0, 1))).max() < 0.3


def test_no_window_goes_over_a_gap(tmp_path):
    frames = list(moving(40))
    frames[14:26] = [np.full((256, 256, 3), 90, np.uint8)] * 12
    video(tmp_path / "gap.mp4", frames, fps=12.5)
    found = read_face_video(find_videos(tmp_path)[0][0], 64)
    assert len(found.stretches) == 2
    for window in spaced_windows([found], 6, 50):
        assert np.allclose(np.diff(window.times), 0.08, atol=1e-3)
        assert window.began in (found.times[0], found.times[found.stretches[1][0]])


def test_windows_are_spaced_from_the_beginning_to_the_end(recording):
    long = window_of(recording, "p", 30).video
    assert [window.start for window in spaced_windows([long], 10, 3)] == [0, 10, 20]
    assert spaced_windows([long], 31, 2) == []
    assert len(spaced_windows([long], 29, 5)) == 2


def test_one_window_of_each_person_is_chosen_before_a_second_one(recording):
    many = [window_of(recording, person, 4, seed) for seed, person in enumerate("aaaaabbc")]
    people = [window.person for window in select_by_person(many, 6, seed=1)]
    assert sorted(people[:3]) == ["a", "b", "c"] and sorted(people[3:5]) == ["a", "b"] and people[5] == "a"
    assert [w.video.frames[0, 0, 0, 0] for w in select_by_person(many, 6, 1)] == [
        w.video.frames[0, 0, 0, 0] for w in select_by_person(many, 6, 1)
    ]


def test_a_size_that_is_no_fraction_is_refused():
    with pytest.raises(InputError, match="50 pixels"):
        shrink(np.zeros((256, 256, 3), np.uint8), 50)
