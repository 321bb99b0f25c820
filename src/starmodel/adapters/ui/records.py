"""What people call a record, and where it lives."""

from __future__ import annotations

from functools import lru_cache

from starmodel.core.entity import Entity
from starmodel.core.fields import plain_types
from starmodel.core.registry import EntityType

_NAMES = ("name", "title", "label", "subject")


@lru_cache(maxsize=1024)
def _title_field(cls: type[Entity]) -> str | None:
    fields = cls.__entity__.fields
    texts = [
        n for n, s in fields.items() if not s.private and plain_types(s.info.annotation) == [str]
    ]
    texts = [name for name in texts if name != "id"]
    return next((name for name in _NAMES if name in texts), texts[0] if texts else None)


def title_field(type: EntityType) -> str | None:
    """The field by which people know a record: its name or title, else its first text."""
    return _title_field(type.cls)


def title_of(type: EntityType, entity: Entity) -> str:
    """The name people know an entity by; its class and id when no text says it."""
    if not type.is_record:
        return type.title
    name = _title_field(type.cls)
    value = getattr(entity, name, None) if name else None
    if isinstance(value, str) and value.strip():
        return value if len(value) <= 80 else f"{value[:79]}…"
    return f"{type.title} {entity.id}"
