"""The columns of an export: those of the list, with values that files can hold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, time
from decimal import Decimal, InvalidOperation
from typing import Any, NamedTuple

from starmodel.app.queries.related_titles import RelatedTitles
from starmodel.app.queries.shown_fields import column_title, shown_fields
from starmodel.app.queries.title_queries import TitleQueries
from starmodel.core.classes.registry import EntityType
from starmodel.core.classes.related_fields import RelatedField, related_field
from starmodel.core.commands import plain
from starmodel.core.definition.related_computed import related_values
from starmodel.core.entity import Entity
from starmodel.core.fields.method_columns import method_column
from starmodel.core.public_state import public_state
from starmodel.core.snapshot import hidden_of
from starmodel.core.values.json_data import json_bytes

Cell = None | bool | int | float | Decimal | date | datetime | time | str


class ExportColumn(NamedTuple):
    """One column.

    Shapes: target is the class that a foreign key refers to, path the field of a related record,
    is_linked is True for a relation to many records and is_method for a method; None and False for
    other columns.
    """

    name: str
    title: str
    target: type[Entity] | None = None
    path: RelatedField | None = None
    is_linked: bool = False
    is_method: bool = False


class ExportRow(NamedTuple):
    """A record as its reader sees it, with the titles of the records that it refers to.

    Values come from the record's public state, as in JSON: private parts and what is hidden
    from the reader are not in it.
    """

    entity: Entity
    state: Mapping[str, Any]
    titles: RelatedTitles

    def cells(self, columns: Sequence[ExportColumn]) -> list[Cell]:
        """The value of each column, related records by their titles."""
        return [self._cell(column) for column in columns]

    def data(self, columns: Sequence[ExportColumn]) -> dict[str, Any]:
        """The record as JSON data.

        A foreign key is the id, and beside it the title by the name of the relation.
        """
        data = {"id": self.state.get("id")}
        for column in columns:
            if column.is_linked:
                data[column.name] = self._linked(column)
            elif column.path is not None:
                data[column.name] = plain(self.titles.value(self.entity, column.path))
            elif column.is_method:
                data[column.name] = plain(getattr(self.entity, column.name)())
            elif column.name in self.state:
                data[column.name] = self.state[column.name]
                if column.target is not None and column.name.endswith("_id"):
                    data[column.name.removesuffix("_id")] = self._title(column)
        return data

    def _cell(self, column: ExportColumn) -> Cell:
        if column.is_linked:
            return ", ".join(self._linked(column))
        if column.path is not None:
            value = self.titles.value(self.entity, column.path)
            return _cell(value, plain(value))
        if column.target is not None:
            return self._title(column)
        if column.is_method:
            value = getattr(self.entity, column.name)()
            return _cell(value, plain(value))
        return _cell(getattr(self.entity, column.name, None), self.state.get(column.name))

    def _title(self, column: ExportColumn) -> str | None:
        if column.target is None or column.name in hidden_of(self.entity):
            return None
        found = self.titles.of(column.target, getattr(self.entity, column.name))
        return None if found is None else found.title

    def _linked(self, column: ExportColumn) -> list[str]:
        found = [each.title for each in self.titles.linked(column.name, self.entity)]
        more = self.titles.has_more_linked(column.name, self.entity)
        return [*found, "\N{HORIZONTAL ELLIPSIS}"] if more else found


def export_columns(
    entity_type: EntityType, titles: TitleQueries, hidden: frozenset[str], chosen: Sequence[str]
) -> list[ExportColumn]:
    """The columns of an export; fields that are hidden on every record have none.

    Shapes: chosen are the names of the list's columns, empty for those of the class.
    """
    references, linked = titles.references(entity_type), titles.linked(entity_type)
    columns = []
    for name in shown_fields(entity_type, hidden, chosen):
        path = related_field(entity_type, name) if "." in name else None
        target = references.get(name)
        columns.append(
            ExportColumn(
                name, column_title(entity_type, name), None if target is None else target.cls,
                path, name in linked, _is_method(entity_type, name),
            )
        )  # fmt: skip
    return columns


def _is_method(entity_type: EntityType, name: str) -> bool:
    cls = entity_type.cls
    known = {**cls.__pydantic_fields__, **cls.__pydantic_computed_fields__}
    return name not in known and "." not in name and method_column(cls, name) is not None


def export_row(entity: Entity, titles: RelatedTitles) -> ExportRow:
    """The record as a row."""
    state, hidden = public_state(entity), hidden_of(entity)
    for name, value in related_values(entity).items():
        if name not in hidden:
            state[name] = plain(value)
    return ExportRow(entity, state, titles)


def _cell(value: Any, data: Any) -> Cell:
    """A value for a cell, read from its JSON form, which a serializer of the class may have."""
    if data is None or isinstance(data, bool | int | float):
        return data
    if isinstance(data, list) and not any(isinstance(item, dict | list) for item in data):
        return ", ".join("" if item is None else str(item) for item in data)
    if not isinstance(data, str):
        return json_bytes(data).decode()
    try:
        if isinstance(value, Decimal):
            return Decimal(data)
        if isinstance(value, datetime):
            return datetime.fromisoformat(data)
        if isinstance(value, date):
            return date.fromisoformat(data)
        if isinstance(value, time):
            return time.fromisoformat(data)
    except (ValueError, InvalidOperation):  # a serializer of the class writes another text
        pass
    return data
