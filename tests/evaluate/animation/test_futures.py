import numpy as np
import pytest

from backend.core.errors import ModelError
from backend.evaluate.animation.clips import open_clip
from backend.evaluate.animation.futures import RenderedFutures
from backend.evaluate.animation.methods import AnimationMethods
from backend.evaluate.common.videos import find_videos
from tests.media.made import moving, video


@pytest.fixture(scope="module")
def futures(small_models, tmp_path_factory):
    videos = tmp_path_factory.mktemp("videos")
    video(videos / "long.mp4", moving(50), fps=25)
    video(videos / "short.mp4", moving(12), fps=25)
    found = RenderedFutures(AnimationMethods(small_models), small_models, samples=5, windows=1)
    for entry in find_videos(videos)[0]:
        found.add(open_clip(entry, 1))
    return found


def test_a_clip_too_short_for_a_window_has_none(futures):
    assert len(futures.table) == 1 and [clips.title for clips in futures.examples] == ["long"]


def test_futures_have_figures_at_every_rendered_step(futures):
    results = futures.results()
    assert list(results) == ["futures_truth", "futures_copy_last", "futures_gru_nf", "futures_gru_snf"]
    flow = results["futures_gru_nf"]
    assert len(flow["mae"].per_step) == len(flow["apd_over_mae"].per_step) == 4
    assert flow["apd_over_mae"].value == pytest.approx(flow["apd"].value / flow["mae"].value)
    assert flow["apd"].value > 0 and flow["mae"].value <= flow["mae_all"].value
    assert results["futures_copy_last"]["apd"].value == 0 and "apd_over_mae" not in results["futures_copy_last"]


def test_standardised_figures_run_from_0_to_1_over_all_forecasts(futures):
    futures.results()
    for metric in ("mae_standardised", "apd_standardised"):
        values = [futures.table.values(name, metric).item() for name in ("copy_last", "gru_nf", "gru_snf")]
        assert (min(values), max(values)) == (0, 1)


def test_strips_show_the_frames_that_came_at_the_forecast_times(futures):
    rows = futures.examples[0].rows
    assert list(rows)[:2] == ["what came", "rendered from its true motion"]
    assert all(row.shape == (4, 128, 128, 3) for row in rows.values())
    frames = [frame.reshape(128, 2, 128, 2, 3).mean((1, 3)) for frame in moving(50)]
    for step, picture in enumerate(rows["what came"]):
        at = 2 * (8 + 4 * step + 3)  # 50 frames at 25 Hz hold one window of 24 ticks, two frames apart
        nearest = min(range(50), key=lambda i: np.abs(frames[i] - picture).mean())
        assert abs(nearest - at) <= 1


def test_without_a_forecaster_or_generator_it_says_so(tmp_path):
    with pytest.raises(ModelError):
        RenderedFutures(AnimationMethods(tmp_path), tmp_path, samples=2)
