"""The fields that a list shows: those the class configures, else its first ones."""

from __future__ import annotations

from collections.abc import Container

from starmodel.core.classes.registry import EntityType
from starmodel.core.classes.related_fields import RelatedField, foreign_key_of, related_field
from starmodel.core.classes.titles import title_field

MAX_COLUMNS = 6


def shown_related(entity_type: EntityType) -> list[RelatedField]:
    """The fields of related records that a list has columns of."""
    paths = [related_field(entity_type, n) for n in shown_fields(entity_type) if "." in n]
    return [path for path in paths if path is not None]


def shown_fields(entity_type: EntityType, hidden: Container[str] = ()) -> list[str]:
    """The names of the columns, without the hidden ones; "id" where nothing else is left.

    `list_display` may name a relation, whose column is that of the foreign key, and fields of
    its records, such as "customer.city".
    """
    info = entity_type.cls.__entity__
    configured = entity_type.cls.model_config.get("list_display")
    if configured is None:
        names = [n for n, s in info.fields.items() if s.atomic and not s.private and n != "id"]
        names = [n for n in names if n not in hidden]
        titles = [n for n in names if n == title_field(entity_type)]
        names = [*titles, *(n for n in names if n not in titles)][:MAX_COLUMNS]
    else:
        names = list(dict.fromkeys(foreign_key_of(entity_type, name) for name in configured))
    return [name for name in names if name not in hidden] or ["id"]
