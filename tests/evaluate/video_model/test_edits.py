import numpy as np
import pytest

from backend.evaluate.video_model import captions as captions_module
from backend.evaluate.video_model.captions import DetectedMotions, caption_figures, detect_motions, evaluate_captions
from backend.evaluate.video_model.edits import CAPTIONS, edits, follows
from backend.evaluate.video_model.windows import WindowSet
from backend.starflow.video import VideoFlow
from tests.media.made import moving


class Perfect(VideoFlow):
    """Returns a clip a little brighter; and from another first frame, one with the same changes."""

    def edit(self, clip, drawing, start=None):
        if start is None:
            return (clip + 1).clip(0, 255).astype(np.uint8)
        steps = np.abs(np.diff(clip.astype(float), axis=0)).mean((1, 2, 3))
        brightness = np.concatenate([[0], np.cumsum(np.where(np.arange(len(steps)) % 2, -steps, steps))])
        return (np.full_like(start, 128) + brightness[:, None, None, None]).round().astype(np.uint8)

    def futures(self, context, count, frames, drawing=None, progress=None):
        still = context[-1:].repeat(frames, 0)
        still[frames // 2 :] //= 2
        return still[None].repeat(count, 0)


def test_edits_are_measured_against_the_clip(model, windows):
    results, tests, examples = edits(Perfect(model), WindowSet(windows))
    assert results["retold_unchanged"]["psnr"].value == pytest.approx(20 * np.log10(255), rel=1e-3)
    still = [
        (-10 * np.log10(((w.frames[:1] / 255 - w.frames[1:] / 255) ** 2).mean((1, 2, 3)).clip(1e-10))).mean() for w in windows
    ]
    assert results["retold_first_frame"]["psnr"].value == pytest.approx(np.mean(still), rel=1e-3)
    assert "follows" not in results["retold_unchanged"] and "psnr" not in results["retold_somebody_else"]
    assert results["retold_somebody_else"]["follows"].value > 0.9
    assert abs(results["retold_fresh_noise"]["follows"].value) < 0.6
    assert {(t.metric, t.method, t.against) for t in tests} == {
        ("psnr", "retold_unchanged", "retold_first_frame"),
        ("follows", "retold_somebody_else", "retold_fresh_noise"),
    }
    assert len(examples) == 2 and list(examples[0].rows) == ["clip", "unchanged", *CAPTIONS, "someone else"]


def test_with_one_person_there_is_no_edit_from_another_first_frame(model, windows):
    results, tests, examples = edits(Perfect(model), WindowSet(windows[:1]))
    assert set(results) == {"retold_unchanged", "retold_autoencoder", "retold_first_frame"}
    assert "someone else" not in examples[0].rows and [t.metric for t in tests] == ["psnr"]


def test_rhythm_is_the_correlation_of_changes():
    random = np.random.default_rng(0)
    a, b = (random.integers(0, 255, (9, 8, 8, 3)).astype(np.uint8) for _ in range(2))
    a[3:6] = a[3]
    change = [np.abs(np.diff(clip.astype(float), axis=0)).mean((1, 2, 3)) for clip in (a, b)]
    assert follows(a, b) == pytest.approx(np.corrcoef(*change)[0, 1], abs=1e-5)
    assert follows(a, a) == pytest.approx(1)
    assert np.isnan(follows(a, a[:1].repeat(9, 0)))


def test_a_face_that_is_there_is_seen_and_a_grey_field_is_none():
    small = np.stack([frame[::4, ::4] for frame in moving(8)])
    seen = detect_motions("still", small)
    assert seen.lost == 0 and "still" in seen.found
    grey = detect_motions("nods", np.full((5, 64, 64, 3), 90, np.uint8))
    assert grey.lost == 1 and grey.found == ()


def test_captions_are_counted_where_they_were_given_and_where_not():
    seen = [
        DetectedMotions("nods", ("nods", "blinks"), 0.0),
        DetectedMotions("nods", (), 1.0),
        DetectedMotions("blinks", ("nods", "blinks"), 0.5),
        DetectedMotions("still", ("still",), 0.5),
    ]
    found = caption_figures(seen)
    assert found["followed"].value == 3 / 4
    assert found["lost"].value == 0.5
    # nods: 1 of 2 others; nods again: 1 of 2; blinks: 1 of 3; still: 0 of 3
    assert found["elsewhere"].value == pytest.approx(3 / 10)


def test_every_caption_is_drawn_from_nothing_and_from_portraits(video_flow, windows, monkeypatch):
    monkeypatch.setattr(captions_module, "MOTIONS", ("still", "nods"))
    results, examples = evaluate_captions(video_flow, WindowSet(windows))
    assert set(results) == {"told_imagined", "told_portrait", "told_truth"}
    assert [entry.title for entry in examples] == ["still", "nods"]
    assert list(examples[0].rows) == ["imagined 1", "imagined 2", "portrait 1", "portrait 2"]
    assert examples[0].rows["imagined 1"].shape == (18, 64, 64, 3)
    assert np.array_equal(examples[0].rows["portrait 1"][0], windows[0].frames[0])
    assert np.array_equal(examples[0].rows["portrait 2"][0], windows[1].frames[0])
