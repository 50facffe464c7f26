"""Frames to latents and back: shapes, ranges, normalisation, and that it can learn."""

import torch

from backend.starflow.autoencoder import Autoencoder, AutoencoderConfig

SMALL = AutoencoderConfig(size=32, shrink=8, channels=4, width=8)


def test_latents_have_a_place_for_every_patch_and_frames_come_back_in_range():
    model = Autoencoder(SMALL).eval()
    latents = model.encode(torch.rand(2, 5, 3, 32, 32))
    assert latents.shape == (2, 5, 4, 4, 4)
    frames = model.decode(latents)
    assert frames.shape == (2, 5, 3, 32, 32)
    assert frames.min() >= 0 and frames.max() <= 1


def test_normalised_latents_have_mean_0_deviation_1_and_changes_that_are_uncorrelated():
    torch.manual_seed(0)
    model, video = Autoencoder(SMALL).eval(), torch.rand(16, 2, 3, 32, 32)
    model.normalise(video)
    latents = model.encode(video)
    flat, changes = latents.flatten(0, -2), latents.diff(dim=1).flatten(0, -2)
    assert flat.mean(0).abs().max() < 1e-4
    assert abs(flat.square().mean().item() - 1) < 1e-2
    covariance = changes.T @ changes / len(changes)
    assert (covariance - covariance.diag().diag()).abs().max() < 1e-3


def test_normalising_changes_no_frame_that_comes_back():
    torch.manual_seed(0)
    model, video = Autoencoder(SMALL).eval(), torch.rand(8, 2, 3, 32, 32)
    before = model.decode(model.encode(video))
    model.normalise(video)
    assert (model.decode(model.encode(video)) - before).abs().max() < 1e-4


def test_it_learns_a_picture():
    torch.manual_seed(0)
    model, frames = Autoencoder(SMALL), torch.rand(4, 3, 1, 1).expand(4, 3, 32, 32).contiguous()
    optimiser = torch.optim.Adam(model.parameters(), 3e-3)
    losses = []
    for _ in range(30):
        loss = (model.decode(model.encode(frames)) - frames).abs().mean()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        losses.append(loss.item())
    assert losses[-1] < 0.4 * losses[0]
