"""The video model on the command line: films of its futures, and clips from captions, pictures and clips."""

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from backend.__main__ import app
from backend.core.errors import MotionFanError
from backend.core.settings import REPOSITORY
from backend.core.types import ForecastSettings
from backend.films.futures import video_sampler, write_film
from backend.films.grid import CAPTION_HEIGHT, contact_sheet, scaled, sheet
from backend.films.imagine import LabelledClip, last_frames
from backend.media.video_reader import read_video
from backend.starflow.video import SamplingSettings, VideoFlow
from tests.media.made import moving, video

TALKING = str(REPOSITORY / "backend/assets/recordings/talking.npz")


def run(*words) -> object:
    return CliRunner().invoke(app, [str(word) for word in words], catch_exceptions=True)


def tile(shade: int, size: int = 32) -> np.ndarray:
    return np.full((size, size, 3), shade, np.uint8)


@pytest.fixture(scope="module")
def clip(tmp_path_factory):
    return video(tmp_path_factory.mktemp("clip") / "sway.mp4", moving(50), fps=25)


@pytest.fixture(scope="module")
def models(small_models, tiny_video_flow, tmp_path_factory):
    folder = tmp_path_factory.mktemp("with_video")
    for path in (*small_models.iterdir(), tiny_video_flow):
        (folder / ("starflow" if path == tiny_video_flow else path.name)).symlink_to(path)
    return folder


@pytest.mark.parametrize(
    ("known", "futures", "shape"),
    [(2, 4, (2, 3)), (2, 1, (2, 2)), (1, 3, (1, 4)), (1, 4, (1, 5)), (0, 3, (1, 3)), (0, 5, (2, 3))],
)
def test_every_tile_of_a_sheet_has_its_place(known, futures, shape):
    shades = [10 + 30 * i for i in range(known + futures)]
    tiles = [(tile(shade), "words") for shade in shades]
    laid = sheet(tiles[:known], tiles[known:])
    assert laid.shape == (shape[0] * (32 + CAPTION_HEIGHT), shape[1] * 32, 3)
    cells = [
        laid[r * (32 + CAPTION_HEIGHT) + CAPTION_HEIGHT :, c * 32 :][:32, :32] for r in range(shape[0]) for c in range(shape[1])
    ]
    seen = [int(cell[0, 0, 0]) for cell in cells if (cell == cell[0, 0]).all()]
    assert sorted(shade for shade in seen if shade in shades) == shades


def test_a_contact_sheet_has_a_row_a_clip():
    clips = [np.stack([tile(10 * (3 * k + t)) for t in range(3)]) for k in range(2)]
    laid = contact_sheet([(clip, "words") for clip in clips])
    assert laid.shape == (2 * (32 + CAPTION_HEIGHT), 96, 3)
    assert [int(laid[CAPTION_HEIGHT + 1, 33, 0]), int(laid[-1, -1, 0])] == [10, 50]


def test_labels_mark_the_given_frames():
    clip = LabelledClip(np.zeros((4, 8, 8, 3), np.uint8), "1 nods", given=2)
    assert [clip.frame_label(step) for step in range(4)] == ["given", "given", "1 nods", "1 nods"]
    assert clip.row_label() == "1 nods   the first 2 are given"
    assert LabelledClip(clip.frames, "1 nods").row_label() == "1 nods"


def test_pictures_shrink_by_areas_and_grow_smoothly():
    rng = np.random.default_rng(0)
    fine = rng.integers(0, 255, (2, 64, 64, 3), np.uint8)
    areas = fine.reshape(2, 32, 2, 32, 2, 3).mean((2, 4))
    np.testing.assert_allclose(scaled(fine, 32), areas, atol=1.01)
    step = np.zeros((16, 16, 3), np.uint8)
    step[:, 8:] = 255
    assert len(np.unique(scaled(step, 64))) > 4
    assert scaled(fine, 64) is fine


def test_a_film_of_video_futures_goes_on_from_the_last_frames(pipeline, portrait_image, recording, tmp_path):
    asked, reported = [], []

    def sample(seen, count, frames, progress):
        asked.append((seen.shape, count, frames))
        progress(0.5)
        return np.stack([np.full((frames, 16, 16, 3), 60 + 120 * k, np.uint8) for k in range(count)])

    out, settings = tmp_path / "out.mp4", ForecastSettings(k=2, horizon=8)
    windows = write_film(
        pipeline, portrait_image, recording, out, settings, moments=[1.0, 3.0], size=64, video_sampler=sample,
        progress=lambda done, total: reported.append((done, total)),
    )  # fmt: skip
    frames = [frame.picture for frame in read_video(out)]
    assert asked == [((8, 64, 64, 3), 2, 8)] * 2
    assert len(frames) == 16 and frames[0].shape == (2 * (64 + CAPTION_HEIGHT), 2 * 64, 3)
    assert abs(int(frames[0][CAPTION_HEIGHT + 32, 96].mean()) - 60) < 8 and abs(int(frames[0][-32, 96].mean()) - 180) < 8
    assert [done for done, _ in reported] == sorted(done for done, _ in reported) and reported[-1] == (32, 32)
    for window in windows:
        assert window.names == ["video model"] * 2
        assert 0 < window.copy_last < min(window.errors) <= 1


def test_a_video_sampler_samples_other_futures_at_every_moment_reproducibly(tiny_video_flow):
    flow, seen = VideoFlow.load(tiny_video_flow), np.random.default_rng(0).integers(0, 255, (8, 96, 96, 3), np.uint8)
    sample, again = (video_sampler(flow, SamplingSettings(seed=5)) for _ in range(2))
    first, second = (sample(seen, 2, 4, lambda _: None) for _ in range(2))
    assert first.shape == (2, 4, 64, 64, 3)
    assert (first != second).any()
    np.testing.assert_array_equal(again(seen, 2, 4, lambda _: None), first)


def test_animate_samples_futures_with_the_video_flow(models, tmp_path):
    out = tmp_path / "film.mp4"
    words = ["animate", "--driving", TALKING, "-o", out, "--models", models, "--generator", "slim_128", "--engine", "starflow"]
    result = run(*words, "--size", "64", "--horizon", "8", "--at", "2.0", "--k", "2")
    assert result.exit_code == 0, (result.output, result.exception)
    assert "1 forecast of 8 steps by the video model" in result.output
    assert len(list(read_video(out))) == 8


def test_the_end_of_a_clip_is_cut_as_small_as_the_model_wants_it(clip):
    frames = last_frames(clip, 8, 64)
    assert frames.shape == (8, 64, 64, 3) and frames.dtype == np.uint8
    assert frames.std() > 20 and (frames[0] != frames[-1]).any()


def test_clips_from_a_caption_are_written_as_a_film(tiny_video_flow, tmp_path):
    out = tmp_path / "out.mp4"
    result = run("imagine", "-o", out, "--model", tiny_video_flow, "--caption", "turns left", "-k", 2, "--seconds", 0.4)
    assert result.exit_code == 0, (result.output, result.exception)
    frames = [frame.picture for frame in read_video(out)]
    assert len(frames) == 5 and frames[0].shape == (192 + CAPTION_HEIGHT, 2 * 192, 3)
    assert "2 clips of 0.40 s, sampled in" in result.output


def test_every_future_of_a_portrait_begins_with_it(tiny_video_flow, tmp_path):
    out = tmp_path / "out.png"
    words = ["imagine", "-o", out, "--model", tiny_video_flow, "--portrait", "marble", "-k", 2, "--seconds", 0.32, "--size", 64]
    result = run(*words)
    assert result.exit_code == 0, (result.output, result.exception)
    laid = np.asarray(Image.open(out))
    assert laid.shape == (2 * (64 + CAPTION_HEIGHT), 5 * 64, 3)
    np.testing.assert_array_equal(laid[CAPTION_HEIGHT : CAPTION_HEIGHT + 64, :64], laid[2 * CAPTION_HEIGHT + 64 :, :64])
    assert (laid[CAPTION_HEIGHT : CAPTION_HEIGHT + 64, -64:] != laid[2 * CAPTION_HEIGHT + 64 :, -64:]).any()
    assert [path.name for path in tmp_path.iterdir()] == ["out.png"]


def test_futures_of_a_clip_are_shown_beside_it(tiny_video_flow, clip, tmp_path):
    out = tmp_path / "out.mp4"
    result = run("imagine", "-o", out, "--model", tiny_video_flow, "--clip", clip, "-k", 1, "--seconds", 0.32, "--size", 64)
    assert result.exit_code == 0, (result.output, result.exception)
    frames = [frame.picture for frame in read_video(out)]
    assert len(frames) == 8 + 4 and frames[0].shape == (64 + CAPTION_HEIGHT, 128, 3)
    left, right = (frame.astype(int) for frame in np.split(frames[0][CAPTION_HEIGHT:], 2, axis=1))
    assert np.abs(left - right).mean() < 6


@pytest.mark.parametrize("extra", [["--caption", "nods", "-k", 2], ["--portrait", "marble"]])
def test_an_edit_is_shown_beside_its_clip(tiny_video_flow, clip, tmp_path, extra):
    out = tmp_path / "out.png"
    words = [
        "imagine",
        "-o",
        out,
        "--model",
        tiny_video_flow,
        "--clip",
        clip,
        "--seconds",
        0.4,
        "--size",
        64,
        "--edit",
        "retold",
    ]
    result = run(*words, *extra)
    assert result.exit_code == 0, (result.output, result.exception)
    rows = 3 if "-k" in extra else 2
    assert np.asarray(Image.open(out)).shape == (rows * (64 + CAPTION_HEIGHT), 5 * 64, 3)


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["imagine", "-o", "x.gif"], "imagine_suffix"),
        (["imagine", "-o", "/dev/null/x.png"], "video_unwritable"),
        (["imagine", "-o", "x.mp4", "--caption", "dances"], "video_caption"),
        (["imagine", "-o", "x.mp4", "--clip", "none.mp4"], "video_missing"),
        (["imagine", "-o", "x.mp4", "--portrait", "none.png", "--model", "MODEL"], "portrait_missing"),
        (["imagine", "-o", "x.mp4", "--model", "nowhere"], "starflow_missing"),
        (["imagine", "-o", "x.mp4", "--edit", "painted", "--clip", "CLIP"], "edit_unknown"),
        (["imagine", "-o", "x.mp4", "--edit", "retold"], "edit_clip"),
        (["imagine", "-o", "x.mp4", "--portrait", "marble", "--clip", "CLIP"], "imagine_twofold"),
        (["imagine", "-o", "x.mp4", "--clip", "CLIP", "--edit", "retold", "--seconds", 3], "imagine_seconds"),
        (["animate", "--driving", TALKING, "-o", "x.mp4", "--engine", "starflow", "--whole-picture"], "engine_whole"),
        (["animate", "--driving", TALKING, "-o", "x.mp4", "--engine", "magic"], "engine_unknown"),
    ],
)  # fmt: skip
def test_an_invalid_request_has_a_code(words, code, tiny_video_flow, clip, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    if code == "imagine_seconds":
        words = [*words, "--model", "MODEL"]
    stand_in = {"MODEL": tiny_video_flow, "CLIP": clip}
    error = run(*(stand_in.get(word, word) for word in words)).exception
    assert isinstance(error, MotionFanError), error
    assert error.code == code
    assert not list(tmp_path.iterdir())


def test_missing_weights_are_reported_before_the_clip_is_tracked(models, tmp_path, clip, monkeypatch):
    monkeypatch.setattr("backend.cli.animate._track", lambda path: pytest.fail("it was tracked"))
    (tmp_path / "models").mkdir()
    for name in ("forecaster", "generator_slim_128"):
        (tmp_path / "models" / name).symlink_to(models / name)
    words = ["animate", "--driving", clip, "-o", tmp_path / "x.mp4", "--models", tmp_path / "models"]
    error = run(*words, "--generator", "slim_128", "--engine", "starflow").exception
    assert isinstance(error, MotionFanError) and error.code == "starflow_missing"
