"""The ids that the input of several records sends, with what the input displayed before."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from starmodel.core.commands import plain


class SentRecords(list[Any]):
    """Ids of chosen records, in order.

    Shapes: before are the ids that the input had when its form was rendered, as text; words is
    the text typed beside them, which a form without JavaScript sends and which is never an id.
    """

    __slots__ = ("before", "words")

    def __init__(
        self, ids: Iterable[Any] = (), before: Iterable[Any] = (), words: str = ""
    ) -> None:
        super().__init__(ids)
        self.before, self.words = tuple(map(text_of, before)), words

    @property
    def added(self) -> list[Any]:
        """The ids that were chosen since the form was rendered."""
        return [id for id in self if text_of(id) not in self.before]

    def merged(self, stored: Iterable[Any]) -> list[Any]:
        """The stored ids, without those that were removed and with those that were added.

        >>> SentRecords(["a", "new"], before=["a", "b"]).merged(["a", "b", "of another editor"])
        ['a', 'of another editor', 'new']
        """
        removed = set(self.before).difference(map(text_of, self))
        kept = [id for id in stored if text_of(id) not in removed]
        return [*kept, *(id for id in self.added if id not in kept)]


def text_of(id: Any) -> str:
    """An id as forms have it."""
    return str(plain(id))
