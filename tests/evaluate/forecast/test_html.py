import re
from html.parser import HTMLParser

import numpy as np
import pytest
import torch

from backend.core.types import CLOCK_S
from backend.evaluate.common.methods import PathForecaster
from backend.evaluate.common.windows import ContextHorizon, ForecastWindows
from backend.evaluate.forecast.evaluation import ForecastReport, ForecastResults, example_windows
from backend.evaluate.forecast.html import repeat, write_forecast
from backend.evaluate.forecast.scores import Units, score
from backend.evaluate.forecast.summary import ForecastSummary
from backend.evaluate.forecast.text import summary
from backend.evaluate.report.blocks import TableColumn, best_method
from backend.evaluate.report.prose import interval, number, signed
from backend.evaluate.report.report import Comparison, ComparisonReport, Metric
from backend.keypoints.dataset import KeypointSequence

D = 60


def walk(step):
    def sample(context, k, horizon, generator):
        return context[:, None, -1:] + step * torch.randn(len(context), k, horizon, D, generator=generator).cumsum(2)

    return PathForecaster(sample)


def evaluation(layout, people=4, methods=("copy_last", "bootstrap", "gru_nf", "gru_snf")):
    motions = []
    for seed in range(people):
        random = np.random.default_rng(seed)
        flat = (random.normal(0, 0.3, (1, D)) + random.normal(0, 0.01, (50, D)).cumsum(0)).astype(np.float32)
        motions.append(KeypointSequence(flat, np.arange(50) * CLOCK_S, f"p{seed}", "val", f"c{seed}", layout))
    windows = ForecastWindows.of(motions, ContextHorizon.of("8-16"))
    spread = torch.full((D,), 0.1)
    units = Units(torch.zeros(D), spread, *windows.min_max(spread))
    steps = {"copy_last": 0.0, "bootstrap": 0.03, "gru_nf": 0.01, "gru_nf_chosen": 0.011, "gru_snf": 0.011}
    scored = {
        name: score(name, walk(steps[name]), windows, units, samples=8, seed=0, examples=example_windows(windows))
        for name in methods
    }
    found = ForecastSummary(windows, units, scored)
    settings = {
        "protocol": "8-16", "context": 8, "horizon": 16, "methods": list(methods), "samples": 8, "stride": 24, "fps": None,
        "seed": 0, "choose": "8x", "model": "forecaster", "windows": len(windows),
        "people": people, "recordings": people, "refinement": {"steps": 2},
    }  # fmt: skip
    notes = ["<b>bad.npz</b> & co: broken."]
    report = ForecastReport(
        "evaluate forecast", settings, found.results, comparisons=found.comparisons(), people=found.of_people(), notes=notes
    )
    return ForecastResults(report, windows, scored, layout, None)


class Page(HTMLParser):
    def __init__(self, text):
        super().__init__()
        self.links, self.open, self.ids, self.words, self.svgs = [], [], [], [], 0
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        values = dict(attrs)
        self.links += [values[name] for name in ("src", "href", "xlink:href") if name in values]
        self.ids += [values["id"]] if "id" in values else []
        self.svgs += tag == "svg"
        if tag not in ("meta", "br", "hr", "img", "link", "input"):
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.handle_starttag(tag, attrs)
        if self.open and self.open[-1] == tag:
            self.open.pop()

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.words.append(data)


@pytest.mark.parametrize("layout", ["face_regions", "flat"])
def test_the_page_is_whole_and_needs_no_network(layout, tmp_path):
    text = write_forecast(evaluation(layout), tmp_path / "new").read_text()
    page = Page(text)
    assert page.open == [] and page.svgs == 7
    assert all(link.startswith("#") for link in page.links)
    assert not re.search(r"url\((?!#)|@import", text)
    for name in ("copy_last", "bootstrap", "gru_nf", "gru_snf"):
        assert any(name in word for word in page.words)
    assert "&lt;b&gt;bad.npz" in text and "<b>bad" not in text
    # Whatever a picture refers to is there.
    assert {link[1:] for link in page.links} <= set(page.ids)
    assert set(re.findall(r"url\(#([^)]*)\)", text)) <= set(page.ids)


def test_the_page_of_one_person_and_one_method_has_no_intervals(tmp_path):
    text = write_forecast(evaluation("flat", people=1, methods=("copy_last",)), tmp_path).read_text()
    assert "Paired tests" not in text and "nan" not in text.lower()


def test_the_verdict_names_the_best_and_by_how_much():
    sentences = summary(evaluation("flat", people=12).report)
    assert sentences[0].startswith("gru_nf has the lowest error") or sentences[0].startswith("gru_snf has the lowest error")
    assert any("below that of bootstrap (difference \N{MINUS SIGN}" in sentence for sentence in sentences)
    assert any("diversity of 8 futures by +" in sentence for sentence in sentences)


def test_the_page_and_the_verdict_say_what_choosing_does(tmp_path):
    found = evaluation("flat", people=12, methods=("gru_nf", "gru_nf_chosen", "gru_snf"))
    sentences = summary(found.report)
    assert any(sentence.startswith("Choosing 4 of 32 draws (gru_nf_chosen compared with gru_nf)") for sentence in sentences)
    assert not any("gru_nf_chosen" in sentence for sentence in sentences[:2])
    text = write_forecast(found, tmp_path / "chosen").read_text()
    assert "What each ingredient does" in text
    assert "What each ingredient does" not in write_forecast(evaluation("flat"), tmp_path / "plain").read_text()


def test_the_best_is_the_least_or_the_nearest_to_what_is_wanted():
    results = {name: {"m": Metric(value)} for name, value in (("a", 0.5), ("b", 0.9), ("c", 3.0))}
    assert best_method(results, TableColumn("m", "")) == "a"
    assert best_method(results, TableColumn("m", "", best=1.0)) == "b"
    assert best_method(results, TableColumn("m", "", best="highest")) == "c"
    assert best_method(results, TableColumn("m", "", best="none")) is None


def test_a_test_is_found_either_way_round():
    report = ComparisonReport("", {}, {}, comparisons=[Comparison("crps", "a", "b", -1.0, -2.0, 0.5, 0.2, 0.3)])
    assert report.find("crps", "a", "b").difference == -1
    assert report.find("crps", "b", "a") == Comparison("crps", "b", "a", 1.0, -0.5, 2.0, 0.2, 0.3)
    assert report.find("apd", "a", "b") is None


def test_numbers_are_written_with_the_digits_that_count():
    written = {0: "0", 0.18651: "0.187", 12.3456: "12.3", 830.47: "830", 1.9: "1.90", 0.00004: "4e-05", 1e-12: "0"}
    assert {value: number(value) for value in written} == written
    assert interval(Metric(1.0, 0.123, 2.0)) == "0.12 – 2.0" and interval(Metric(1.0)) == ""
    assert signed(-0.08) == "\N{MINUS SIGN}0.0800"


def test_the_command_repeats_the_settings():
    settings = evaluation("flat", people=2).report.settings | {"context": 20, "fps": 30.0}
    command = repeat(settings)
    assert "--protocol 8-16 --context 20 --fps 30 --methods copy_last,bootstrap,gru_nf,gru_snf --samples 8" in command
