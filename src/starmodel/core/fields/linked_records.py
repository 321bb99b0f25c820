"""Changes of many-to-many relations that events make on their drafts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Literal, NoReturn


@dataclass(frozen=True, slots=True, eq=False)
class LinkChange:
    """One change of a relation, written at the commit of the unit of work.

    Shapes: records are records or ids; "replace" removes all other links.
    """

    draft: Any
    relation: str
    kind: Literal["add", "remove", "replace"]
    records: tuple[Any, ...]


class LinkedRecords:
    """A relation to many records as an event sees it, before any of them is loaded.

    It can be changed like a list, by records or by their ids. A record that is linked already
    is not linked twice, and one that is not linked can be removed. Reading raises NotLoadedError.
    """

    __slots__ = ("_changes", "_draft", "_not_loaded", "_relation")
    __hash__ = None  # type: ignore[assignment]  # comparing reads, so it can't be a key

    def __init__(
        self, draft: Any, relation: str, changes: list[Any], not_loaded: Exception
    ) -> None:
        self._draft, self._relation, self._changes = draft, relation, changes
        self._not_loaded = not_loaded

    def append(self, record: Any) -> None:
        """Link one record."""
        self._add("add", (record,))

    def extend(self, records: Iterable[Any]) -> None:
        """Link these records."""
        self._add("add", records)

    def remove(self, record: Any) -> None:
        """Unlink one record."""
        self._add("remove", (record,))

    def clear(self) -> None:
        """Unlink all records."""
        self._add("replace", ())

    def replace(self, records: Iterable[Any]) -> None:
        """Link these records and no others; an assignment in an event does this."""
        self._add("replace", records)

    def _add(self, kind: Literal["add", "remove", "replace"], records: Iterable[Any]) -> None:
        self._changes.append(LinkChange(self._draft, self._relation, kind, tuple(records)))

    def _refuse(self, *_: Any) -> NoReturn:
        raise self._not_loaded

    def __iter__(self) -> Iterator[Any]:
        return self._refuse()

    def __iadd__(self, records: Iterable[Any]) -> LinkedRecords:
        self.extend(records)
        return self

    __len__ = __bool__ = __contains__ = __getitem__ = __eq__ = _refuse
    index = count = sort = pop = insert = reverse = copy = _refuse
