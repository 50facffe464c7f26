"""The command line: verbs work end to end, faults are one sentence."""

import json

import numpy as np
import pytest
from typer.testing import CliRunner

from backend.__main__ import app, main
from backend.core.errors import MotionFanError
from backend.core.settings import REPOSITORY
from backend.media.images import bundled_picture

TALKING = str(REPOSITORY / "backend/assets/recordings/talking.npz")


def run(*words: str):
    return CliRunner().invoke(app, list(words), catch_exceptions=True)


def test_help_names_every_verb():
    out = run("--help").output
    assert all(verb in out for verb in ("serve", "landmarks", "animate", "bench", "load", "train"))


def test_animate_writes_a_film_of_the_bundled_portrait(small_models, tmp_path):
    out = tmp_path / "film.mp4"
    words = ["animate", "--driving", TALKING, "-o", str(out), "--models", str(small_models), "--generator", "slim_128"]
    result = run(*words, "--size", "64", "--horizon", "8", "--at", "2.0", "--k", "2")
    assert result.exit_code == 0, result.output
    assert out.stat().st_size > 1000
    assert "1 forecast of 8 steps" in result.output


def test_animate_takes_a_bundled_portrait_by_name(small_models, tmp_path, monkeypatch):
    shown = []
    monkeypatch.setattr(
        "backend.films.futures.write_film", lambda pipeline, image, *rest, **options: shown.append(image.picture) or []
    )
    words = ["animate", "--driving", TALKING, "-o", str(tmp_path / "f.mp4"), "--models", str(small_models)]
    result = run(*words, "--generator", "slim_128", "--portrait", "marble")
    assert result.exit_code == 0, result.output
    np.testing.assert_array_equal(shown[0], bundled_picture("marble"))


def test_animate_chooses_from_as_many_draws_as_asked(small_models, tmp_path, monkeypatch):
    used = []
    monkeypatch.setattr(
        "backend.films.futures.write_film",
        lambda pipeline, image, recording, out, settings, **rest: used.append(settings) or [],
    )
    words = ["animate", "--driving", TALKING, "-o", str(tmp_path / "f.mp4"), "--models", str(small_models)]
    for more in ([], ["--choose", "off"], ["--choose", "16x"]):
        result = run(*words, "--generator", "slim_128", *more)
        assert result.exit_code == 0, result.output
    assert [settings.choose for settings in used] == ["8x", "off", "16x"]


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["animate", "--driving", "none.npz", "-o", "x.mp4"], "recording_missing"),
        (["animate", "--driving", "none.mp4", "-o", "x.mp4"], "video_missing"),
        (["animate", "--driving", TALKING, "-o", "x.mp4", "--portrait", "none.png"], "portrait_missing"),
        (["animate", "--driving", TALKING, "-o", "x.mp4", "--method", "magic"], "settings"),
        (["animate", "--driving", TALKING, "-o", "x.mp4", "--choose", "9x"], "settings"),
        (["animate", "--driving", TALKING, "-o", "x.mp4", "--reference", "smiling"], "reference_unknown"),
        (["animate", "--driving", TALKING, "-o", "x.avi"], "video_suffix"),
        (["animate", "--driving", TALKING, "-o", "x.mp4", "--models", "nowhere"], "generator_missing"),
        (["landmarks", "a/x.mp4", "b/x.avi", "-o", "out"], "names_collide"),
        (["landmarks", "x.mp4", "-o", "/dev/null/out"], "unwritable"),
        (["bench", "--models", "nowhere", "--json", "/dev/null/x.json"], "unwritable"),
        (["bench", "--models", "nowhere"], "generator_missing"),
        (["evaluate", "forecast", "--recordings", "nowhere", "--choose", "3x"], "settings"),
        (["train", "pack", "--data", "nowhere", "-o", "x"], "data_missing"),
        (["train", "generator", "--pack", "nowhere"], "pack_missing"),
        (["train", "generator", "--pack", "nowhere", "--kind", "huge"], "kind"),
        (["train", "generator", "--pack", "nowhere", "--stage", "paint"], "stage"),
    ],
)
def test_faults_of_the_user_have_a_code(words, code, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    error = run(*words).exception
    assert isinstance(error, MotionFanError), error
    assert error.code == code


def test_work_that_fails_leaves_no_empty_report(tmp_path):
    error = run("evaluate", "ablation", "--recordings", str(tmp_path), "--json", str(tmp_path / "a.json")).exception
    assert isinstance(error, MotionFanError) and error.code == "data_empty"
    assert not (tmp_path / "a.json").exists()


def test_main_prints_one_sentence_and_no_traceback(monkeypatch, capsys):
    monkeypatch.setattr("sys.argv", ["motionfan", "animate", "--driving", "none.npz", "-o", "x.mp4"])
    with pytest.raises(SystemExit) as stop:
        main()
    assert stop.value.code == 2
    assert capsys.readouterr().err == "motionfan: There is no recording at none.npz.\n"


def test_bench_writes_the_report(small_models, tmp_path):
    result = run("bench", "--models", str(small_models), "--repeats", "3", "--json", str(tmp_path / "bench.json"))
    assert result.exit_code == 0, result.output
    report = json.loads((tmp_path / "bench.json").read_text())
    assert report["command"] == "bench"
    assert {"keypoints", "forecast_step", "generator_slim_128", "jpeg_sheet_8x128"} <= report["results"].keys()
    assert report["results"]["generator_slim_128"]["frames_per_s"]["value"] > 0
