"""Versions of external rows: of tables without a version column."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from starmodel.adapters.persistence.sql.external_versions import (
    ExternalVersions,
    OvertakenError,
    RowToken,
)
from starmodel.testing.fakes import FakeClock


@pytest.fixture
def versions() -> ExternalVersions:
    return ExternalVersions(0, FakeClock())


def _read(versions: ExternalVersions, *row: object) -> int:
    return versions.version_of(row, versions.tick)


def test_equal_content_keeps_its_version_and_new_content_raises_it(
    versions: ExternalVersions,
) -> None:
    first = _read(versions, "a", 1)
    assert _read(versions, "a", 1) == first
    second = _read(versions, "a", 2)
    assert second > first
    assert _read(versions, "a", 1) > second  # the first content again, and still a change


@pytest.mark.parametrize(
    ("one", "other"),
    [(1, 1.0), (1, True), (1, "1"), (None, 0), (None, ""), ("", " "), ("a", "a "), (0.0, -0.0)],
)
def test_equal_values_of_different_types_are_different_content(
    versions: ExternalVersions, one: object, other: object
) -> None:
    first = _read(versions, "a", one)
    assert _read(versions, "a", one) == first
    assert _read(versions, "a", other) > first


@given(st.lists(st.integers(0, 3), max_size=3), st.lists(st.integers(0, 3), max_size=3))
def test_tokens_are_equal_exactly_if_the_contents_are(one: list[int], other: list[int]) -> None:
    assert (RowToken.of(one) == RowToken.of(tuple(other))) == (one == other)


def test_former_content_is_not_at_its_former_version(versions: ExternalVersions) -> None:
    first = _read(versions, "a", 1)
    _read(versions, "a", 2)
    third = _read(versions, "a", 1)
    assert versions.is_at(("a", 1), third)
    assert not versions.is_at(("a", 1), first)


def test_versions_are_tracked_per_id(versions: ExternalVersions) -> None:
    first = _read(versions, "a", 1)
    _read(versions, "b", 2)
    assert _read(versions, "a", 1) == first


def test_commit_assigns_its_version_to_the_stored_row(versions: ExternalVersions) -> None:
    base = _read(versions, "a", 1)
    versions.announce("commit", "a", ("a", 2), base + 1)
    assert _read(versions, "a", 1) == base  # not visible yet
    assert versions.is_at(("a", 2), base + 1)
    assert _read(versions, "a", 2) == base + 1  # visible, before it is known to be
    versions.settle("commit", stored=True)
    assert _read(versions, "a", 2) == base + 1


def test_read_overtaken_by_a_commit_gets_the_oldest_version(versions: ExternalVersions) -> None:
    base = _read(versions, "a", 1)
    began = versions.tick
    versions.announce("commit", "a", ("a", 2), base + 1)
    versions.settle("commit", stored=True)
    late, later = versions.version_of(("a", 1), began), versions.version_of(("a", 1), began)
    assert later < late < base
    assert versions.is_at(("a", 2), base + 1)


def test_overtaken_read_must_be_repeated(versions: ExternalVersions) -> None:
    _read(versions, "a", 1)
    began = versions.tick
    newer = _read(versions, "a", 2)
    with pytest.raises(OvertakenError):
        versions.version_of(("a", 1), began, retry=True)
    assert versions.version_of(("a", 2), began, retry=True) == newer
    assert versions.version_of(("b", 1), began, retry=True)  # no reader saw another content


def test_failed_commit_changes_no_version(versions: ExternalVersions) -> None:
    base = _read(versions, "a", 1)
    versions.announce("commit", "a", ("a", 2), base + 1)
    versions.settle("commit", stored=False)
    assert _read(versions, "a", 1) == base
    assert not versions.is_at(("a", 2), base + 1)
    assert versions.stored_version(("a", 2)) > base


def test_failed_commit_keeps_version_of_equal_external_content(versions: ExternalVersions) -> None:
    base = _read(versions, "a", 1)
    for name in ("failed", "stored"):
        versions.announce(name, "a", ("a", 2), base + 1)
    versions.settle("failed", stored=False)
    assert _read(versions, "a", 2) == base + 1
    versions.settle("stored", stored=True)
    assert _read(versions, "a", 2) == base + 1


def test_row_that_differs_from_committed_snapshot_gets_a_higher_version(
    versions: ExternalVersions,
) -> None:
    base = _read(versions, "a", "pen")
    versions.announce("commit", "a", None, base + 1)
    assert _read(versions, "a", "PEN") > base + 1
    versions.settle("commit", stored=True)
    assert _read(versions, "a", "PEN") > base + 1


def test_recreated_row_gets_a_higher_version(versions: ExternalVersions) -> None:
    base = _read(versions, "a", 1)
    versions.announce("delete", "a", None, base + 1)
    versions.settle("delete", stored=True)
    assert _read(versions, "a", 1) > base + 1


def test_unknown_content_in_a_transaction_has_no_version(versions: ExternalVersions) -> None:
    base = _read(versions, "a", 1)
    assert not versions.is_at(("a", 2), base)
    assert versions.stored_version(("a", 2)) > base
    assert _read(versions, "a", 1) == base


def test_evicted_id_gets_a_higher_version() -> None:
    versions = ExternalVersions(0, FakeClock(), max_rows=2)
    first = _read(versions, "a", 1)
    began = versions.tick
    _read(versions, "b", 1)
    _read(versions, "c", 1)
    assert versions.version_of(("a", 1), began) < first  # changes in between are unknown
    assert not versions.is_at(("a", 1), first)
    assert _read(versions, "a", 1) > first


@given(
    st.lists(
        st.tuples(st.sampled_from("rsof"), st.sampled_from("ab"), st.integers(0, 2)), max_size=30
    )
)
def test_random_table_histories_never_version_an_older_state_as_newer(
    events: list[tuple[str, str, int]],
) -> None:
    """A table in memory: commits (s: stored, f: failed), external writes (o) and reads (r)."""
    versions = ExternalVersions(0, FakeClock(), max_rows=1)
    table, changes = {"a": 0, "b": 0}, {"a": 0, "b": 0}
    shown: dict[tuple[str, int], int] = {}  # the state of each version
    slow: list[tuple[int, str, int, int]] = []
    for what, id, value in events:
        began = versions.tick
        slow.append((began, id, table[id], changes[id]))
        if what == "o":
            changes[id] += table[id] != value
            table[id] = value
        elif what in "sf":
            base = versions.version_of((id, table[id]), began)
            if versions.is_at((id, table[id]), base):
                versions.announce("commit", id, (id, value), base + 1)
                if what == "s":
                    changes[id] += table[id] != value
                    table[id] = value
                versions.settle("commit", stored=what == "s")
        version = versions.version_of((id, table[id]), versions.tick)
        newest = max((v for i, v in shown if i == id), default=0)
        assert version >= newest
        assert version > newest or shown[id, version] == table[id]
        shown[id, version] = table[id]
    for began, id, value, change in slow:
        version = versions.version_of((id, value), began)
        newest = max((v for i, v in shown if i == id), default=0)
        assert change == changes[id] or value == table[id] or version < newest
