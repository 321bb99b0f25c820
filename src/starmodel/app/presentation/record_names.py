"""Names of records in sentences, where the kind of the record stands beside its title."""

from __future__ import annotations

from starmodel.core.classes.registry import EntityType


def name_of(entity_type: EntityType, title: str) -> str:
    """A record's title without its kind: "1042" of "Order 1042".

    >>> from types import SimpleNamespace
    >>> name_of(SimpleNamespace(title="Order"), "order 1042")
    '1042'
    """
    kind = entity_type.title
    if title.lower().startswith(f"{kind.lower()} "):
        return title[len(kind) :].strip() or title
    return title
