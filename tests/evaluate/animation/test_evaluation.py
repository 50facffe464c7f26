import csv
import json
import shutil

import numpy as np
import pytest

from backend.core.errors import InputError
from backend.evaluate.animation.clips import open_clip, same_face
from backend.evaluate.animation.evaluation import AnimationOptions, evaluate_animation
from backend.evaluate.animation.methods import AnimationMethods
from backend.evaluate.common.videos import find_videos
from tests.media.made import astronaut, moving, placed, video


@pytest.fixture(scope="module")
def models(small_models, tmp_path_factory):
    folder = tmp_path_factory.mktemp("models")
    for name in ("slim_256", "slim_128"):
        shutil.copytree(small_models / "generator_slim_128", folder / f"generator_{name}")
    return folder


@pytest.fixture(scope="module")
def videos(tmp_path_factory):
    """The astronaut swaying as she is, and in blue: two people; a third is not held out, a fourth has no face."""
    folder = tmp_path_factory.mktemp("videos")
    (folder / "clips").mkdir()
    video(folder / "clips" / "one.mp4", moving(14))
    video(folder / "clips" / "two.mp4", (frame[:, :, ::-1] for frame in moving(14, sway=-8)))
    video(folder / "clips" / "three.mp4", moving(14))
    video(folder / "clips" / "none.mp4", [np.full((256, 256, 3), 90, np.uint8)] * 10)
    rows = [("one.mp4", "p1", "val"), ("two.mp4", "p2", "val"), ("three.mp4", "p3", "train"), ("none.mp4", "p4", "val")]
    with (folder / "clips.csv").open("w", newline="") as file:
        csv.writer(file).writerows([("clip", "person", "split"), *rows])
    return folder


@pytest.fixture(scope="module")
def found(videos, models):
    return evaluate_animation(videos, models, options=AnimationOptions(frames=3, threads=1))


def test_only_held_out_videos_of_the_table_are_found_wherever_it_lies(videos, tmp_path):
    for folder in (videos, videos / "clips"):
        listed, missing = find_videos(folder)
        assert [(entry.path.stem, entry.person) for entry in listed] == [("none", "p4"), ("one", "p1"), ("two", "p2")]
        assert missing == []
    (tmp_path / "split.csv").write_text("clip,person,split\nthree,me,val\nfour,you,val\n")
    listed, missing = find_videos(videos, tmp_path / "split.csv")
    assert [entry.person for entry in listed] == ["me"]
    assert missing == [f"four: no video of this name in {videos}."]


def test_where_a_table_has_a_split_test_the_people_it_tuned_on_are_left_out(videos, tmp_path):
    (tmp_path / "split.csv").write_text("clip,person,split\none,tuned,val\ntwo,tested,test\nthree,trained,train\n")
    listed, notes = find_videos(videos, tmp_path / "split.csv")
    assert [entry.person for entry in listed] == ["tested"]
    assert notes == ["split.csv: split val (1 rows) is left out, since there is a split test."]


def test_without_a_table_every_video_is_its_own_person(tmp_path):
    (tmp_path / "a.mp4").touch()
    (tmp_path / "b.MOV").touch()
    (tmp_path / "notes.txt").touch()
    assert [entry.person for entry in find_videos(tmp_path)[0]] == ["a", "b"]


def test_a_folder_without_videos_is_refused(tmp_path):
    with pytest.raises(InputError) as missing:
        find_videos(tmp_path / "nowhere")
    with pytest.raises(InputError) as empty:
        find_videos(tmp_path)
    assert (missing.value.code, empty.value.code) == ("data_missing", "data_empty")


def test_a_clip_begins_at_its_first_frame_and_runs_do_not_skip_any(videos):
    clip = open_clip(find_videos(videos)[0][1], 3)
    assert clip.chosen.tolist() == [4, 8, 13]
    assert np.abs(clip.source.picture.astype(int) - next(moving(1))).mean() < 4
    assert (np.diff(clip.runs, axis=1) == 1).all()
    assert clip.run_pictures.shape == (*clip.runs.shape, 256, 256, 3)
    assert all(np.abs(face[:, :2] - 128).max() < 128 for face in clip.faces)


def test_a_wide_video_is_cut_to_a_square_around_the_face(tmp_path):
    path = video(tmp_path / "wide.mp4", [placed(astronaut(), 512, 800, 200 + i, 0) for i in range(9)])
    clip = open_clip(find_videos(tmp_path)[0][0], 2)
    assert path.exists() and clip.pictures.shape == (2, 256, 256, 3)
    assert np.abs(clip.source.landmarks[:, :2].mean(0)).max() < 0.3


def test_frames_in_which_another_face_was_taken_for_the_driver_are_left_out(videos):
    clip = open_clip(find_videos(videos)[0][1], 3)
    assert clip.doubtful == 0 and all(map(same_face, clip.recording.landmarks[clip.chosen], clip.faces))
    assert not same_face(clip.source.landmarks + np.float32(0.4), clip.faces[0])
    assert same_face(clip.source.landmarks, None)


def test_every_method_is_scored_on_the_same_frames(found):
    results = found.report.results
    assert list(results) == ["copy_source", "warp", "mesh_warp", "slim_128", "slim_256"]
    assert found.report.settings["compared_frames"] == 6 and found.report.settings["people"] == 2
    assert found.report.settings["warp_of"] == "slim_256"
    assert results["copy_source"]["l1_ratio"].value == 1
    expected = results["mesh_warp"]["l1"].value / results["copy_source"]["l1"].value
    assert results["mesh_warp"]["l1_ratio"].value == pytest.approx(expected)
    assert any("none.mp4 is left out" in note for note in found.report.notes)


def test_a_mesh_that_follows_a_moving_camera_is_nearer_than_standing_still(found):
    still, mesh = found.report.results["copy_source"], found.report.results["mesh_warp"]
    assert mesh["akd"].value < 0.35 * still["akd"].value
    assert mesh["l1"].value < still["l1"].value and mesh["ssim"].value > still["ssim"].value
    assert mesh["cross_akd"].value < 0.5 * still["cross_akd"].value
    assert still["cross_identity"].value > 0.97
    assert still["lost"].value == 0


def test_generators_are_tested_against_all_others_once(found):
    pairs = [(test.method, test.against) for test in found.report.comparisons if test.metric == "l1"]
    assert pairs == [
        *((name, other) for name in ("slim_128", "slim_256") for other in ("copy_source", "warp", "mesh_warp")),
        ("slim_256", "slim_128"),
    ]  # fmt: skip


def test_the_report_is_plain_json(found, tmp_path):
    found.report.save(tmp_path / "report.json")
    read = json.loads((tmp_path / "report.json").read_text())
    assert read["command"] == "evaluate animation"
    assert {"value", "low", "high"} <= read["results"]["slim_128"]["l1"].keys()


def test_an_unknown_method_is_refused_with_those_that_there_are(models):
    with pytest.raises(InputError, match="There are copy_source, warp, mesh_warp, slim_128, slim_256"):
        AnimationMethods(models).build(["fomm"])


def test_without_generators_the_others_are_scored(videos, tmp_path):
    assert list(AnimationMethods(tmp_path).build()) == ["copy_source", "mesh_warp"]
