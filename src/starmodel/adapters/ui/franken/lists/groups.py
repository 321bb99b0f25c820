"""The headings of a grouped list, and the row of totals below a list."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from starmodel.adapters.ui.choices import choice_key, choices_of
from starmodel.adapters.ui.elements import Span, Td, Tfoot, Th, Tr, render
from starmodel.adapters.ui.franken.lists.columns import Column, cell_classes
from starmodel.app.ports.field_kinds import choice_values
from starmodel.app.ports.summaries import Grouping, Measure, group_key, group_value
from starmodel.app.queries.listing import Window
from starmodel.app.queries.related_titles import RelatedTitles
from starmodel.core.classes.registry import EntityType
from starmodel.core.entity import Entity
from starmodel.core.snapshot import hidden_of
from starmodel.texts.catalogue import Catalogue
from starmodel.texts.dates import month_text


@dataclass(frozen=True, slots=True, eq=False)
class Groups:
    """Names the group of each row. Shapes: target is the class that a foreign key refers to."""

    entity_type: EntityType
    by: Grouping
    texts: Catalogue
    target: type[Entity] | None = None

    def key(self, entity: Entity) -> str:
        """The key of a record's group, "" without a value."""
        if self.by.field in hidden_of(entity):
            return ""
        return group_key(group_value(entity, self.by))

    def label(self, entity: Entity, titles: RelatedTitles) -> str:
        """The heading of a record's group, in words."""
        field = self.by.field
        value = None if field in hidden_of(entity) else getattr(entity, field)
        if value is None:
            return self.texts.text("group.none")
        if self.target is not None:
            found = titles.of(self.target, value)
            return self.texts.text("shown.not_available") if found is None else found.title
        annotation = self.entity_type.cls.__entity__.fields[field].info.annotation
        if isinstance(value, bool):
            return self.texts.text("shown.yes" if value else "shown.no")
        if self.by.by_month:
            if isinstance(value, datetime) and value.tzinfo is not None:
                value = value.astimezone(UTC)
            return month_text(self.texts, value)
        labels = dict(choices_of(annotation)) if choice_values(annotation) else {}
        return str(labels.get(value, choice_key(value)))


def heading(key: str, label: str, columns: int) -> str:
    """The row above a group; the browser adds the number of its records and their totals."""
    number = Span(cls="sm-muted", data_group_count=True)
    cell = Th(Span(label, dir="auto"), " ", number, colspan=columns, scope="rowgroup")
    return render(Tr(cell, data_heading=key, cls="sm-group"))


def totals_row(
    columns: Sequence[Column],
    measures: Sequence[Measure],
    texts: Catalogue,
    *,
    before: bool,
    after: bool,
) -> Any:
    """The last row of a list, filled and shown by the browser; None without totals.

    Shapes: before and after say whether rows have a cell beside those of the columns.
    """
    by_field = {measure.field: measure for measure in measures}
    if not any(column.name in by_field for column in columns):
        return None
    cells: list[Any] = [Td(cls="sm-pick")] if before else []
    for at, (column, cls) in enumerate(zip(columns, cell_classes(columns), strict=True)):
        measure = by_field.get(column.name)
        if measure is None:
            label = texts.text("total.title") if at == 0 else None
            cells.append(Th(label, cls=cls, scope="row") if label else Td(cls=cls))
            continue
        word = None
        if measure.function != "sum":
            word = Span(texts.text(f"total.{measure.function}"), cls="sm-muted")
        total = Span(data_total=column.name)
        cells.append(Td(word, " ", total, cls=cls, data_label=column.title))
    if after:
        cells.append(Td(cls="sm-end"))
    return Tfoot(Tr(*cells, cls="sm-totals"), hidden=True, data_totals=True)


def with_headings(groups: Groups, window: Window, rows: Sequence[str], columns: int) -> list[str]:
    """The rows of a page with a heading above the first row of each group."""
    if not window.entities:
        return [*rows]
    found: list[str] = []
    last: str | None = None
    for entity, row in zip(window.entities, rows, strict=True):
        key = groups.key(entity)
        if key != last:
            found.append(heading(key, groups.label(entity, window.titles), columns))
            last = key
        found.append(row)
    return found
