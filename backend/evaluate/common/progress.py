"""Loops that report progress, and lists that keep the largest items."""

from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

Item = TypeVar("Item")

CountProgress = Callable[[int, int], None]
"""`(done, total)`."""


def counted(items: Sequence[Item], progress: CountProgress) -> Iterator[tuple[int, Item]]:
    """Enumerate items, and report progress after each."""
    for number, item in enumerate(items):
        yield number, item
        progress(number + 1, len(items))


def keep_largest(kept: list[Item], item: Item, count: int, key: Callable[[Item], float]) -> None:
    """Add an item to a list in falling order, and cut the list.

    Args:
        kept: the list.
        item: the new item.
        count: length of the list, at most.
        key: what orders the items.
    """
    kept.append(item)
    kept.sort(key=key, reverse=True)
    del kept[count:]
