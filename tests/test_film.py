"""The film: whole, of the right length, and clear about what it cannot do."""

import numpy as np
import pytest

from backend.errors import InputError
from backend.film import film
from backend.media.video import read_video
from backend.types import ForecastSettings, Recording


def test_a_film_shows_every_step_of_every_forecast(pipeline, portrait_image, recording, tmp_path):
    settings = ForecastSettings(k=2, horizon=8)
    windows = film(pipeline, portrait_image, recording, tmp_path / "out.mp4", settings, moments=[1.0, 3.0], size=64)
    frames = [frame.picture for frame in read_video(tmp_path / "out.mp4")]
    assert len(windows) == 2
    assert len(frames) == 16
    assert frames[0].shape[1] == 2 * 64
    assert all(len(window.errors) == 2 and window.copy_last > 0 for window in windows)


def test_the_drivers_own_pictures_are_shown_each_in_its_time(pipeline, portrait_image, recording, tmp_path):
    asked = []

    def pictures(times, size):
        for t in times:
            asked.append(t)
            yield np.full((size, size, 3), 200, np.uint8)

    settings = ForecastSettings(k=2, horizon=8)
    film(pipeline, portrait_image, recording, tmp_path / "o.mp4", settings, moments=[1.0, 1.2], size=64, pictures=pictures)
    assert asked == sorted(set(asked)) and len(asked) == 11  # the windows overlap by five steps
    frame = next(read_video(tmp_path / "o.mp4")).picture
    assert abs(frame[40:80, 8:56].mean() - 200) < 5


def test_by_default_forecasts_follow_each_other(pipeline, portrait_image, recording, tmp_path):
    windows = film(pipeline, portrait_image, recording, tmp_path / "out.mp4", ForecastSettings(k=1, horizon=24), size=64)
    starts = [window.start for window in windows]
    assert starts == list(range(7, 7 + 24 * len(starts), 24))


def test_a_short_clip_and_an_impossible_moment_are_explained(pipeline, portrait_image, recording, tmp_path):
    short = Recording(recording.landmarks[:20], recording.timestamps[:20])
    with pytest.raises(InputError, match="longer clip"):
        film(pipeline, portrait_image, short, tmp_path / "out.mp4", ForecastSettings())
    with pytest.raises(InputError, match=r"No forecast fits at 50"):
        film(pipeline, portrait_image, recording, tmp_path / "out.mp4", ForecastSettings(), moments=[50.0])
    assert not list(tmp_path.iterdir())


def test_no_number_as_a_moment_and_no_frame_to_start_from_are_explained(pipeline, portrait_image, recording, tmp_path):
    with pytest.raises(InputError, match="No forecast fits at nan"):
        film(pipeline, portrait_image, recording, tmp_path / "out.mp4", ForecastSettings(), moments=[float("nan")])
    with pytest.raises(InputError, match="no frame"):
        nothing = Recording(recording.landmarks[:0], recording.timestamps[:0])
        film(pipeline, portrait_image, nothing, tmp_path / "out.mp4", ForecastSettings())
