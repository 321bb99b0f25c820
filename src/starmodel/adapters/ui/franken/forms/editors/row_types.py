"""Which list and mapping types have an editor of rows, and the input of one row."""

from __future__ import annotations

import inspect
import typing
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from pydantic import BaseModel

from starmodel.adapters.ui.franken.forms.form_field import PAIR, ROW, FormField, RowEditor
from starmodel.app.commands.binding.parameters import Parameter
from starmodel.app.commands.binding.rows import KEY, VALUE, item_type
from starmodel.core.fields.field_types import accepts_none, plain_types
from starmodel.core.fields.privacy import is_secret
from starmodel.core.values.words import singular_of
from starmodel.texts.catalogue import Catalogue

MAX_DEPTH = 3  # editors inside editors, which bounds the names of inputs
_IN_ROWS = frozenset({
    "text", "textarea", "number", "decimal", "date", "datetime", "time", "switch", "select",
    "email", "url", "color", "group", "rows",
})  # fmt: skip
MakeField = Callable[[Parameter], FormField]


def row_editor(
    annotation: Any, title: str, make_field: MakeField, texts: Catalogue
) -> RowEditor | None:
    """The editor for the values of a type; None for types that are no list or mapping of inputs.

    Shapes: title is that of the field; make_field returns the input of a part.
    """
    kinds = plain_types(annotation)
    if len(kinds) != 1 or is_secret(annotation):
        return None
    items, is_mapping = item_type(kinds[0]), False
    if typing.get_origin(kinds[0]) is dict:
        key, items = typing.get_args(kinds[0])
        if plain_types(key) != [str]:
            return None
        is_mapping = True
    if items is None or items is Any:
        return None
    name = f"{ROW}.{VALUE}" if is_mapping else ROW
    field = make_field(Parameter(name, items, None, inspect.Parameter.empty))
    if field.kind not in _IN_ROWS or (field.kind == "group" and accepts_none(items)):
        return None
    field = replace(field, title=texts.text("rows.value") if is_mapping else title, required=False)
    if is_mapping:
        names = FormField(f"{ROW}.{KEY}", "text", texts.text("rows.key"))
        field = FormField(ROW, PAIR, title, parts=(names, field))
    return RowEditor(
        field, None if is_mapping else blank(items),
        texts.text("rows.add", item=singular_of(title)),
        texts.text("rows.remove"), texts.text("rows.up"), texts.text("rows.down"),
        texts.text("rows.added"), texts.text("rows.removed"),
        texts.text("rows.moved", n="{n}", total="{total}"),
        typing.get_origin(kinds[0]) not in (set, frozenset, dict),
    )  # fmt: skip


def blank(annotation: Any) -> Any:
    """The value of a new row: the defaults of a model's fields, else None."""
    for kind in plain_types(annotation):
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            fields = kind.__pydantic_fields__.items()
            return {
                name: info.default
                for name, info in fields
                if not info.is_required() and info.default_factory is None
            }
    return None
