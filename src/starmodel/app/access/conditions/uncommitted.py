"""Records that a command is about to store, for access rules that follow a relation to them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from types import MappingProxyType
from typing import Any

from starmodel.core.entity import Entity

_drafts: ContextVar[Mapping[tuple[type[Any], Any], Entity]] = ContextVar(
    "starmodel_uncommitted", default=MappingProxyType({})
)


@contextmanager
def uncommitted(draft: Entity) -> Iterator[None]:
    """Let rules of other records in this block see a new record that no store has yet."""
    token = _drafts.set({**_drafts.get(), (draft.__entity__.cls, draft.id): draft})
    try:
        yield
    finally:
        _drafts.reset(token)


def uncommitted_record(cls: type[Entity], field: str, value: Any) -> Entity | None:
    """The new record of the class with this id; None for any other field."""
    return _drafts.get().get((cls, value)) if field == "id" else None
