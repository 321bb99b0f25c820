"""The snapshots of rows that lists have read before, so that an unchanged row is decoded once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property
from sys import getsizeof

from starmodel.adapters.persistence.sql.compiled_sql import Row
from starmodel.core.entity import Entity

MAX_BYTES = 1024 * 1024  # for each class, twice
ENTRY_BYTES = 1000
MAX_ROWS = 1000  # a longer result is one of code that reads a table


def can_be_shared(cls: type[Entity]) -> bool:
    """Whether several readers can have one snapshot: nothing in it ever changes."""
    attributes = [value for base in cls.__mro__ for value in vars(base).values()]
    return (
        cls.__entity__.atomic
        and not cls.__pydantic_post_init__
        and not cls.__private_attributes__
        and not any(isinstance(value, cached_property) for value in attributes)
    )


class KnownRows:
    """Decodes the rows of one table, which end with their version.

    A row that equals one that was read before has its snapshot. Two generations bound the
    memory: a full one becomes the old one, and the old one is dropped.
    """

    def __init__(self, decode: Callable[[Row, int], Entity]) -> None:
        self._decode = decode
        self._young: dict[Row, Entity] = {}
        self._old: dict[Row, Entity] = {}
        self._nbytes = 0

    def snapshots(self, rows: Sequence[Row]) -> list[Entity]:
        """Return the snapshots of these rows, each at its version."""
        if len(rows) > MAX_ROWS:
            return self._decoded(rows)
        try:
            return list(map(self._young.__getitem__, rows))
        except KeyError:
            return list(map(self._snapshot, rows))
        except TypeError:  # a value of an edited column that can't be hashed
            return self._decoded(rows)

    def _decoded(self, rows: Sequence[Row]) -> list[Entity]:
        return [self._decode(row, row[-1]) for row in rows]

    def _snapshot(self, row: Row) -> Entity:
        snapshot = self._young.get(row)
        if snapshot is not None:
            return snapshot
        snapshot = self._old.get(row)
        if snapshot is None:
            snapshot = self._decode(row, row[-1])
        self._nbytes += ENTRY_BYTES + sum(map(getsizeof, row))
        if self._nbytes > MAX_BYTES:
            self._young, self._old, self._nbytes = {}, self._young, 0
        self._young[row] = snapshot
        return snapshot
