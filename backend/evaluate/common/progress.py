"""Callbacks that report progress."""

from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

Item = TypeVar("Item")

CountProgress = Callable[[int, int], None]
"""`(done, total)`."""

StageProgress = Callable[[str, int, int], None]
"""`(stage, done, total)`."""


def counted(items: Sequence[Item], progress: CountProgress) -> Iterator[tuple[int, Item]]:
    """Enumerate items, and report progress after each."""
    for number, item in enumerate(items):
        yield number, item
        progress(number + 1, len(items))


def keep_largest(kept: list[Item], item: Item, count: int, key: Callable[[Item], float]) -> None:
    """Add an item to a list in falling order, and cut the list.

    Args:
        kept: the list.
        item: the item.
        count: items that are kept.
        key: what they are ordered by.
    """
    kept.append(item)
    kept.sort(key=key, reverse=True)
    del kept[count:]
