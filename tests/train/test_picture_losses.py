"""Losses between pictures, against independent implementations and plain cases."""

import numpy as np
import pytest
import torch
from skimage.metrics import structural_similarity

from backend.train.picture_losses import dssim, reconstruction_loss


def test_the_loss_is_zero_only_for_a_perfect_picture():
    picture = torch.rand(2, 3, 32, 32)
    assert reconstruction_loss(picture, picture, torch.ones(2, 1, 32, 32), 1.0).item() == 0
    assert reconstruction_loss(picture + 0.1, picture, torch.ones(2, 1, 32, 32), 1.0).item() == pytest.approx(0.1, rel=1e-3)


def test_structure_counts_beside_colours_where_it_is_asked_for():
    picture, other, even = torch.rand(2, 3, 32, 32), torch.rand(2, 3, 32, 32), torch.ones(2, 1, 32, 32)
    plain = reconstruction_loss(other, picture, even, scales=1)
    assert torch.allclose(
        reconstruction_loss(other, picture, even, structure=0.5, scales=1), plain + 0.5 * dssim(other, picture)
    )


def test_weight_counts_errors_where_it_is():
    picture, weight = torch.zeros(1, 3, 32, 32), torch.ones(1, 1, 32, 32)
    weight[..., :16] = 9
    left, right = picture.clone(), picture.clone()
    left[..., :16], right[..., 16:] = 0.1, 0.1
    ratio = reconstruction_loss(left, picture, weight, 0.0) / reconstruction_loss(right, picture, weight, 0.0)
    assert ratio.item() == pytest.approx(9, rel=1e-4)


def test_dissimilarity_is_what_scikit_image_makes_of_it():
    random = np.random.default_rng(0)
    a = random.random((32, 40, 3)).astype(np.float32)
    b = (a + 0.2 * random.standard_normal(a.shape)).clip(0, 1).astype(np.float32)
    _, full = structural_similarity(a, b, win_size=7, data_range=1.0, channel_axis=-1, use_sample_covariance=False, full=True)
    expected = (1 - full[3:-3, 3:-3].mean()) / 2  # windows that lie inside
    found = dssim(*(torch.from_numpy(x).permute(2, 0, 1)[None] for x in (a, b)))
    assert found.item() == pytest.approx(expected, rel=1e-3)
