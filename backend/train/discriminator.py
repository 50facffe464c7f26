"""Discriminators of real and rendered patches: of the picture at two scales, and of eyes and lips close up."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.utils.parametrizations import spectral_norm

from backend.animate.compose import identity_grid, warp
from backend.core.types import Keypoints

CLOSE_UP = 40
"""Side of a close-up in pixels of a 128 picture; larger pictures give larger ones."""

REACH = 0.75
"""Half a close-up's side in units of the face's scale: the lips, or an eye with its lids."""


class PatchDiscriminator(nn.Module):
    """Classifies overlapping patches (PatchGAN, Isola et al. 2017), with spectral norm (Miyato et al. 2018)."""

    def __init__(self) -> None:
        super().__init__()
        widths = ((3, 32), (32, 64), (64, 128))
        self.levels = nn.ModuleList(spectral_norm(nn.Conv2d(a, b, 4, 2, 1)) for a, b in widths)
        self.head = spectral_norm(nn.Conv2d(128, 1, 3, 1, 1))

    def forward(self, picture: Tensor) -> list[Tensor]:
        """`[B, 3, n, n]` -> features of every level, then logits `[B, 1, n/8, n/8]`, higher where a patch looks real."""
        features, x = [], picture * 2 - 1
        for level in self.levels:
            x = F.leaky_relu(level(x), 0.2)
            features.append(x)
        return [*features, self.head(x)]


class Discriminators(nn.Module):
    """Three discriminators: of the picture, of the picture at half its size, and of close-ups at the keypoints `parts`."""

    def __init__(self, parts: list[int]) -> None:
        super().__init__()
        self.parts = parts
        self.whole, self.smaller, self.close = PatchDiscriminator(), PatchDiscriminator(), PatchDiscriminator()

    def forward(self, picture: Tensor, keypoints: Keypoints) -> list[list[Tensor]]:
        """Judge pictures `[B, 3, n, n]` in [0, 1] of faces with keypoints `[B, N]`; one list of features per discriminator."""
        close = self.close(self.close_ups(picture, keypoints))
        return [self.whole(picture), self.smaller(F.avg_pool2d(picture, 2)), close]

    def close_ups(self, picture: Tensor, keypoints: Keypoints) -> Tensor:
        """Crop the close-ups: `[B * parts, 3, m, m]`."""
        side = CLOSE_UP * picture.shape[-1] // 128
        scale = keypoints.jacobian.square().sum((-1, -2)).mean(-1).div(2).sqrt()
        window = REACH * scale[:, None, None, None, None] * identity_grid(side, side, picture)
        grid = window + keypoints.value[:, self.parts, None, None, :]
        copies = picture[:, None].expand(-1, len(self.parts), -1, -1, -1)
        return warp(copies.flatten(0, 1), grid.flatten(0, 1))


def discriminator_loss(real: list[list[Tensor]], rendered: list[list[Tensor]]) -> Tensor:
    """Compute the hinge loss that the discriminators minimise; a scalar."""
    losses = [F.relu(1 - a[-1]).mean() + F.relu(1 + b[-1]).mean() for a, b in zip(real, rendered, strict=True)]
    return torch.stack(losses).mean()


def adversarial_loss(rendered: list[list[Tensor]]) -> Tensor:
    """Compute the hinge loss that the generator minimises; a scalar."""
    return torch.stack([-judged[-1].mean() for judged in rendered]).mean()


def matching_loss(real: list[list[Tensor]], rendered: list[list[Tensor]]) -> Tensor:
    """Compute L1 between the features of real and rendered pictures (pix2pixHD, Wang et al. 2018, eq. 3); a scalar."""
    pairs = [pair for a, b in zip(real, rendered, strict=True) for pair in zip(a[:-1], b[:-1], strict=True)]
    return torch.stack([F.l1_loss(b, a.detach()) for a, b in pairs]).mean()
