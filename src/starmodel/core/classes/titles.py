"""The display title of records: the field of `title_field`, else the first that names them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any
from weakref import WeakKeyDictionary

from starmodel.core.classes.foreign_keys import foreign_keys
from starmodel.core.classes.registry import EntityType
from starmodel.core.entity import Entity
from starmodel.core.fields.field_types import plain_types
from starmodel.core.snapshot import hidden_of

_NAMES = ("name", "title", "label", "subject")
MAX_TITLE_CHARS = 80


def title_field(entity_type: EntityType) -> str | None:
    """The stored field used as a record's title, None for a computed title or none.

    It is `title_field` of the class; else name, title, label or subject; else the first string.
    Foreign keys, names in `_id` and the id of the author are no title.
    """
    cls = entity_type.cls
    return next((name for name in title_names(cls) if name in cls.__entity__.fields), None)


def title_of(entity_type: EntityType, entity: Entity) -> str:
    """The display title of an entity; its class and id when every title field is blank."""
    return record_titles(entity_type, [entity])[0]


def record_titles(
    entity_type: EntityType, entities: Sequence[Entity], *, is_shared: bool = False
) -> list[str]:
    """As `title_of`, for records of one class.

    Shapes: is_shared is True for titles that readers of several languages see: the title of the
    class is not translated then.
    """
    if not entity_type.is_record:
        return [entity_type.title] * len(entities)
    names = title_names(entity_type.cls)
    kind = entity_type.source_title if is_shared else entity_type.title
    return [_title(names, each) or f"{kind} {each.id}" for each in entities]


def _title(names: Iterable[str], entity: Entity) -> str:
    """The first of these values that is not blank; "" without one."""
    hidden = hidden_of(entity)
    for name in names:
        value = None if name in hidden else getattr(entity, name, None)
        if isinstance(value, int) and not isinstance(value, bool):  # a number by `title_field`
            value = str(value)
        if isinstance(value, str) and value.strip():
            return value if len(value) <= MAX_TITLE_CHARS else f"{value[: MAX_TITLE_CHARS - 1]}…"
    return ""


def title_names(cls: type[Entity]) -> tuple[str, ...]:
    """The public fields and properties that may title a record, in order of preference."""
    known = _known.get(cls)
    if known is None:
        info = cls.__entity__
        texts = [n for n, s in info.fields.items() if plain_types(s.info.annotation) == [str]]
        names = [n for n in _NAMES if n in texts or isinstance(_written(cls, n), property)]
        keys = {key.field for key in foreign_keys(cls)}
        keys |= {n for n, s in info.fields.items() if n.endswith("_id") or s.options.default_from}
        others = [name for name in texts if name not in (*names, "id", *keys)]
        found = [n for n in (*names, *others[: 0 if names else 1]) if n not in info.private]
        configured: str | None = cls.model_config.get("title_field")
        if configured is not None:
            found = [configured, *(name for name in found if name != configured)]
        known = _known[cls] = tuple(found)
    return known


def _written(cls: type, name: str) -> Any:
    """A class attribute without the descriptor protocol; None without one."""
    return next((vars(base)[name] for base in cls.__mro__ if name in vars(base)), None)


_known: WeakKeyDictionary[type[Entity], tuple[str, ...]] = WeakKeyDictionary()
