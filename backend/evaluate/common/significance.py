"""Tests between two methods by sign flips of whole people, and Holm's correction for many tests.

If two methods are equally good, it does not matter which of them made which of a person's results: exchanging the two methods'
results of any people gives a difference as likely as the observed one. p is the share of exchanges whose difference is at
least as large (Fisher's randomisation test). Nothing is assumed about how people differ.
Shape suffixes: P people, C columns of sums, F exchanges.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from functools import lru_cache

import msgspec
import torch
from torch import Tensor

from backend.evaluate.report.report import Comparison

MAX_EXACT_PEOPLE = 14
"""Up to so many people, all exchanges are tried."""

FLIPS = 20_000
"""Exchanges that are tried of more people: the observed one, and random ones."""

MIN_PEOPLE = 6
"""Fewest people for a test; with fewer, p cannot be below 2 / 2^5 = 0.0625."""


def sign_flip_p(ours_PC: Tensor, theirs_PC: Tensor, finish: Callable[[Tensor], Tensor]) -> float | None:
    """Return the two-sided p of the hypothesis that two figures differ by chance only; None for fewer than `MIN_PEOPLE`.

    Args:
        ours_PC: each person's part of the first figure.
        theirs_PC: of the second.
        finish: sums over people `[..., C]` -> figure `[...]`; of a mean, a ratio, a root, ...
    """
    if len(ours_PC) < MIN_PEOPLE:
        return None
    middle_C, half_PC = ((ours_PC + theirs_PC) / 2).sum(0), (ours_PC - theirs_PC) / 2
    moved_FC = _flips(len(ours_PC)) @ half_PC
    difference_F = (finish(middle_C + moved_FC) - finish(middle_C - moved_FC)).abs()
    # Equal differences may vary in the last digit. An exchange without a figure counts against significance.
    return 1 - (difference_F < difference_F[0] * (1 - 1e-9)).double().mean().item()


@lru_cache(maxsize=8)
def _flips(people: int) -> Tensor:
    """Return signs `[F, P]`, the observed ones (all 1) first.

    Turning all signs only turns the sign of a difference. So the first person's sign stays, and half of all exchanges are all.
    """
    if people <= MAX_EXACT_PEOPLE:
        bits = torch.arange(2 ** (people - 1))[:, None] >> torch.arange(people - 1)
        return torch.cat([torch.ones(len(bits), 1), 1 - 2 * (bits & 1)], 1).double()
    signs = 1 - 2 * torch.randint(2, (FLIPS, people), generator=torch.Generator().manual_seed(0))
    signs[0] = 1
    return signs.double()


def corrected(tests: Iterable[Comparison]) -> list[Comparison]:
    """Set `p_holm` of all tests of a report: Holm's correction (1979) over all tests of the same metric.

    With it, the probability that any of a metric's tests calls a chance difference significant is at most 5 %.
    """
    found = list(tests)
    of_metric: dict[str, list[tuple[float, int]]] = defaultdict(list)
    for place, test in enumerate(found):
        if test.p is not None:
            of_metric[test.metric].append((test.p, place))
    for tried in of_metric.values():
        least = 0.0
        for rank, (p, place) in enumerate(sorted(tried)):
            least = max(least, min(1.0, (len(tried) - rank) * p))
            found[place] = msgspec.structs.replace(found[place], p_holm=least)
    return found


def least_p(count: int) -> float:
    """Return the least p that a test of so many people can give."""
    return 2 / 2**count if count <= MAX_EXACT_PEOPLE else 1 / FLIPS


def few_people(count: int) -> list[str]:
    """Return a note where so few people were scored that no test can find a difference, otherwise nothing."""
    if count < 2:
        return ["There is only one person, so there are no intervals and no tests."]
    if count < MIN_PEOPLE:
        least = f"{least_p(count):.2g}"
        return [f"There are only {count} people: no test by sign flips could give a p below {least}, so none is reported."]
    return []
