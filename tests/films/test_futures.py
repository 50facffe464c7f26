"""Films of futures have the right length and content; impossible requests are explained."""

import numpy as np
import pytest
import torch

from backend.core.errors import InputError
from backend.core.recording import Recording
from backend.core.types import ForecastSettings
from backend.films.futures import ForecastWindow, captions, write_film
from backend.films.grid import fitting_font
from backend.films.reference import longest_segment, neutral_keypoints
from backend.films.whole_picture import write_whole_film
from backend.media.images import PortraitImage
from backend.media.portraits import load_portrait
from backend.media.video_reader import read_video
from tests.media.made import encoded, placed, scaled


def test_a_film_shows_every_step_of_every_forecast(pipeline, portrait_image, recording, tmp_path):
    settings = ForecastSettings(k=2, horizon=8)
    windows = write_film(pipeline, portrait_image, recording, tmp_path / "out.mp4", settings, moments=[1.0, 3.0], size=64)
    frames = [frame.picture for frame in read_video(tmp_path / "out.mp4")]
    assert len(windows) == 2
    assert len(frames) == 16
    assert frames[0].shape[1] == 2 * 64
    assert all(len(window.errors) == 2 and window.copy_last > 0 for window in windows)


def test_a_caption_names_share_and_error_of_a_future():
    window = ForecastWindow(7, ["GRU-NF", "GRU-SNF"], [0.02, 0.01], 0.03, [0.625, 0.375])
    assert captions(window) == ["1 GRU-NF  62 %  off by 0.020", "2 GRU-SNF  38 %  off by 0.010  closest"]
    assert captions(ForecastWindow(7, ["video model"], [0.02], 0.03)) == ["1 video model  off by 0.020  closest"]


def test_the_drivers_own_pictures_are_shown_each_in_its_time(pipeline, portrait_image, recording, tmp_path):
    asked = []

    def pictures(times, size):
        for t in times:
            asked.append(t)
            yield np.full((size, size, 3), 200, np.uint8)

    settings = ForecastSettings(k=2, horizon=8)
    out = tmp_path / "o.mp4"
    write_film(pipeline, portrait_image, recording, out, settings, moments=[1.0, 1.2], size=64, pictures=pictures)
    assert asked == sorted(set(asked)) and len(asked) == 11  # The windows overlap by five steps.
    frame = next(read_video(out)).picture
    assert abs(frame[40:80, 8:56].mean() - 200) < 5


def test_by_default_forecasts_follow_each_other(pipeline, portrait_image, recording, tmp_path):
    windows = write_film(pipeline, portrait_image, recording, tmp_path / "out.mp4", ForecastSettings(k=1, horizon=24), size=64)
    starts = [window.start for window in windows]
    assert starts == list(range(7, 7 + 24 * len(starts), 24))


def test_a_short_clip_and_an_impossible_moment_are_explained(pipeline, portrait_image, recording, tmp_path):
    short = Recording(recording.landmarks[:20], recording.timestamps[:20])
    with pytest.raises(InputError, match="longer clip"):
        write_film(pipeline, portrait_image, short, tmp_path / "out.mp4", ForecastSettings())
    with pytest.raises(InputError, match=r"No forecast fits at 50"):
        write_film(pipeline, portrait_image, recording, tmp_path / "out.mp4", ForecastSettings(), moments=[50.0])
    assert not list(tmp_path.iterdir())


def test_the_reference_frame_is_the_first_the_most_similar_or_the_one_at_a_given_time(pipeline, portrait_image, recording):
    segment, portrait = longest_segment(recording), pipeline.portrait(portrait_image)
    driving = pipeline.keypoints(segment.landmarks).flat()

    def index(reference):
        found = neutral_keypoints(pipeline, portrait, segment, reference).flat()
        return int((driving - found).abs().sum(-1).argmin())

    assert index("first") == 0
    assert index(float(segment.timestamps[17]) + 0.01) == 17
    hidden = segment.landmarks.copy()
    hidden[31] = portrait_image.landmarks * 0.8 + 0.05
    hiding = Recording(hidden, segment.timestamps)
    found = neutral_keypoints(pipeline, portrait, hiding, "best")
    torch.testing.assert_close(found.flat(), pipeline.keypoints(hidden[31]).flat())
    with pytest.raises(InputError, match="at 99.00 s"):
        neutral_keypoints(pipeline, portrait, segment, 99.0)
    with pytest.raises(InputError, match="at nan s"):
        neutral_keypoints(pipeline, portrait, segment, float("nan"))


def test_the_reference_decides_how_the_portrait_moves(pipeline, portrait_image, recording, tmp_path):
    settings, shown = ForecastSettings(k=1, horizon=8), {}
    for reference in ("first", 3.0):
        out = tmp_path / f"{reference}.mp4"
        write_film(pipeline, portrait_image, recording, out, settings, moments=[1.0], reference=reference, size=64)
        shown[reference] = np.stack([frame.picture for frame in read_video(out)]).astype(int)
    assert np.abs(shown["first"] - shown[3.0]).max() > 20


def test_the_whole_picture_moves_at_the_portraits_place_alone(pipeline, recording, tmp_path):
    picture = placed(scaled(420), 601, 800, 300, 100)
    image = load_portrait(encoded(picture))
    short = Recording(recording.landmarks[:30], recording.timestamps[:30])
    count = write_whole_film(pipeline, image, short, tmp_path / "out.mp4")
    frames = np.stack([frame.picture for frame in read_video(tmp_path / "out.mp4")]).astype(int)
    assert len(frames) == count == len(longest_segment(short).timestamps)
    assert frames.shape[1:] == (602, 800, 3)
    difference = np.abs(frames[:, :601] - picture)
    left, top, side = round(image.crop.x), round(image.crop.y), round(image.crop.side)
    outside = np.ones(picture.shape[:2], bool)
    outside[max(0, top - 8) : top + side + 8, left - 8 : left + side + 8] = False
    assert difference[:, outside].mean() < 3  # what H.264 does
    assert difference[:, ~outside].max() > 40


def test_a_portrait_without_its_whole_picture_cannot_be_put_back(pipeline, portrait_image, recording, tmp_path):
    alone = PortraitImage(portrait_image.picture, portrait_image.landmarks)
    with pytest.raises(InputError, match="only the crop"):
        write_whole_film(pipeline, alone, recording, tmp_path / "out.mp4")


def test_a_nan_moment_and_an_empty_recording_are_explained(pipeline, portrait_image, recording, tmp_path):
    with pytest.raises(InputError, match="No forecast fits at nan"):
        write_film(pipeline, portrait_image, recording, tmp_path / "out.mp4", ForecastSettings(), moments=[float("nan")])
    with pytest.raises(InputError, match="no frame"):
        nothing = Recording(recording.landmarks[:0], recording.timestamps[:0])
        write_film(pipeline, portrait_image, nothing, tmp_path / "out.mp4", ForecastSettings())


@pytest.mark.parametrize("width", [112, 176, 240])
def test_a_caption_fits_its_tile(width):
    assert fitting_font("4 GRU-SNF  off by 0.115  closest", width).getlength("4 GRU-SNF  off by 0.115  closest") <= width
    assert fitting_font("what happened", 240).getlength("what happened") > 60
