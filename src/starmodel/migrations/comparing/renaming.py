"""Orders renamings, so that a name is free before it is given again."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeVar

Pair = TypeVar("Pair")


class CircularRenamingError(ValueError):
    """Names are exchanged, as of two fields that swap theirs."""


def rename_order(pairs: Iterable[Pair], names: Callable[[Pair], tuple[str, str]]) -> list[Pair]:
    """Return the renamings in an order in which each new name is free.

    Shapes: names gives the old and the new name of a pair.
    Raises: CircularRenamingError.

    >>> rename_order([("a", "b"), ("b", "c")], lambda pair: pair)
    [('b', 'c'), ('a', 'b')]
    """
    waiting, ordered = list(pairs), []
    while waiting:
        held = {names(pair)[0] for pair in waiting}
        ready = [pair for pair in waiting if names(pair)[1] not in held - {names(pair)[0]}]
        if not ready:
            exchanged = ", ".join(f"{old} to {new}" for old, new in map(names, waiting))
            raise CircularRenamingError(exchanged)
        ordered += ready
        waiting = [pair for pair in waiting if pair not in ready]
    return ordered
