"""The columns of a list, each with the accessor and the renderer of its values."""

from __future__ import annotations

from collections.abc import Callable
from operator import attrgetter
from typing import Any, NamedTuple, Protocol

from starmodel.adapters.ui.titles import title_field
from starmodel.adapters.ui.values import RenderValue
from starmodel.app.access.policy import Audience
from starmodel.core.classes.registry import EntityType
from starmodel.core.entity import Entity
from starmodel.core.fields.field_types import plain_types
from starmodel.core.fields.widgets import UI

MAX_COLUMNS = 6
# Phones render cards with all columns; medium screens hide the later ones.
_WIDTHS = (" sm-first", "", " sm-from-medium", " sm-from-medium", " sm-from-wide")


class ValueRenderers(Protocol):
    """Returns the HTML renderer for a type; see `values.value_renderer`."""

    def __call__(self, annotation: Any, options: UI, /, *, brief: bool) -> RenderValue: ...


class Column(NamedTuple):
    """One column.

    Shapes: read returns a record's value; sorts is False for computed fields, and for those
    that are hidden on some records.
    """

    name: str
    title: str
    read: Callable[[Entity], Any]
    render: RenderValue
    sorts: bool = True
    is_number: bool = False

    @property
    def slot(self) -> str:
        return f"cell {self.name}"


def columns_of(
    entity_type: EntityType, values: ValueRenderers, audience: Audience
) -> tuple[Column, ...]:
    """The columns that the class configures, else its first fields, with the title field first.

    Fields that are hidden from the audience have no column.
    """
    info = entity_type.cls.__entity__
    configured = entity_type.cls.model_config.get("list_display")
    if configured is None:
        names = [n for n, s in info.fields.items() if s.atomic and not s.private and n != "id"]
        names = [n for n in names if n not in audience.hidden]
        titles = [n for n in names if n == title_field(entity_type)]
        names = [*titles, *(n for n in names if n not in titles)][:MAX_COLUMNS]
    else:
        names = list(configured)
    shown = [name for name in names if name not in audience.hidden] or ["id"]
    columns = [column_of(entity_type, name, values) for name in shown]
    return tuple(c._replace(sorts=c.sorts and c.name not in audience.uncertain) for c in columns)


def column_of(entity_type: EntityType, name: str, values: ValueRenderers) -> Column:
    """The column of a field or a computed field."""
    info, cls = entity_type.cls.__entity__, entity_type.cls
    if name in info.computed or name in info.related_computed:
        computed = cls.__pydantic_computed_fields__[name]
        title = computed.title or name.replace("_", " ").capitalize()
        render = values(computed.return_type, UI(), brief=True)
        number = is_number(computed.return_type)
        return Column(name, title, attrgetter(name), render, sorts=False, is_number=number)
    spec = info.fields[name]
    render = values(spec.info.annotation, spec.ui, brief=True)
    return Column(
        name, spec.title, attrgetter(name), render, spec.atomic, is_number(spec.info.annotation)
    )


def is_number(annotation: Any) -> bool:
    """True for number types, which are right-aligned and may be rendered as figures."""
    names = {getattr(kind, "__name__", "") for kind in plain_types(annotation)}
    return bool(names) and names <= {"int", "float", "Decimal"}


def cell_class(column: Column, number: int) -> str | None:
    """The CSS class of a column's cells. Shapes: number is the column's index."""
    width = _WIDTHS[min(number, len(_WIDTHS) - 1)]
    return (("sm-number" if column.is_number else "") + width).strip() or None
