"""Tables without controls: records with their generated cells, or rows of plain values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from fastcore.xml import Safe

from starmodel.adapters.ui.elements import (
    Div,
    P,
    Table,
    Tbody,
    Td,
    Th,
    Thead,
    Tr,
)  # fmt: skip
from starmodel.adapters.ui.franken.icons import icon
from starmodel.adapters.ui.franken.lists.columns import cell_classes, is_number
from starmodel.adapters.ui.franken.lists.rows import ListView
from starmodel.adapters.ui.values import value_renderer
from starmodel.app.presentation.ui import Services
from starmodel.app.queries.related_titles import NO_TITLES, RelatedTitles
from starmodel.core.entity import Entity

MAX_PLAIN_ROWS = 1000


def record_table(
    view: ListView,
    records: Sequence[Entity],
    titles: RelatedTitles = NO_TITLES,
    label: str = "",
) -> Any:
    """The records with the columns of the view, each with a link to its page."""
    name = label or view.heading
    if not records:
        return empty(view.icons_url, view.texts.text("list.empty", things=view.heading))
    classes = cell_classes(view.columns)
    head = [
        Th(column.title, scope="col", cls=cls)
        for column, cls in zip(view.columns, classes, strict=True)
    ]
    rows = Safe("".join([row.html for row in view.rows(records, True, titles)]))
    return _framed(view.texts.text("list.table", things=name), name, head, rows)


def plain_table(
    services: Services, rows: Sequence[Mapping[str, Any]], columns: Sequence[str], label: str
) -> Any:
    """Rows of values by name, as people write them; texts are escaped.

    Shapes: columns are names of the rows, empty for those of the first row.
    """
    texts = services.texts
    if not rows:
        return empty(services.icons_url, texts.text("table.empty"))
    names = list(columns) or list(rows[0])
    shown = rows[:MAX_PLAIN_ROWS]
    numeric = {
        name: all(is_number(type(row.get(name))) for row in shown if row.get(name) is not None)
        for name in names
    }
    cls = {name: "sm-number" if numeric[name] else None for name in names}
    cls[names[0]] = "sm-first"
    head = [Th(_title(name), scope="col", cls=cls[name]) for name in names]
    body = [Tr(*[_named_cell(services, n, row.get(n), cls[n]) for n in names]) for row in shown]
    return _framed(label or texts.text("table.label"), label, head, body)


def empty(icons_url: str, text: str) -> Any:
    """What stands in the place of a table without rows."""
    return Div(icon("empty", icons_url), P(text), cls="uk-card sm-empty")


def _framed(region: str, name: str, head: Sequence[Any], rows: Any) -> Any:
    table = Table(
        Thead(Tr(*head)), Tbody(rows), cls="uk-table sm-table", aria_label=name or None
    )  # fmt: skip
    inside = Div(table, cls="sm-wide", role="group", aria_label=region, tabindex="0")
    return Div(inside, cls="uk-card sm-list")


def _named_cell(services: Services, name: str, value: Any, cls: str | None) -> Any:
    return Td(_cell(services, value), cls=cls, data_label=_title(name))


def _cell(services: Services, value: Any) -> Any:
    if value is None or isinstance(value, str) or hasattr(value, "__ft__"):
        return value
    if hasattr(value, "__html__"):
        return value
    return Safe(value_renderer(type(value), brief=True, texts=services.texts)(value))


def _title(name: str) -> str:
    words = str(name).replace("_", " ")
    return words[:1].upper() + words[1:]
