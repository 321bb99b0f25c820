"""The fields that a list shows: those chosen, those the class configures, or its first ones."""

from __future__ import annotations

from collections.abc import Container, Sequence

from starmodel.core.classes.registry import EntityType
from starmodel.core.classes.related_fields import RelatedField, foreign_key_of, related_field
from starmodel.core.classes.titles import title_field
from starmodel.core.fields.method_columns import declared_columns, method_column
from starmodel.core.translations import translated
from starmodel.core.values.words import title_of

MAX_COLUMNS = 6


def shown_related(entity_type: EntityType, chosen: Sequence[str] = ()) -> list[RelatedField]:
    """The fields of related records that a list has columns of."""
    names = shown_fields(entity_type, chosen=chosen)
    paths = [related_field(entity_type, n) for n in names if "." in n]
    return [path for path in paths if path is not None]


def shown_fields(
    entity_type: EntityType, hidden: Container[str] = (), chosen: Sequence[str] = ()
) -> list[str]:
    """The names of the columns, without the hidden ones; "id" where nothing else is left.

    `list_display` may name a relation, whose column is that of the foreign key, and fields of
    its records, such as "customer.city".

    Shapes: chosen are names of `possible_columns`, in the order of the list; empty for the
    columns of the class.
    """
    if chosen:
        names = [*chosen]
    elif entity_type.cls.model_config.get("list_display") is None:
        names = [n for n in _simple_fields(entity_type) if n != "id" and n not in hidden]
        titles = [n for n in names if n == title_field(entity_type)]
        names = [*titles, *(n for n in names if n not in titles)][:MAX_COLUMNS]
    else:
        names = _configured(entity_type)
    return [name for name in names if name not in hidden] or ["id"]


def possible_columns(entity_type: EntityType, hidden: Container[str] = ()) -> list[str]:
    """The columns that a visitor can choose: those of the class first, then its other fields."""
    info = entity_type.cls.__entity__
    every = [
        *shown_fields(entity_type, hidden), *_configured(entity_type),
        *(n for n in _simple_fields(entity_type) if n != "id"),
        *info.computed, *info.related_computed, *declared_columns(entity_type.cls),
        *entity_type.shown_links, "id",
    ]  # fmt: skip
    return [name for name in dict.fromkeys(every) if name not in hidden]


def column_title(entity_type: EntityType, name: str) -> str:
    """The heading of a column: the title of its field, or of the field of a related record."""
    path = related_field(entity_type, name) if "." in name else None
    cls, field = (entity_type.cls, name) if path is None else (path.target, path.field)
    spec = cls.__entity__.fields.get(field)
    if spec is not None:
        return spec.title
    computed = cls.__pydantic_computed_fields__.get(field)
    if computed is None:  # a method, or a relation to many records
        method = method_column(cls, field)
        return translated(title_of(name) if method is None else method.title)
    return translated(computed.title or field.replace("_", " ").capitalize())


def _simple_fields(entity_type: EntityType) -> list[str]:
    fields = entity_type.cls.__entity__.fields.items()
    return [name for name, spec in fields if spec.atomic and not spec.private]


def _configured(entity_type: EntityType) -> list[str]:
    configured = entity_type.cls.model_config.get("list_display") or ()
    return list(dict.fromkeys(foreign_key_of(entity_type, name) for name in configured))
