"""Discriminators: what they look at, and that their losses pull the right way."""

import torch

from backend.core.types import Keypoints
from backend.train.discriminator import Discriminators, adversarial_loss, discriminator_loss, matching_loss

PARTS = [2, 3, 5]


def faces(count: int = 2) -> Keypoints:
    value = torch.linspace(-0.3, 0.3, 20).reshape(1, 10, 2).expand(count, 10, 2)
    return Keypoints(value, (0.3 * torch.eye(2)).expand(count, 10, 2, 2))


def test_close_ups_are_centred_on_their_keypoints():
    for part, keypoint in enumerate(PARTS):
        picture = torch.zeros(1, 3, 128, 128)
        x, y = ((faces().value[0, keypoint] + 1) * 64).round().long().tolist()
        picture[..., y - 2 : y + 2, x - 2 : x + 2] = 1
        found = Discriminators(PARTS).close_ups(picture, faces(1))
        assert found.shape == (3, 3, 40, 40)
        assert found[part, :, 18:22, 18:22].mean() > 0.5
        assert found[part, :, :10].max() == 0


def test_every_discriminator_judges_patches():
    judged = Discriminators(PARTS)(torch.rand(2, 3, 64, 64), faces())
    assert [features[-1].shape[0] for features in judged] == [2, 2, 6]
    assert judged[0][-1].shape[1:] == (1, 8, 8)


def test_discriminators_learn_to_tell_two_kinds_of_pictures_apart():
    torch.manual_seed(0)
    discriminators, keypoints = Discriminators(PARTS), faces(4)
    real, rendered = torch.rand(4, 3, 64, 64), torch.full((4, 3, 64, 64), 0.5)
    optimiser = torch.optim.Adam(discriminators.parameters(), 2e-3)
    losses = []
    for _ in range(12):
        loss = discriminator_loss(discriminators(real, keypoints), discriminators(rendered, keypoints))
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        losses.append(loss.item())
    assert losses[-1] < 0.8 * losses[0]
    with torch.no_grad():
        assert adversarial_loss(discriminators(real, keypoints)) < adversarial_loss(discriminators(rendered, keypoints))


def test_features_match_for_equal_pictures_only():
    discriminators, picture = Discriminators(PARTS).eval(), torch.rand(2, 3, 64, 64)
    seen = discriminators(picture, faces())
    assert matching_loss(seen, discriminators(picture, faces())).item() < 1e-6
    assert matching_loss(seen, discriminators(1 - picture, faces())).item() > 1e-3
