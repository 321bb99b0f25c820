"""Orders renamings, so that a name is free before it is given again."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from typing import NamedTuple, TypeVar

from starmodel.migrations.comparing.keeping import short
from starmodel.migrations.steps.values import TEMPORARY

Pair = TypeVar("Pair")


class Names(NamedTuple):
    """What a renaming holds before and after: the name in the classes, and that in the database."""

    before: Collection[str]
    after: Collection[str]


def rename_order(
    pairs: Iterable[Pair], names: Callable[[Pair], Names]
) -> Iterator[tuple[Pair, bool]]:
    """Yield the renamings in an order in which each new name is free.

    Where names are exchanged, one of them makes way: True for the renaming to a
    temporary name, from which the same pair is renamed later.

    >>> def of(pair): return Names({pair[0]}, {pair[1]})
    >>> list(rename_order([("a", "b"), ("b", "c")], of))
    [(('b', 'c'), False), (('a', 'b'), False)]
    >>> list(rename_order([("a", "b"), ("b", "a")], of))
    [(('a', 'b'), True), (('b', 'a'), False), (('a', 'b'), False)]
    """
    waiting, aside = list(pairs), []
    while waiting:
        ready = [
            pair
            for pair in waiting
            if all(
                set(names(pair).after).isdisjoint(names(other).before)
                for other in waiting
                if other is not pair
            )
        ]
        if ready:
            yield from ((pair, False) for pair in ready)
            waiting = [pair for pair in waiting if pair not in ready]
        else:
            aside.append(waiting.pop(0))
            yield aside[-1], True
    yield from ((pair, False) for pair in aside)


def temporary_name(name: str) -> str:
    """Return the name that makes way for another one.

    >>> temporary_name("price")
    '_renaming_price'
    """
    return short(f"{TEMPORARY}{name}")
