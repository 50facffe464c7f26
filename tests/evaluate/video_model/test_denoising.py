import numpy as np
import pytest
import torch
from skimage.metrics import peak_signal_noise_ratio, structural_similarity

from backend.evaluate.common.image_metrics import ssim
from backend.evaluate.video_model.denoising import _clean_samples, cleaned, cleanup, self_flicker
from backend.evaluate.video_model.windows import WindowSet, window_noise
from backend.starflow.sampler import sample_latents
from backend.starflow.video import SamplingSettings


def test_a_score_step_goes_up_the_likelihood(model):
    noisy = torch.randn(1, 5, 2, 2, 4, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        made = cleaned(model, noisy)
    at = noisy.clone().requires_grad_()
    model.flow.log_prob(at).sum().backward()
    assert torch.allclose(made["score_step"], noisy + model.flow.config.noise**2 * at.grad, atol=1e-5)
    assert torch.allclose(made["flow_score_matching"], noisy + model.flow.config.noise * model.denoiser(noisy), atol=1e-6)
    assert torch.equal(made["no_noise_removal"], noisy)


def test_drawn_clips_are_the_samplers_own(model, windows):
    known = windows[0].pixels[:2]
    latents = model.autoencoder.encode(known)[None]
    for name, denoiser in (("flow_score_matching", model.denoiser), ("no_noise_removal", None)):
        drawn = sample_latents(
            model.flow, denoiser, latents, 16, window_noise(4, 1), temperature=SamplingSettings().temperature
        ).latents
        assert torch.allclose(_clean_samples(model, known, 4, 1)[name], model.autoencoder.decode(drawn)[0], atol=1e-4)


def test_figures_are_means_over_frames_of_the_right_pictures(video_flow, windows):
    results, tests = cleanup(video_flow, WindowSet(windows))
    model, ratios, similar = video_flow.model, [], []
    for window in windows:
        rebuilt = model.autoencoder.decode(model.autoencoder.encode(window.pixels))
        for made, true in zip(rebuilt.numpy(), window.pixels.numpy(), strict=True):
            ratios.append(peak_signal_noise_ratio(true, made, data_range=1))
            options = {"gaussian_weights": True, "sigma": 1.5, "use_sample_covariance": False}
            similar.append(structural_similarity(true, made, channel_axis=0, data_range=1, **options))
    bound = results["cleanup_reconstruction_bound"]
    assert bound["psnr"].value == pytest.approx(np.mean(ratios), rel=1e-3)
    assert bound["ssim"].value == pytest.approx(np.mean(similar), abs=2e-3)
    truth = np.mean([np.abs(np.diff(window.pixels[2:].numpy(), n=2, axis=0)).mean() for window in windows])
    assert results["cleanup_truth"]["drawn_flicker"].value == pytest.approx(truth, rel=1e-4)
    assert {t.against for t in tests} == {"cleanup_no_noise_removal", "cleanup_score_step"}
    assert "drawn_flicker" not in bound


def test_a_still_picture_does_not_flicker_and_a_blinking_one_does():
    still = torch.full((6, 3, 4, 4), 0.3)
    blinking = still.clone()
    blinking[::2] = 0.5
    assert self_flicker(still) == 0
    assert self_flicker(blinking) == pytest.approx(0.4)


def test_similarity_of_one_scale_is_1_for_the_same_picture():
    picture = torch.rand(2, 3, 64, 64, generator=torch.Generator().manual_seed(0))
    assert torch.allclose(ssim(picture, picture), torch.ones(2))
