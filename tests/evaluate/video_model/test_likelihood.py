import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from scipy.stats import norm

from backend.evaluate.video_model.likelihood import frame_bits, gaussians, likelihood
from backend.evaluate.video_model.windows import WindowSet, window_noise
from backend.keypoints.captions import caption
from backend.starflow.flow import LatentFlow
from tests.evaluate.video_model.conftest import SMALL


@pytest.fixture
def latents():
    noise = torch.randn(3, 6, 2, 2, 4, generator=torch.Generator().manual_seed(0))
    return noise.cumsum(1) * torch.tensor([0.5, 1.0, 1.5, 2.0])


def test_bits_of_frames_add_up_to_the_likelihood_of_every_beginning(model, latents):
    said = torch.tensor([[1, 2, 0]] * 3)
    for words in (None, said):
        bits = frame_bits(model.flow, latents, words)
        for frames in (1, 2, 6):
            nats = -model.flow.log_prob(latents[:, :frames], words)
            assert torch.allclose(bits[:, :frames].sum(1) * 16 * math.log(2), nats, rtol=1e-4)


def test_an_untrained_flow_is_the_gaussian_that_knows_nothing(latents):
    frames = latents.flatten(0, 1)[:, None]  # each for itself: behind others, it expects what it has seen
    bits = frame_bits(LatentFlow(replace(SMALL.flow, deep_rank=0)).eval().requires_grad_(False), frames)
    wanted = -norm.logpdf(frames.double(), 0, math.sqrt(1 + SMALL.flow.noise**2)).mean((2, 3, 4)) / math.log(2)
    assert np.allclose(bits, wanted, rtol=1e-3)


def test_the_gaussian_around_the_last_frame_is_the_best_there_is_of_its_kind(latents):
    found = gaussians(latents, latents, 0.2)
    before, after = latents[:, :-1].double().numpy(), latents[:, 1:].double().numpy()
    plain = norm.logpdf(after, before, np.sqrt(((after - before) ** 2).mean((0, 1, 2, 3))))
    assert np.allclose(found["last_frame_gaussian"], -plain.mean((2, 3, 4)) / math.log(2), atol=1e-4)
    nothing = -norm.logpdf(after, 0, math.sqrt(1 + 0.2**2)).mean((2, 3, 4)) / math.log(2)
    assert np.allclose(found["standard_gaussian"], nothing, atol=1e-4)


def test_the_level_alone_is_a_flow_whose_networks_say_nothing(latents):
    clean = latents + 0.3 * torch.randn(latents.shape, generator=torch.Generator().manual_seed(1))
    flow = LatentFlow(replace(SMALL.flow, noise=0.2, deep_rank=0)).eval().requires_grad_(False)
    flow.set_change_variance(torch.from_numpy((np.diff(clean.numpy(), axis=1) ** 2).mean((0, 1, 2, 3))))
    wanted = frame_bits(flow, latents)[:, 1:]  # a new flow's maps are the identity, around the level
    assert torch.allclose(gaussians(latents, clean, 0.2)["level"], wanted, rtol=1e-3)


def test_all_score_the_same_noisy_latents_without_the_first_frame(video_flow, windows):
    results, tests = likelihood(video_flow, WindowSet(windows, 3))
    model, noisy, kept = video_flow.model, [], []
    sigma = model.flow.config.noise
    for number, window in enumerate(windows):
        kept.append(clean := model.autoencoder.encode(window.pixels)[None])
        noisy.append(clean + sigma * torch.randn(clean.shape, generator=window_noise(3, number)))
    x = torch.cat(noisy)
    flow = model.flow
    wanted = -(flow.log_prob(x) - flow.log_prob(x[:, :1])) / (17 * 16 * math.log(2))
    assert results["likelihood_flow"]["bits"].value == pytest.approx(wanted.mean().item(), rel=1e-4)
    said = torch.from_numpy(np.stack([caption(window.landmarks) for window in windows]))
    told = -(flow.log_prob(x, said) - flow.log_prob(x[:, :1], said)) / (17 * 16 * math.log(2))
    assert results["likelihood_flow_with_caption"]["bits"].value == pytest.approx(told.mean().item(), rel=1e-4)
    plain = gaussians(x, torch.cat(kept), sigma)["last_frame_gaussian"]
    assert results["likelihood_last_frame_gaussian"]["bits"].per_step == pytest.approx(plain.mean(0).tolist(), rel=1e-4)
    assert {(t.method, t.against) for t in tests} >= {("likelihood_flow", "likelihood_last_frame_gaussian")}
    assert results["likelihood_flow"]["bits"].low is not None
