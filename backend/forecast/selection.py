"""Choose K of N drawn futures so that every draw is near a chosen one: the p-median problem (Hakimi 1964)."""

from __future__ import annotations

import torch
from torch import Tensor

from backend.core.errors import InputError
from backend.core.types import Keypoints

CHUNK_NUMBERS = 1 << 17
"""Pairwise distances computed at once: temporary tensors of this size stay in a core's cache."""

MIN_GAIN = 1e-6
"""Least relative gain of a swap: smaller ones are rounding errors, and could alternate for ever."""


@torch.inference_mode()
def select_futures(paths: Tensor, k: int) -> tuple[Tensor, Tensor]:
    """Choose the K of N draws that minimise the mean distance of all draws to their nearest chosen one.

    That mean estimates the expected error of the best of K futures if the truth is distributed like the draws. The search
    starts greedily, then makes the best swap of a chosen draw for another until none improves (Teitz & Bart 1968).

    Args:
        paths: N draws of B streams, flat keypoints `[B, N, H, 6P]`.
        k: K, at most N.

    Returns:
        Indices of the chosen draws and their shares, `[B, K]` each. A share is the part of the N draws that are nearest to this
        chosen one (equally near ones are divided evenly); shares sum to 1 and descend, equal ones in the order of the indices.

    Raises:
        InputError: `choose_too_many`, or `forecast_not_finite` where a path holds NaN or infinite numbers.
        ValueError: K is less than 1.
    """
    if k < 1:
        raise ValueError("at least one future is chosen")
    if k > paths.shape[1]:
        raise InputError("choose_too_many", f"{k} futures cannot be chosen from {paths.shape[1]}.", "Choose fewer.")
    if not torch.isfinite(paths).all():
        raise InputError("forecast_not_finite", "The futures to choose from hold NaN or infinite numbers.")
    distance_BNN = path_distances(paths)
    chosen_BK = _swap(distance_BNN, _greedy(distance_BNN, k)).sort(1).values
    to_chosen_BKN = _rows(distance_BNN, chosen_BK)
    nearest = (to_chosen_BKN == to_chosen_BKN.amin(1, keepdim=True)).to(paths.dtype)
    share_BK, order = (nearest / nearest.sum(1, keepdim=True)).mean(2).sort(dim=1, descending=True, stable=True)
    return chosen_BK.gather(1, order), share_BK


def path_distances(paths: Tensor) -> Tensor:
    """Return the distances `[B, N, N]` between the paths `[B, N, H, 6P]` of each stream, in crop units.

    The distance of two paths is the mean distance of their keypoints over the steps.
    """
    # One row per step and keypoint: `[B, H * P, N]`.
    x, y = (axis.flatten(2).mT.contiguous() for axis in Keypoints.from_flat(paths).value.unbind(-1))
    rows, n = x.shape[1:]
    size = max(1, CHUNK_NUMBERS // (n * n))
    total_BNN = x.new_zeros(len(x), n, n)
    # Stream by stream, so that rounding, which may decide between nearly equal choices, does not depend on the batch.
    for x_RN, y_RN, total_NN in zip(x, y, total_BNN, strict=True):
        for x_SN, y_SN in zip(x_RN.split(size), y_RN.split(size), strict=True):
            square = (x_SN[..., None] - x_SN[:, None]).square_()
            across = y_SN[..., None] - y_SN[:, None]
            total_NN.add_(square.addcmul_(across, across).sqrt_().sum(0))
    return total_BNN / rows


def _rows(distance_BNN: Tensor, index_BK: Tensor) -> Tensor:
    """Return the distances `[B, K, N]` of some draws to all draws."""
    return torch.take_along_dim(distance_BNN, index_BK[..., None], dim=1)


def _greedy(distance_BNN: Tensor, k: int) -> Tensor:
    """Choose one draw after the other, always the one that lowers the objective most: indices `[B, K]`."""
    taken_BN = torch.zeros_like(distance_BNN[:, 0])
    nearest_BN = torch.full_like(taken_BN, torch.inf)
    chosen: list[Tensor] = []
    for _ in range(k):
        # Distances are symmetric, so a candidate's distances are a row. Of equal draws each is taken once.
        cost_BN = torch.minimum(distance_BNN, nearest_BN[:, None]).sum(2) + taken_BN
        best_B1 = cost_BN.argmin(1, keepdim=True)
        taken_BN.scatter_(1, best_B1, torch.inf)
        nearest_BN = torch.minimum(nearest_BN, _rows(distance_BNN, best_B1)[:, 0])
        chosen.append(best_B1)
    return torch.cat(chosen, dim=1)


def _swap(distance_BNN: Tensor, chosen_BK: Tensor) -> Tensor:
    """Make the best swap of every stream until none improves any of them."""
    k, n = chosen_BK.shape[1], distance_BNN.shape[1]
    if k == n:
        return chosen_BK
    slots = torch.arange(k, device=chosen_BK.device)[:, None]
    while True:
        to_chosen_BKN = _rows(distance_BNN, chosen_BK)
        if k > 1:
            two_B2N, first_B2N = to_chosen_BKN.topk(2, dim=1, largest=False)
            nearest_BN = two_B2N[:, 0]
            without_BKN = torch.where(first_B2N[:, :1] == slots, two_B2N[:, 1:], two_B2N[:, :1])
        else:
            nearest_BN, without_BKN = to_chosen_BKN[:, 0], torch.full_like(to_chosen_BKN, torch.inf)
        cost_BKN = torch.minimum(distance_BNN[:, None], without_BKN[:, :, None]).sum(3)
        best_B, place_B = cost_BKN.flatten(1).min(1)
        improves_B = best_B < nearest_BN.sum(1) * (1 - MIN_GAIN)
        if not improves_B.any():
            return chosen_BK
        slot_B1, candidate_B1 = (place_B // n)[:, None], (place_B % n)[:, None]
        chosen_BK = torch.where(improves_B[:, None] & (slots[:, 0] == slot_B1), candidate_B1, chosen_BK)
