import base64
import io
import json
import re
from html.parser import HTMLParser

import numpy as np
import pytest
from PIL import Image

from backend.evaluate.animation.evaluation import AnimationOptions, evaluate_animation
from backend.evaluate.animation.html import repeat, write_animation
from backend.evaluate.animation.pictures import MAX_ERROR, error_map
from backend.evaluate.animation.text import summary
from backend.evaluate.report.report import Comparison, ComparisonReport, Metric
from backend.media.video_reader import DamagedVideoWarning, read_video
from tests.media.made import cut, moving, video

VOID = {"meta", "img", "br", "path", "rect", "use", "circle", "line"}


class Page(HTMLParser):
    """Checks that elements nest, and gathers pictures, films and headings."""

    def __init__(self, text):
        super().__init__()
        self.open, self.sources, self.text = [], [], ""
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.sources += [value for name, value in attributes if name in ("src", "href") and value]
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        pass

    def handle_endtag(self, tag):
        if tag not in VOID:
            assert self.open.pop() == tag

    def handle_data(self, data):
        self.text += data


@pytest.fixture(scope="module")
def page(small_models, tmp_path_factory):
    videos = tmp_path_factory.mktemp("videos")
    video(videos / "one.mp4", moving(26), fps=12.5)
    video(videos / "two.mp4", (frame[:, :, ::-1] for frame in moving(12)), fps=12.5)
    settings = AnimationOptions(frames=2, futures=2, threads=1)
    found = evaluate_animation(videos, small_models, options=settings)
    return write_animation(found, tmp_path_factory.mktemp("out") / "new").read_text()


def test_the_page_is_whole_and_needs_no_network(page):
    read = Page(page)
    assert read.open == []
    assert read.sources and all(source.startswith("data:") for source in read.sources)
    assert not re.search(r"url\((?!data:|#)", page)
    for heading in ("In motion", "Side by side", "Person by person", "Motion of other people", "Rendered futures"):
        assert heading in read.text


def test_a_video_that_was_cut_off_is_named_in_the_report_and_on_the_page(small_models, tmp_path):
    cut(video(tmp_path / "one.mp4", moving(40)))
    options = AnimationOptions(methods=("slim_128", "copy_source"), frames=1, futures=0, threads=1)
    with pytest.warns(DamagedVideoWarning):
        found = evaluate_animation(tmp_path, small_models, options=options)
    found.report.save(tmp_path / "report.json")
    assert [note for note in json.loads((tmp_path / "report.json").read_text())["notes"] if "one.mp4 is cut off" in note]
    assert "one.mp4 is cut off: it says 1.6 s" in Page(write_animation(found, tmp_path / "page").read_text()).text


def test_the_pictures_are_those_of_the_videos(page):
    pictures = [source for source in Page(page).sources if source.startswith("data:image/jpeg")]
    first = np.asarray(Image.open(io.BytesIO(base64.b64decode(pictures[0].split(",")[1]))))
    assert first.shape == (256, 256, 3)
    assert min(np.abs(first.astype(int) - frame).mean() for frame in (next(moving(1)), next(moving(1))[:, :, ::-1])) < 5


def test_the_films_play_every_method_side_by_side(page, tmp_path):
    films = [source for source in Page(page).sources if source.startswith("data:video/mp4")]
    (tmp_path / "film.mp4").write_bytes(base64.b64decode(films[0].split(",")[1]))
    frames = [frame.picture for frame in read_video(tmp_path / "film.mp4")]
    assert frames[0].shape == (192, 5 * 192, 3) and len(frames) >= 12
    still, driver = (np.stack(frames)[:, :, k * 192 : (k + 1) * 192].astype(int) for k in (0, 1))
    assert np.abs(still[-1] - still[0]).mean() < 2 < np.abs(driver[-1] - driver[0]).mean()


def test_an_error_map_is_black_where_pictures_agree_and_bright_where_they_do_not():
    truth = np.zeros((4, 4, 3), np.uint8)
    made = truth.copy()
    made[0, 0] = round(255 * MAX_ERROR)
    found = error_map(made, truth)
    assert found[0, 0].min() > 150 and found[1:].max() < 10


def metric(value):
    return Metric(value, 0.9 * value, 1.1 * value)


def test_the_verdict_says_what_is_better_and_what_cannot_be_told():
    figures = {"l1": 0.04, "l1_ratio": 0.4, "ssim": 0.8, "akd": 2.0, "akd_lips": 2.5, "akd_eyes": 1.5, "lost": 0.01}
    results = {
        name: {key: metric(value * factor) for key, value in figures.items()}
        for name, factor in (("copy_source", 4), ("mesh_warp", 2), ("slim_256", 1))
    }
    tests = [
        Comparison("l1", "slim_256", "mesh_warp", -0.04, -0.05, -0.03, 0.0001, 0.0002),
        Comparison("akd", "slim_256", "mesh_warp", 0.1, -0.2, 0.4, 0.2, 0.3),
    ]
    found = summary(ComparisonReport("evaluate animation", {}, results, comparisons=tests), "slim_256")
    assert found[0].startswith("slim_256 rebuilds held-out people with an L1 of 0.040 [0.036, 0.044], 0.40 times")
    assert "1.0 % of its frames show no face" in found[1]
    assert (
        found[2] == "Against mesh_warp: L1 is better (\N{MINUS SIGN}0.0400, p < 0.001), AKD is no different (+0.10, p = 0.3)."
    )


def test_the_command_repeats_the_settings():
    settings = {"methods": ["copy_source", "slim_256"], "frames": 3, "futures": 0, "windows": 1, "seed": 7, "threads": 1}
    assert repeat(settings | {"device": "cuda"}) == (
        "motionfan evaluate animation --videos DIR --methods copy_source,slim_256 --frames 3 --futures 0 --windows 1 --seed 7 "
        "--threads 1 --device cuda --html OUT"
    )
