"""Lists share the snapshots of unchanged rows where nothing in a snapshot can change."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import pytest
from pydantic import PrivateAttr

from starmodel import Entity
from starmodel.adapters.persistence.sql import known_rows
from starmodel.adapters.persistence.sql.known_rows import KnownRows, can_be_shared


class Plain(Entity):
    name: str = ""


class WithList(Entity):
    names: list[str] = []


class WithCache(Entity):
    @cached_property
    def length(self) -> int:
        return 1


class WithPrivate(Entity):
    _seen: int = PrivateAttr(default=0)


class Decoder:
    """Decodes rows, and counts them."""

    def __init__(self) -> None:
        self.count = 0

    def __call__(self, row: tuple[Any, ...], version: int) -> Entity:
        self.count += 1
        return Plain(id=row[0], name=str(row[1]))


@pytest.mark.parametrize(
    ("cls", "shared"),
    [(Plain, True), (WithList, False), (WithCache, False), (WithPrivate, False)],
)
def test_snapshots_with_mutable_parts_are_not_shared(cls: type[Entity], shared: bool) -> None:
    assert can_be_shared(cls) is shared


def test_equal_row_has_the_snapshot_that_it_had() -> None:
    decode = Decoder()
    known = KnownRows(decode)

    [first] = known.snapshots([("a", "Ann", 1)])
    [again, other] = known.snapshots([("a", "Ann", 1), ("b", "Bob", 1)])
    [changed] = known.snapshots([("a", "Ann", 2)])

    assert again is first
    assert other.id == "b"
    assert changed is not first
    assert decode.count == 3


def test_memory_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(known_rows, "MAX_BYTES", 100_000)
    decode = Decoder()
    known = KnownRows(decode)

    for number in range(1000):
        known.snapshots([(f"{number}", "x" * 1000, 1)])
    known.snapshots([("999", "x" * 1000, 1)])

    assert decode.count == 1000
    assert len(known._young) + len(known._old) < 100


def test_long_results_and_values_without_a_hash_are_decoded_each_time() -> None:
    decode = Decoder()
    known = KnownRows(decode)
    rows = [(f"{number}", "", 1) for number in range(known_rows.MAX_ROWS + 1)]

    assert len(known.snapshots(rows)) == len(known.snapshots(rows)) == len(rows)
    assert [e.id for e in known.snapshots([("a", bytearray(b"edited"), 1)])] == ["a"]
    assert decode.count == 2 * len(rows) + 1
    assert not known._young
