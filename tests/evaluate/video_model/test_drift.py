import numpy as np
import pytest
import torch

from backend.evaluate.video_model.drift import LENGTH, drift, reconstruct
from backend.evaluate.video_model.windows import WindowSet
from backend.starflow.video import VideoFlow
from tests.evaluate.video_model.conftest import window_of


class Standing(VideoFlow):
    """Draws the last known frame, brighter by 10 a frame."""

    def futures(self, context, count, frames, drawing=None, progress=None):
        self.asked = (context.shape, count, frames, drawing)
        steps = 10 * np.arange(1, frames + 1)[:, None, None, None]
        return (context[-1].astype(int) + steps).clip(0, 255).astype(np.uint8)[None].repeat(count, 0)


@pytest.fixture(scope="module")
def long(recording):
    return [window_of(recording, person, 2 + LENGTH, seed) for seed, person in enumerate(("p1", "p2"))]


def test_error_is_measured_frame_by_frame_against_what_came(model, long):
    results, tests, (shown,) = drift(Standing(model), Standing(model), WindowSet(long))
    still, drawn = [], []
    for window in long:
        last, truth = window.frames[1].astype(float), window.frames[2:].astype(float)
        brighter = [(last + 10 * step).clip(0, 255) for step in range(1, LENGTH + 1)]
        still.append([np.abs(last - frame).mean() / 255 for frame in truth])
        drawn.append([np.abs(a - b).mean() / 255 for a, b in zip(brighter, truth, strict=True)])
    assert results["drift_copy_last"]["mae"].per_step == pytest.approx(np.mean(still, 0).tolist(), rel=1e-4)
    assert results["drift_flow"]["mae"].per_step == pytest.approx(np.mean(drawn, 0).tolist(), rel=1e-4)
    assert results["drift_flow"]["mae"].value == pytest.approx(np.mean(drawn), rel=1e-4)
    assert results["drift_truth"]["mae"].value == 0
    assert results["drift_truth"]["sharpness"].value == pytest.approx(1)
    assert results["drift_truth"]["motion_left"].value == pytest.approx(1)
    assert results["drift_copy_last"]["motion_left"].value == 0
    assert {t.against for t in tests} == {"drift_regression", "drift_copy_last"}
    assert set(shown.rows) == {"truth", "reconstruction", "copy_last", "flow", "regression"}


def test_both_models_go_on_from_the_same_context_for_three_windows(model, long):
    flow, regression = Standing(model), Standing(model)
    drift(flow, regression, WindowSet(long))
    assert flow.asked[:3] == ((2, 64, 64, 3), 1, 48) and regression.asked[:3] == ((2, 64, 64, 3), 1, 48)
    assert regression.asked[3].temperature == 0 and flow.asked[3].temperature > 0


def test_without_a_regression_the_flow_is_measured_alone(video_flow, long):
    results, tests, _ = drift(video_flow, None, WindowSet(long[:1]))
    assert "drift_regression" not in results
    assert len(results["drift_flow"]["sharpness"].per_step) == LENGTH
    assert all(t.against == "drift_copy_last" for t in tests)


def test_frames_through_the_autoencoder_are_its_own(video_flow, long):
    frames = long[0].frames[:3]
    pixels = torch.from_numpy(frames).permute(0, 3, 1, 2) / 255
    with torch.no_grad():
        wanted = video_flow.model.autoencoder.decode(video_flow.model.autoencoder.encode(pixels)).permute(0, 2, 3, 1)
    assert np.abs(reconstruct(video_flow, frames) / 255 - wanted.numpy()).max() <= 0.5 / 255 + 1e-5
