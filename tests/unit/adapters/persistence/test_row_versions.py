"""Which version a row has that says none itself."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from starmodel.adapters.persistence.sql.schema.external_versions import OvertakenError, RowVersions
from starmodel.testing.fakes import FakeClock


@pytest.fixture
def versions() -> RowVersions:
    return RowVersions(0, FakeClock())


def _read(versions: RowVersions, *row: object) -> int:
    return versions.of(row, versions.begin())


def test_equal_content_keeps_its_version_and_other_content_gets_a_higher_one(
    versions: RowVersions,
) -> None:
    first = _read(versions, "a", 1)
    assert _read(versions, "a", 1) == first
    second = _read(versions, "a", 2)
    assert second > first
    assert _read(versions, "a", 1) > second  # back again, and yet a change


@pytest.mark.parametrize(
    ("one", "other"),
    [(1, 1.0), (1, True), (1, "1"), (None, 0), (None, ""), ("", " "), ("a", "a "), (0.0, -0.0)],
)
def test_values_that_look_alike_are_different_content(
    versions: RowVersions, one: object, other: object
) -> None:
    first = _read(versions, "a", one)
    assert _read(versions, "a", one) == first
    assert _read(versions, "a", other) > first


def test_ids_are_apart(versions: RowVersions) -> None:
    first = _read(versions, "a", 1)
    _read(versions, "b", 2)
    assert _read(versions, "a", 1) == first


def test_commit_gives_its_version_to_what_it_leaves_behind(versions: RowVersions) -> None:
    base = _read(versions, "a", 1)
    versions.announce("commit", "a", ("a", 2), base + 1)
    assert _read(versions, "a", 1) == base  # not visible yet
    assert versions.held(("a", 2)) == base + 1
    assert _read(versions, "a", 2) == base + 1  # visible, before it is known to be
    versions.settle("commit", stored=True)
    assert _read(versions, "a", 2) == base + 1


def test_read_that_a_commit_overtook_is_older_than_all(versions: RowVersions) -> None:
    base = _read(versions, "a", 1)
    began = versions.begin()
    versions.announce("commit", "a", ("a", 2), base + 1)
    versions.settle("commit", stored=True)
    late, later = versions.of(("a", 1), began), versions.of(("a", 1), began)
    assert later < late < base
    assert versions.held(("a", 2)) == base + 1


def test_read_that_was_overtaken_is_to_be_read_again(versions: RowVersions) -> None:
    _read(versions, "a", 1)
    began = versions.begin()
    newer = _read(versions, "a", 2)
    with pytest.raises(OvertakenError):
        versions.of(("a", 1), began, again=True)
    assert versions.of(("a", 2), began, again=True) == newer
    assert versions.of(("b", 1), began, again=True)  # nobody knew another content


def test_failed_commit_leaves_no_trace(versions: RowVersions) -> None:
    base = _read(versions, "a", 1)
    versions.announce("commit", "a", ("a", 2), base + 1)
    versions.settle("commit", stored=False)
    assert _read(versions, "a", 1) == base
    assert versions.held(("a", 2)) != base + 1


def test_failed_commit_leaves_the_same_content_of_another_alone(versions: RowVersions) -> None:
    base = _read(versions, "a", 1)
    for name in ("failed", "stored"):
        versions.announce(name, "a", ("a", 2), base + 1)
    versions.settle("failed", stored=False)
    assert _read(versions, "a", 2) == base + 1
    versions.settle("stored", stored=True)
    assert _read(versions, "a", 2) == base + 1


def test_what_a_commit_left_unlike_its_snapshot_is_newer_for_the_next_reader(
    versions: RowVersions,
) -> None:
    base = _read(versions, "a", "pen")
    versions.announce("commit", "a", None, base + 1)
    assert _read(versions, "a", "PEN") > base + 1
    versions.settle("commit", stored=True)
    assert _read(versions, "a", "PEN") > base + 1


def test_removed_and_recreated_row_never_goes_back(versions: RowVersions) -> None:
    base = _read(versions, "a", 1)
    versions.announce("delete", "a", None, base + 1)
    versions.settle("delete", stored=True)
    assert _read(versions, "a", 1) > base + 1


def test_unknown_content_in_a_transaction_has_a_version_of_nobody(versions: RowVersions) -> None:
    base = _read(versions, "a", 1)
    assert versions.held(("a", 2)) > base
    assert _read(versions, "a", 1) == base


def test_forgotten_id_gets_a_higher_version() -> None:
    versions = RowVersions(0, FakeClock(), max_kept=2)
    first = _read(versions, "a", 1)
    began = versions.begin()
    _read(versions, "b", 1)
    _read(versions, "c", 1)
    assert versions.of(("a", 1), began) < first  # nobody can tell what happened meanwhile
    assert versions.held(("a", 1)) > first
    assert _read(versions, "a", 1) > first


@given(
    st.lists(
        st.tuples(st.sampled_from("rsof"), st.sampled_from("ab"), st.integers(0, 2)), max_size=30
    )
)
def test_whatever_happens_to_a_table_readers_never_see_an_older_state_as_newer(
    events: list[tuple[str, str, int]],
) -> None:
    """A table in memory, written by us (s, f: stored or failed) and others (o), and read (r)."""
    versions = RowVersions(0, FakeClock(), max_kept=1)
    table, changes = {"a": 0, "b": 0}, {"a": 0, "b": 0}
    shown: dict[tuple[str, int], int] = {}  # which state each version stands for
    slow: list[tuple[int, str, int, int]] = []
    for what, id, value in events:
        began = versions.begin()
        slow.append((began, id, table[id], changes[id]))
        if what == "o":
            changes[id] += table[id] != value
            table[id] = value
        elif what in "sf":
            base = versions.of((id, table[id]), began)
            if versions.held((id, table[id])) == base:
                versions.announce("commit", id, (id, value), base + 1)
                if what == "s":
                    changes[id] += table[id] != value
                    table[id] = value
                versions.settle("commit", stored=what == "s")
        version = versions.of((id, table[id]), versions.begin())
        newest = max((v for i, v in shown if i == id), default=0)
        assert version >= newest
        assert version > newest or shown[id, version] == table[id]
        shown[id, version] = table[id]
    for began, id, value, change in slow:
        version = versions.of((id, value), began)
        newest = max((v for i, v in shown if i == id), default=0)
        assert change == changes[id] or value == table[id] or version < newest
