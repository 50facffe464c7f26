from itertools import combinations

import numpy as np
import pytest
import torch
from scipy.ndimage import convolve
from skimage.metrics import peak_signal_noise_ratio, structural_similarity

from backend.evaluate.common.image_metrics import MAX_PSNR, MS_WEIGHTS, flicker, l1, psnr, sample_scores, sharpness, structural
from tests.media.made import scaled


@pytest.fixture(scope="module")
def pair():
    """The astronaut, and the same blurred, shifted in brightness and made noisy, `[2, 3, 192, 192]` each."""
    picture = scaled(192).astype(np.float64) / 255
    random = np.random.default_rng(0)
    box = np.ones((3, 3, 1)) / 9
    other = np.stack([convolve(picture, box), 0.9 * picture + 0.1 * random.random(picture.shape)])
    return as_frames(other), as_frames(np.stack([picture, picture]))


def as_frames(pictures):
    return torch.from_numpy(np.ascontiguousarray(np.moveaxis(pictures, -1, 1)))


def as_pictures(frames):
    return np.moveaxis(frames.numpy(), 1, -1)


def reference_ssim(a, b, full=False):
    return structural_similarity(
        a, b, gaussian_weights=True, sigma=1.5, use_sample_covariance=False, data_range=1.0, channel_axis=-1, full=full
    )


def test_ssim_and_psnr_are_those_of_scikit_image(pair):
    for index, (a, b) in enumerate(zip(as_pictures(pair[0]), as_pictures(pair[1]), strict=True)):
        assert structural(*pair)[0][index].item() == pytest.approx(reference_ssim(a, b), abs=1e-9)
        assert psnr(*pair)[index].item() == pytest.approx(peak_signal_noise_ratio(b, a, data_range=1.0), abs=1e-9)
        assert l1(*pair)[index].item() == pytest.approx(np.abs(a - b).mean(), abs=1e-12)


def brute_force_ms_ssim(a, b):
    """Wang et al. 2003 for one grey picture, window by window."""
    place = np.arange(11) - 5
    window = np.exp(-(place[:, None] ** 2 + place[None] ** 2) / (2 * 1.5**2))
    window /= window.sum()
    product = 1.0
    for scale, weight in enumerate(MS_WEIGHTS):
        luminance, structure = [], []
        for y in range(a.shape[0] - 10):
            for x in range(a.shape[1] - 10):
                p, q = a[y : y + 11, x : x + 11], b[y : y + 11, x : x + 11]
                mp, mq = (window * p).sum(), (window * q).sum()
                vp, vq = (window * (p - mp) ** 2).sum(), (window * (q - mq) ** 2).sum()
                cov = (window * (p - mp) * (q - mq)).sum()
                luminance.append((2 * mp * mq + 1e-4) / (mp**2 + mq**2 + 1e-4))
                structure.append((2 * cov + 9e-4) / (vp + vq + 9e-4))
        luminance, structure = np.array(luminance), np.array(structure)
        product *= ((luminance * structure) if scale == 4 else structure).mean() ** weight
        a, b = (p[: len(p) // 2 * 2, : p.shape[1] // 2 * 2] for p in (a, b))
        a, b = ((p[::2, ::2] + p[1::2, ::2] + p[::2, 1::2] + p[1::2, 1::2]) / 4 for p in (a, b))
    return product


def test_ms_ssim_is_that_of_a_loop_over_windows(pair):
    a, b = (frames[1:, :, :176, :176] for frames in pair)
    expected = brute_force_ms_ssim(a[0, 0].numpy(), b[0, 0].numpy())
    _, grey = structural(a[:, :1].expand(-1, 3, -1, -1), b[:, :1].expand(-1, 3, -1, -1))
    assert grey.item() == pytest.approx(expected, abs=1e-9)


def test_the_same_pictures_are_alike_in_every_way(pair):
    same = pair[1]
    assert l1(same, same).tolist() == [0, 0]
    assert psnr(same, same).tolist() == [MAX_PSNR] * 2
    for alike in (*structural(same, same), sharpness(same, same)):
        torch.testing.assert_close(alike, torch.ones(2, dtype=torch.float64))


def test_a_negative_is_not_alike_and_stays_a_number(pair):
    assert 0 <= structural(1 - pair[1], pair[1])[1].max() < 0.1


def test_sharpness_follows_contrast_and_falls_with_blur(pair):
    blurred, truth = pair[0][:1], pair[1][:1]
    assert sharpness(blurred, truth).item() < 0.9
    torch.testing.assert_close(sharpness(0.5 * truth + 0.2, truth), torch.full((1,), 0.5, dtype=torch.float64))


def test_only_error_that_shakes_flickers():
    truth = torch.rand(5, 3, 8, 8, generator=torch.Generator().manual_seed(0))
    drift = 0.02 * torch.arange(5.0).view(-1, 1, 1, 1)
    assert flicker(truth, truth) == 0
    assert flicker(truth + 0.1, truth) == pytest.approx(0, abs=1e-6)
    assert flicker(truth + drift, truth) == pytest.approx(0, abs=1e-6)
    shaking = 0.1 * torch.tensor([1.0, -1, 1, -1, 1]).view(-1, 1, 1, 1)
    assert flicker(truth + shaking, truth) == pytest.approx(0.4, abs=1e-6)


def test_too_few_frames_or_pixels_are_refused():
    with pytest.raises(ValueError, match="three consecutive"):
        flicker(torch.zeros(2, 3, 4, 4), torch.zeros(2, 3, 4, 4))
    with pytest.raises(ValueError, match="does not fit"):
        structural(torch.zeros(1, 3, 96, 96), torch.zeros(1, 3, 96, 96))


@pytest.fixture
def rendered():
    source = torch.Generator().manual_seed(0)
    return torch.rand(10, 4, 5, 5, 3, generator=source), torch.rand(4, 5, 5, 3, generator=source)


def test_the_nearest_samples_are_measured_and_all_of_their_pairs(rendered):
    frames, truth = rendered
    found = sample_scores(frames, truth, 3)
    whole = [(sample - truth).abs().mean().item() for sample in frames]
    best = [frames[i] for i in np.argsort(whole)[:3]]
    for step in range(4):
        mae = np.mean([(sample[step] - truth[step]).abs().mean().item() for sample in best])
        apd = np.mean([(a[step] - b[step]).abs().mean().item() for a, b in combinations(best, 2)])
        assert found["mae"][0, step].item() == pytest.approx(mae, abs=1e-6)
        assert found["apd"][0, step].item() == pytest.approx(apd, abs=1e-6)
    every = np.mean([(a - b).abs().mean().item() for a, b in combinations(frames, 2)])
    assert found["apd_all"].mean().item() == pytest.approx(every, abs=1e-6)
    assert found["mae_all"].mean().item() == pytest.approx(np.mean(whole), abs=1e-6)


def test_one_future_has_no_diversity_and_the_truth_no_error(rendered):
    _, truth = rendered
    found = sample_scores(truth[None], truth, 4)
    assert all(values.eq(0).all() for values in found.values())
