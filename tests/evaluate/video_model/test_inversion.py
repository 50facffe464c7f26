from dataclasses import replace

import pytest
import torch

from backend.evaluate.video_model import inversion as module
from backend.evaluate.video_model.inversion import inversion, relative, round_trip, solve, speed
from backend.evaluate.video_model.windows import WindowSet
from backend.starflow.flow import LatentFlow
from backend.starflow.inversion import JacobiSettings
from backend.starflow.sampler import sample_latents


@pytest.fixture
def known(model, windows):
    return model.autoencoder.encode(windows[0].pixels[:2])[None]


def test_the_way_there_and_back_is_exact(video_flow, windows):
    found = round_trip(video_flow, WindowSet(windows[:2]))
    assert set(found) == {"round_trip_sequential", "round_trip_jacobi"}
    assert all(entry["max_error"].value < 1e-4 for entry in found.values())


def test_a_way_back_that_is_off_is_noticed(video_flow, windows, monkeypatch):
    original = LatentFlow.shallow_inverse

    def off(self, u, settings=None):
        x, efforts = original(self, u, settings)
        x = x.clone()
        x[0, 5, 1, 1, 2] += 0.1
        return x, efforts

    monkeypatch.setattr(LatentFlow, "shallow_inverse", off)
    found = round_trip(video_flow, WindowSet(windows[:1]))
    assert found["round_trip_jacobi"]["max_error"].value == pytest.approx(0.1, abs=1e-3)


def test_both_ways_of_solving_are_what_the_sampler_draws(model, known):
    z = torch.randn(1, 64, 4, generator=torch.Generator().manual_seed(1))
    generator = torch.Generator().manual_seed(2)
    drawn = sample_latents(model.flow, None, known, 16, generator, z=z, jacobi=JacobiSettings(block=8, tolerance=0.0))
    noisy = known + model.flow.config.noise * torch.randn(known.shape, generator=torch.Generator().manual_seed(2))
    with torch.inference_mode():
        for settings in (None, JacobiSettings(block=8, tolerance=0.0)):
            assert torch.allclose(solve(model.flow, noisy, z, settings).x, drawn.noisy, atol=1e-4)


def test_what_is_saved_is_passes_token_by_token_over_passes_by_blocks(video_flow, windows):
    found = inversion(video_flow, WindowSet(windows[:2]))
    oracle = found["inversion_sequential"]
    assert oracle["passes"].value == 16 * 4
    assert oracle["draw_passes"].value == 16 * 4 + 3 * 4  # three shallow blocks, all frames at once
    assert oracle["draw_error"].value == 0
    assert "inversion_block_64" in found and "inversion_block_128" not in found
    for name, entries in found.items():
        if name.startswith("inversion_block"):
            assert entries["saved"].value == pytest.approx(oracle["draw_passes"].value / entries["draw_passes"].value)
            assert entries["faster"].value == pytest.approx(oracle["draw_ms"].value / entries["draw_ms"].value)
            assert 1 <= entries["settled"].value <= int(name.rsplit("_", 1)[1])
            assert 0 <= entries["draw_error"].value < 0.05


def test_a_loose_answer_has_an_error(model, known):
    z = torch.randn(1, 64, 4, generator=torch.Generator().manual_seed(1))
    with torch.inference_mode():
        exact, loose = solve(model.flow, known, z, None), solve(model.flow, known, z, JacobiSettings(64, 1.0))
    assert relative(loose.x, exact.x) > 1e-3
    assert relative(torch.tensor([3.0, 4.0]), torch.tensor([0.0, 4.0])) == pytest.approx(0.75)


def test_a_draw_is_timed_from_pictures_to_pictures(video_flow, windows, monkeypatch):
    ticks = iter([0.0, 2.0, 2.0, 3.0, 3.0, 7.0] * 2)
    monkeypatch.setattr(module.time, "perf_counter", lambda: next(ticks))
    found = speed(video_flow, windows[0], 4)
    assert found["draw_1"]["ms"].value == 2000 and found["draw_4"]["frames_per_s"].value == 4 * 16 / 2


def test_times_are_medians_over_repeats(model, known, monkeypatch):
    z = torch.zeros(1, 64, 4)
    solved = iter([5.0, 1.0, 3.0])
    real = module.solve
    monkeypatch.setattr(module, "solve", lambda *args: replace(real(*args), ms=next(solved)))
    with torch.inference_mode():
        assert module._repeated(model.flow, known, z, JacobiSettings(64)).ms == 3.0
