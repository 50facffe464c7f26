"""Keypoints -> dense backward flow and occlusion (First Order Motion Model, Siarohin et al. 2019, sections 3.1 and 3.2)."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from backend.animate.blocks import ConditionedResidual, ConvBlock
from backend.animate.compose import identity_grid, warp
from backend.animate.pseudo_keypoints import REST_POSITIONS, PseudoKeypoints
from backend.animate.transfer import inverse_2x2
from backend.core.types import Keypoints

MAX_RESIDUAL = 0.1
"""Largest learned residual of the flow, in crop units, added to the blend of the keypoints' affine maps."""

BACKGROUND_LOGIT = -6.0
"""Logit of the background's mask: it exceeds the keypoints' logits beyond about 3.5 extents from all of them."""


def canonical_offsets(keypoints: Keypoints, grid: Tensor) -> tuple[Tensor, Tensor]:
    """Return x and y `[F, N, h, w]` of a regular grid `[h, w, 2]` in each keypoint's canonical frame, `J^-1 (z - kp)`."""
    inverse = inverse_2x2(keypoints.jacobian)[..., None, None]
    x = (grid[0, :, 0] - keypoints.value[..., 0, None])[..., None, :]
    y = (grid[:, 0, 1] - keypoints.value[..., 1, None])[..., :, None]
    return inverse[:, :, 0, 0] * x + inverse[:, :, 0, 1] * y, inverse[:, :, 1, 0] * x + inverse[:, :, 1, 1] * y


def sparse_motions(source: Keypoints, offsets: tuple[Tensor, Tensor], grid: Tensor) -> Tensor:
    """Return `T_n(z) = kp_s + J_s J_d^-1 (z - kp_d)` (FOMM, eq. 4), `[F, N + 1, h, w, 2]`; index 0 is the identity.

    Args:
        source: the portrait's keypoints, `[F, N]`.
        offsets: the driving keypoints' `canonical_offsets`.
        grid: positions `[h, w, 2]`.
    """
    x, y = offsets
    value, jacobian = source.value[..., None, None], source.jacobian[..., None, None]
    moved = [value[:, :, row] + jacobian[:, :, row, 0] * x + jacobian[:, :, row, 1] * y for row in (0, 1)]
    motions = torch.stack(moved, -1)
    return torch.cat([grid.expand(motions.shape[0], 1, *grid.shape), motions], 1)


class DenseMotion(nn.Module):
    """The dense motion network: a small U-Net that weights, per pixel, the sparse motions of M keypoints and the identity.

    It differs from FOMM: six pseudo-keypoints (hair, neck, shoulders) are added to the face's N; heatmaps are Gaussians with
    the shape of the region, so they show a closing lid; and these are the prior of the masks.

    Args:
        keypoints: N.
        condition: length of the condition vector (how the keypoints moved).
        channels: channels at the first level.
        size: side in pixels of its input and output.
    """

    def __init__(self, keypoints: int, condition: int, channels: int = 32, size: int = 64) -> None:
        super().__init__()
        self.size = size
        self.pseudo_keypoints = PseudoKeypoints(keypoints)
        extent = [[0.3, 0.2]] * keypoints + [[0.6, 0.6]] * len(REST_POSITIONS)
        self.extent = nn.Parameter(torch.tensor(extent))  # Half-axes of each region in its canonical frame.
        count, c = len(extent), channels
        self.in_conv = ConvBlock(4 * (count + 1), c)
        self.down1 = ConvBlock(c, 2 * c, stride=2)
        self.down2 = ConvBlock(2 * c, 4 * c, stride=2)
        self.down3 = ConvBlock(4 * c, 4 * c, stride=2)
        self.condition = nn.Sequential(nn.Linear(condition, 64), nn.ReLU(inplace=True))
        self.bottleneck = ConditionedResidual(4 * c, 64)
        # Nearest neighbour, then convolution: a pixel shuffle would leave a checkerboard in the flow.
        self.up3 = nn.Sequential(nn.Upsample(scale_factor=2), ConvBlock(4 * c, 4 * c))
        self.up2 = nn.Sequential(nn.Upsample(scale_factor=2), ConvBlock(8 * c, 2 * c))
        self.up1 = nn.Sequential(nn.Upsample(scale_factor=2), ConvBlock(4 * c, c))
        self.out_conv = ConvBlock(2 * c, c)
        self.head = nn.Conv2d(c, count + 1 + 1 + 2, 3, 1, 1)
        nn.init.zeros_(self.head.weight)
        nn.init.zeros_(self.head.bias)  # type: ignore[arg-type]

    def forward(self, portrait: Tensor, source: Keypoints, driving: Keypoints, condition: Tensor) -> tuple[Tensor, Tensor]:
        """Predict flow and occlusion of F frames.

        Args:
            portrait: `[F, 3, size, size]` in [0, 1].
            source: the portrait's keypoints, `[F, N]`.
            driving: the frames' keypoints, `[F, N]`.
            condition: `[F, condition]`.

        Returns:
            Backward flow `[F, size, size, 2]`, positions in the portrait in [-1, 1], and occlusion `[F, 1, size, size]` in
            [0, 1]: 1 where the portrait shows what the frame needs.
        """
        grid = identity_grid(self.size, self.size, portrait)
        source, driving = (_concatenate(face, self.pseudo_keypoints(face)) for face in (source, driving))
        offsets = canonical_offsets(driving, grid)
        motions = sparse_motions(source, offsets, grid)
        frames, count = motions.shape[:2]
        copies = portrait[:, None].expand(-1, count, -1, -1, -1).flatten(0, 1)
        warped = warp(copies, motions.flatten(0, 1)).unflatten(0, (frames, count))
        prior = self._log_heat(offsets)
        heat = F.pad(prior.exp() - self._log_heat(canonical_offsets(source, grid)).exp(), (0, 0, 0, 0, 1, 0))
        x0 = self.in_conv(torch.cat([heat[:, :, None], warped], 2).flatten(1, 2).to(self.head.weight.dtype))
        x1 = self.down1(x0)
        x2 = self.down2(x1)
        y = self.up3(self.bottleneck(self.down3(x2), self.condition(condition.to(x2.dtype))))
        y = self.up2(torch.cat([y, x2], 1))
        y = self.up1(torch.cat([y, x1], 1))
        out = self.head(self.out_conv(torch.cat([y, x0], 1))).float()
        masks, occlusion, residual = out.split([count, 1, 2], 1)
        masks = masks + F.pad(prior.clamp(min=-30), (0, 0, 0, 0, 1, 0), value=BACKGROUND_LOGIT)
        flow = (masks.softmax(1)[..., None] * motions).sum(1)
        flow = flow + MAX_RESIDUAL * residual.tanh().permute(0, 2, 3, 1)
        return flow, occlusion.sigmoid()

    def _log_heat(self, offsets: tuple[Tensor, Tensor]) -> Tensor:
        """Return the log of a Gaussian with each region's extent in its canonical frame."""
        x, y = (offset / self.extent[:, axis, None, None] for axis, offset in enumerate(offsets))
        return -0.5 * (x.square() + y.square())


def _concatenate(first: Keypoints, second: Keypoints) -> Keypoints:
    return Keypoints(torch.cat([first.value, second.value], 1), torch.cat([first.jacobian, second.jacobian], 1))
