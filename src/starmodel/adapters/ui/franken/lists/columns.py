"""The columns of a list, each with the accessor and the renderer of its values."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from operator import attrgetter, methodcaller
from typing import Any, NamedTuple, Protocol

from starmodel.adapters.ui.franken.related import (
    RenderLinked,
    RenderTitle,
    related_resources,
    sort_paths,
    sorts_by,
)
from starmodel.adapters.ui.numbers import computed_as, read_amount, shown_as
from starmodel.adapters.ui.values import RenderValue
from starmodel.app.access.policy import Audience
from starmodel.app.presentation.resource import MountedResource
from starmodel.app.presentation.ui import Services
from starmodel.app.queries.shown_fields import shown_fields
from starmodel.core.classes.registry import EntityType
from starmodel.core.classes.related_fields import RelatedField, related_field
from starmodel.core.entity import Entity
from starmodel.core.fields.field_types import plain_types
from starmodel.core.fields.method_columns import method_column
from starmodel.core.fields.widgets import UI, ui_of
from starmodel.core.translations import translated
from starmodel.core.values.words import title_of

LINE_CELLS = 3
"""The columns in the second line of a record's card on a phone, which has no room for more."""


class ValueRenderers(Protocol):
    """Returns the HTML renderer for a type; see `values.value_renderer`."""

    def __call__(self, annotation: Any, options: UI, /, *, brief: bool) -> RenderValue: ...


class Column(NamedTuple):
    """One column.

    Shapes: read returns a record's value; sorts is False for computed fields, and for those
    that are hidden on some records; order is the name of the order, "" for that of the column;
    is_computed is True for a value that may change while the version of the record stays;
    renders_record is True for a renderer that takes the record as its second argument.
    path is the field of a related record; link renders the value of a foreign key as the title of
    its record; linked renders a relation to many records as their titles. All are None for other
    fields.
    """

    name: str
    title: str
    read: Callable[[Entity], Any]
    render: RenderValue
    sorts: bool = True
    is_number: bool = False
    link: RenderTitle | None = None
    path: RelatedField | None = None
    linked: RenderLinked | None = None
    order: str = ""
    is_computed: bool = False
    renders_record: bool = False

    @property
    def orders(self) -> tuple[str, str]:
        """The ascending and the descending order by the values of the column."""
        name = self.order or self.name
        return (name, name[1:]) if name.startswith("-") else (name, f"-{name}")

    @property
    def slot(self) -> str:
        return f"cell {self.name}"


def columns_of(
    entity_type: EntityType,
    values: ValueRenderers,
    audience: Audience,
    links: Mapping[str, RenderTitle],
    linked: Mapping[str, RenderLinked],
    chosen: Sequence[str] = (),
) -> tuple[Column, ...]:
    """The chosen columns, else those that the class configures or its first fields.

    Fields that are hidden from the audience have no column.
    Shapes: links has the renderer of each foreign key, linked that of each relation to many.
    """
    names = shown_fields(entity_type, audience.hidden, chosen)
    if not chosen and entity_type.cls.model_config.get("list_display") is None:
        unnamed = set(entity_type.from_actor) - links.keys()  # ids of actors without a record
        names = [name for name in names if name not in unnamed] or names
    columns = [
        _linked_column(name, linked[name])
        if name in linked
        else column_of(entity_type, name, values)
        for name in names
    ]
    return tuple([
        c._replace(sorts=c.sorts and not _is_closed(c, audience), link=links.get(c.name))
        for c in columns
    ])  # fmt: skip


def _is_closed(column: Column, audience: Audience) -> bool:
    names = {column.name, column.order.removeprefix("-")}
    return not names.isdisjoint(audience.uncertain)


def column_of(entity_type: EntityType, name: str, values: ValueRenderers) -> Column:
    """The column of a field or a computed field."""
    info, cls = entity_type.cls.__entity__, entity_type.cls
    path = related_field(entity_type, name) if "." in name else None
    if path is not None:
        return _related_column(path, values)
    if name in info.computed or name in info.related_computed:
        computed = cls.__pydantic_computed_fields__[name]
        title = translated(computed.title or name.replace("_", " ").capitalize())
        ui = computed_as(cls, name)
        render = values(computed.return_type, ui, brief=True)
        number = is_figure(computed.return_type, ui)
        return Column(
            name, title, attrgetter(name), render,
            sorts=False, is_number=number, is_computed=True, renders_record=ui.renders_record,
        )  # fmt: skip
    method = None if name in info.fields else method_column(cls, name)
    if method is not None:
        ui = ui_of(method.annotation)
        render = values(method.annotation, ui, brief=True)
        number = is_figure(method.annotation, ui)
        return Column(
            name, translated(method.title), methodcaller(name), render, bool(method.order), number,
            order=method.order, is_computed=True,
        )  # fmt: skip
    spec = info.fields[name]
    ui = shown_as(cls, spec)
    return Column(
        name, spec.title, read_amount(spec) if ui.render is None else attrgetter(name),
        values(spec.info.annotation, ui, brief=True), spec.atomic,
        is_figure(spec.info.annotation, ui), renders_record=ui.renders_record,
    )  # fmt: skip


def sorting(
    columns: Sequence[Column], services: Services, resource: MountedResource
) -> tuple[Column, ...]:
    """The columns; foreign keys sort by title, and paths where every list can."""
    by_title, targets = sort_paths(services, resource), related_resources(services, resource)
    made = []
    for column in columns:
        path = by_title.get(column.name)
        if path is not None:
            made.append(column._replace(order=path.name))
        elif column.path is not None:
            is_known = column.path.local in targets
            may = column.sorts and is_known and sorts_by(services, resource, column.path)
            made.append(column._replace(sorts=may))
        else:  # the order of ids is of no use
            made.append(column._replace(sorts=column.sorts and column.name not in targets))
    return tuple(made)


def _linked_column(name: str, render: RenderLinked) -> Column:
    """The column of a relation to many records."""
    return Column(
        name, translated(title_of(name)), attrgetter("id"), str, sorts=False, linked=render
    )


def _related_column(path: RelatedField, values: ValueRenderers) -> Column:
    """The column of a related record's field: "City" for "customer.city"."""
    cls = path.target
    if path.is_stored:
        spec = cls.__entity__.fields[path.field]
        title, annotation, ui = spec.title, spec.info.annotation, spec.ui
    else:
        computed = cls.__pydantic_computed_fields__[path.field]
        ui = computed_as(cls, path.field)
        title = translated(computed.title or path.field.replace("_", " ").capitalize())
        annotation = computed.return_type
    render, number = values(annotation, ui, brief=True), is_figure(annotation, ui)
    sorts = path.is_stored and cls.__entity__.fields[path.field].atomic
    return Column(path.name, title, attrgetter(path.local), render, sorts, number, path=path)


def is_number(annotation: Any) -> bool:
    """True for number types, which are right-aligned and may be rendered as figures."""
    names = {getattr(kind, "__name__", "") for kind in plain_types(annotation)}
    return bool(names) and names <= {"int", "float", "Decimal"}


def is_figure(annotation: Any, ui: UI) -> bool:
    """True for values that are rendered as right-aligned digits."""
    return ui.render is None and ui.format != "bar" and is_number(annotation)


def cell_classes(columns: Sequence[Column]) -> tuple[str | None, ...]:
    """The CSS classes of the columns' cells.

    A phone renders each record as a card of two lines: the first column and the last number,
    then the first `LINE_CELLS` of the others.
    """
    later = range(1, len(columns))
    figure = next((n for n in reversed(later) if columns[n].is_number), None)
    line = [number for number in later if number != figure][:LINE_CELLS]
    made = []
    for number, column in enumerate(columns):
        names = ["sm-number"] if column.is_number else []
        if number == 0:
            names.append("sm-first")
        elif number == figure:
            names.append("sm-last-number")
        elif number not in line:
            names.append("sm-not-on-phone")
        made.append(" ".join(names) or None)
    return tuple(made)
