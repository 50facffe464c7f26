"""Choose K of N drawn futures so that every draw is near a chosen one: the p-median problem (Hakimi 1964)."""

from __future__ import annotations

from itertools import count

import torch
from torch import Tensor

from backend.core.device import on_host
from backend.core.errors import InputError
from backend.core.types import Keypoints

HOST_CHUNK, DEVICE_CHUNK = 1 << 17, 1 << 24
"""Pairwise distances computed at once: on the host, temporary tensors stay in a core's cache; elsewhere, calls are few."""

MIN_GAIN = 1e-6
"""Least relative gain of a swap: smaller ones are rounding errors, and could alternate for ever."""

SPARE_SWAPS = 4
"""Elsewhere than on the host, to see that no swap improves the choice would wait for the device. So K + 4 rounds of swaps are
made there, the last ones without effect: random walks needed at most 4 for K = 4, and 11 for K = 16."""


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
        InputError: `choose_too_many`, or `forecast_not_finite` where a path on the host holds NaN or infinite numbers.
            Elsewhere any draws are chosen then, and the reader of their positions sees it.
        ValueError: K is less than 1.
    """
    if k < 1:
        raise ValueError("at least one future is chosen")
    if k > paths.shape[1]:
        raise InputError("choose_too_many", f"{k} futures cannot be chosen from {paths.shape[1]}.", "Choose fewer.")
    if on_host(paths.device) and not torch.isfinite(paths).all():
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
    (rows, n), host = x.shape[1:], on_host(x.device)
    # On the host stream by stream, so that rounding, which may decide between nearly equal choices, does not depend on the
    # batch.
    streams = 1 if host else max(1, len(x))
    size = max(1, (HOST_CHUNK if host else DEVICE_CHUNK) // (streams * n * n))
    total_BNN = x.new_zeros(len(x), n, n)
    for x_BRN, y_BRN, part_BNN in zip(x.split(streams), y.split(streams), total_BNN.split(streams), strict=True):
        for x_BSN, y_BSN in zip(x_BRN.split(size, 1), y_BRN.split(size, 1), strict=True):
            square = (x_BSN[..., None] - x_BSN[..., None, :]).square_()
            across = y_BSN[..., None] - y_BSN[..., None, :]
            part_BNN.add_(square.addcmul_(across, across).sqrt_().sum(1))
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
    """Make the best swap of every stream until none improves any of them; see `SPARE_SWAPS` for devices that are waited for."""
    k, n = chosen_BK.shape[1], distance_BNN.shape[1]
    if k == n:
        return chosen_BK
    host, slots = on_host(chosen_BK.device), torch.arange(k, device=chosen_BK.device)[:, None]
    for _ in count() if host else range(k + SPARE_SWAPS):
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
        if host and not improves_B.any():
            break
        slot_B1, candidate_B1 = (place_B // n)[:, None], (place_B % n)[:, None]
        chosen_BK = torch.where(improves_B[:, None] & (slots[:, 0] == slot_B1), candidate_B1, chosen_BK)
    return chosen_BK
