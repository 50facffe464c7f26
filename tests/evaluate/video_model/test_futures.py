from itertools import combinations

import numpy as np
import pytest
import torch

from backend.core.types import CLOCK_S
from backend.evaluate.common.videos import find_videos
from backend.evaluate.video_model.futures import SLIDE, futures, score, sliding
from backend.evaluate.video_model.keypoint_path import KeypointPath, interpolate
from backend.evaluate.video_model.windows import VideoWindow, WindowSet, read_face_video
from tests.media.made import moving, video


def test_figures_of_futures_are_what_they_are_said_to_be():
    source = torch.Generator().manual_seed(0)
    made, truth = torch.rand(4, 5, 3, 8, 8, generator=source), torch.rand(5, 3, 8, 8, generator=source)
    found = score(made, truth, 4)
    errors = [[(sample[t] - truth[t]).abs().mean().item() for t in range(5)] for sample in made]
    best = min(errors, key=sum)
    assert found["mae"][0].tolist() == pytest.approx(np.mean(errors, 0).tolist(), abs=1e-6)
    assert found["mae_best4"][0].tolist() == pytest.approx(best, abs=1e-6)
    pairs = [[(a[t] - b[t]).abs().mean().item() for t in range(5)] for a, b in combinations(made, 2)]
    assert found["apd"][0].tolist() == pytest.approx(np.mean(pairs, 0).tolist(), abs=1e-6)
    change = [[(sample[t] - sample[t - 1]).abs().mean().item() for t in range(1, 5)] for sample in made]
    assert found["change"][0].tolist() == pytest.approx(np.mean(change, 0).tolist(), abs=1e-6)


def test_the_best_is_one_future_not_the_best_of_every_frame():
    truth = torch.zeros(2, 3, 4, 4)
    made = torch.zeros(2, 2, 3, 4, 4)
    made[0, 0], made[0, 1], made[1, 0], made[1, 1] = 0.0, 0.5, 0.4, 0.0
    assert score(made, truth, 2)["mae_best2"].mean().item() == pytest.approx(0.2)


def test_standing_still_has_no_diversity_and_the_truth_no_error(video_flow, windows):
    results, tests, examples = futures(video_flow, None, WindowSet(windows), 3)
    assert set(results) == {
        f"futures_{n}" for n in ("truth", "copy_last", "sliding_last", "copy_last_through_autoencoder", "video_flow")
    }
    still, truth, ours = (results[f"futures_{name}"] for name in ("copy_last", "truth", "video_flow"))
    assert still["apd"].value == 0 and "apd_over_mae" not in still and still["motion"].value == 0
    assert still["mae"].value == still["mae_best3"].value
    assert truth["mae"].value == 0 and truth["motion"].value == pytest.approx(1)
    assert truth["sharpness"].value == pytest.approx(1)
    assert ours["apd"].value > 0 and ours["mae_best3"].value <= ours["mae"].value
    assert ours["apd_over_mae"].value == pytest.approx(ours["apd"].value / ours["mae"].value)
    wanted = [np.abs(w.frames[1].astype(float) - w.frames[2:].astype(float)).mean() / 255 for w in windows]
    assert still["mae"].value == pytest.approx(np.mean(wanted), rel=1e-4)
    assert {(t.method, t.against) for t in tests if t.metric == "mae_best3"} == {
        ("futures_video_flow", "futures_copy_last"),
        ("futures_video_flow", "futures_sliding_last"),
        ("futures_video_flow", "futures_copy_last_through_autoencoder"),
    }
    assert [e.motion for e in examples] == sorted((e.motion for e in examples), reverse=True)


def test_paths_are_read_between_their_steps():
    paths = torch.from_numpy(np.random.default_rng(0).normal(size=(2, 5, 3)))
    ahead = np.array([0.04, 0.08, 0.19, 0.32])
    found = interpolate(paths, ahead)
    for k in range(2):
        for d in range(3):
            assert found[k, :, d].numpy() == pytest.approx(np.interp(ahead, CLOCK_S * np.arange(5), paths[k, :, d]))


def test_a_sliding_picture_moves_evenly_and_each_future_its_own_way():
    row = np.arange(64)
    ramp = np.stack([*np.meshgrid(2 * row, 3 * row), np.zeros((64, 64))], -1).astype(
        np.uint8
    )  # red says the column, green the row
    made = sliding(ramp, 5, torch.Generator().manual_seed(0)).astype(float)
    speed = SLIDE * torch.randn(5, 1, 2, generator=torch.Generator().manual_seed(0))[:, 0].numpy()
    inside = made[:, :, 20:44, 20:44] - ramp[20:44, 20:44]
    for t in (0, 7, 15):
        shift = np.stack([inside[:, t, ..., 0].mean((1, 2)) / 2, inside[:, t, ..., 1].mean((1, 2)) / 3], 1)
        assert np.allclose(shift, (t + 1) * speed, atol=0.3)


@pytest.fixture(scope="module")
def window(tmp_path_factory):
    folder = tmp_path_factory.mktemp("videos")
    video(folder / "one.mp4", moving(60), fps=30)
    read = read_face_video(find_videos(folder)[0][0], 64)
    return VideoWindow(read, 6, 18)


def test_the_keypoint_path_forecasts_from_the_same_last_frame_at_the_same_times(small_models, window, monkeypatch):
    path = KeypointPath(small_models, 64)
    asked = {}
    for name, forecast in path._forecasts.items():

        def sample(context, k, horizon, source, name=name):
            asked[name] = (context, k, horizon)
            steps = torch.arange(1, horizon + 1)[None, None, :, None]
            return context[:, None, -1:] + 0.001 * steps.expand(1, k, -1, context.shape[-1])

        path._forecasts[name] = type(forecast)(sample)
    drawn = {}
    monkeypatch.setattr(path, "_render", lambda portrait, flat: drawn.setdefault(len(drawn), flat))
    path.futures(window, 2, 3, 0)
    still, true, nf, _ = drawn.values()
    context, k, horizon = asked["gru_nf"]
    assert k == 3 and horizon == 14  # 16 frames of 1/15 s are a little more than 13 steps of 80 ms
    assert context.shape[1] == 6  # as many steps as the video has before the last known frame
    own = path._pipeline.keypoints(window.landmarks).flat()
    assert torch.allclose(context[0, -1], own[1], atol=1e-5)
    assert torch.allclose(still[0], own[1].expand(16, -1), atol=1e-5)
    assert torch.allclose(true[0], own[2:], atol=1e-5)
    ahead = torch.from_numpy(window.times[2:] - window.times[1]) / CLOCK_S
    assert torch.allclose(nf[0] - own[1], (0.001 * ahead[:, None]).float().expand(16, own.shape[1]), atol=1e-5)


def test_the_keypoint_path_draws_frames_of_the_flows_size(small_models, window):
    found = KeypointPath(small_models, 64).futures(window, 2, 2, 0)
    assert {name: made.shape for name, made in found.items()} == {
        "keypoint_nf": (2, 16, 64, 64, 3),
        "keypoint_snf": (2, 16, 64, 64, 3),
        "keypoint_still": (1, 16, 64, 64, 3),
        "keypoint_true_motion": (1, 16, 64, 64, 3),
    }
    assert (found["keypoint_still"] == found["keypoint_still"][:, :1]).all()
