import numpy as np
import pytest

from backend.evaluate.starflow import told as told_module
from backend.evaluate.starflow.edits import WORDS, edits
from backend.evaluate.starflow.told import Seen, figures, look, told
from backend.starflow.video import VideoFlow
from tests.media.made import moving


class Perfect(VideoFlow):
    """Mirrors without a fault, and tells clips again as they were, but a little brighter."""

    def mirrored(self, clip, drawing=None, progress=None):
        return clip[:, :, ::-1].copy()

    def retold(self, clip, drawing, start=None):
        return (clip + 1).clip(0, 255).astype(np.uint8)


def test_a_perfect_mirror_reaches_the_ceiling_and_the_clip_as_it_is_does_not(model, windows):
    results, tests, mirrors, tales = edits(Perfect(model), windows)
    assert results["mirror_drawn"]["psnr"].value == 100
    unflipped = np.mean(
        [(-10 * np.log10(((w.frames / 255 - w.frames[:, :, ::-1] / 255) ** 2).mean((1, 2, 3)))).mean() for w in windows]
    )
    assert results["mirror_unflipped"]["psnr"].value == pytest.approx(unflipped, rel=1e-4)
    assert results["retold_unchanged"]["psnr"].value == pytest.approx(20 * np.log10(255), rel=1e-3)
    still = np.mean(
        [(-10 * np.log10(((w.frames[:1] / 255 - w.frames[1:] / 255) ** 2).mean((1, 2, 3)).clip(1e-10))).mean() for w in windows]
    )
    assert results["retold_first_frame"]["psnr"].value == pytest.approx(still, rel=1e-3)
    assert {(t.method, t.against) for t in tests} == {
        ("mirror_drawn", "mirror_unflipped"),
        ("retold_unchanged", "retold_first_frame"),
    }
    assert len(mirrors) == len(tales) == 2
    assert list(mirrors[0].rows) == ["clip", "drawn mirrored", "true mirror image"]
    assert [f"told again: {words}" in tales[0].rows for words in WORDS] == [True] * 4
    assert "told again with somebody else's first frame" in tales[0].rows


def test_a_face_that_is_there_is_seen_and_a_grey_field_is_none():
    small = np.stack([frame[::4, ::4] for frame in moving(8)])
    seen = look("still", small)
    assert seen.lost == 0 and "still" in seen.said
    grey = look("nods", np.full((5, 64, 64, 3), 90, np.uint8))
    assert grey.lost == 1 and grey.said == ()


def test_captions_are_counted_where_they_were_given_and_where_not():
    seen = [
        Seen("nods", ("nods", "blinks"), 0.0),
        Seen("nods", (), 1.0),
        Seen("blinks", ("nods", "blinks"), 0.5),
        Seen("still", ("still",), 0.5),
    ]
    found = figures(seen)
    assert found["followed"].value == 3 / 4
    assert found["lost"].value == 0.5
    # nods: 1 of 2 others; nods again: 1 of 2; blinks: 1 of 3; still: 0 of 3
    assert found["elsewhere"].value == pytest.approx(3 / 10)


def test_every_caption_is_drawn_from_nothing_and_from_portraits(video_flow, windows, monkeypatch):
    monkeypatch.setattr(told_module, "MOTIONS", ("still", "nods"))
    results, sheets = told(video_flow, windows)
    assert set(results) == {"told_imagined", "told_portrait", "told_truth"}
    assert [entry.words for entry in sheets] == ["still", "nods"]
    assert list(sheets[0].rows) == ["imagined 1", "imagined 2", "portrait 1", "portrait 2"]
    assert sheets[0].rows["imagined 1"].shape == (18, 64, 64, 3)
    assert np.array_equal(sheets[0].rows["portrait 1"][0], windows[0].frames[0])
    assert np.array_equal(sheets[0].rows["portrait 2"][0], windows[1].frames[0])
