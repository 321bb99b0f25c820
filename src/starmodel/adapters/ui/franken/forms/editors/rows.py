"""The editor of rows: inputs for each item, with buttons to add, remove and move them.

Without JavaScript the buttons submit the form, and the server answers with the changed rows.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from fastcore.xml import Safe, to_xml

from starmodel.adapters.ui.compiled import Slots, Template, compiled
from starmodel.adapters.ui.elements import (
    Button,
    Div,
    Fieldset,
    Input,
    Legend,
    Li,
    Ol,
    Span,
    Textarea,
    render,
)
from starmodel.adapters.ui.escaping import escapable
from starmodel.adapters.ui.franken.forms.form_field import (
    FORM,
    PAIR,
    ROW,
    FormField,
    RowEditor,
    Within,
)
from starmodel.app.commands.binding.form_names import KEPT_ROW, ROW_CHANGE, ROWS
from starmodel.app.commands.binding.rows import KEY, MAX_ROWS, VALUE, Rows

_SLOT = re.compile("(\ue000[^\ue001]*\ue001)")
NEW = "new"  # the key of the row in the browser's template
FillSlots = Callable[[FormField, Any, Within], dict[str, Any]]


def rows_editor(
    field: FormField, editor: RowEditor, own: str, s: Slots, *texts: Any, **shared: Any
) -> Any:
    """The fieldset of the rows, which `rows_html` fills."""
    return Fieldset(
        Legend(field.title), Safe(s.html(f"rows:{field.name}")), *texts,
        cls="sm-field sm-rows", id=own, tabindex="-1", **_data(field.name, editor), **shared,
    )  # fmt: skip


def row_template(
    editor: RowEditor, render_input: Callable[[FormField, str, Slots], Any]
) -> Template:
    """The template of one row. Its slots "form" and "path" complete the names and ids of inputs."""

    def row(s: Slots) -> Any:
        item = editor.item
        cls = {"group": "sm-row-model", PAIR: "sm-row-pair"}.get(item.kind, "sm-row-one")
        parts = item.parts if item.kind in ("group", PAIR) else (item,)
        inputs = [render_input(part, FORM, s) for part in parts]
        handle = Span("⠿", data_row_handle=True, aria_hidden="true", cls="sm-row-handle")
        html = to_xml(escapable(Li(
            handle if editor.is_ordered else None,
            Safe(s.html("kept")),
            Div(*inputs, cls=f"sm-row-inputs {cls}"),
            Div(*_buttons(editor), cls="sm-row-buttons"),
            cls="sm-row", data_row=s.token("key"),
        )), indent=False)  # fmt: skip
        return Safe(_with_slots(html, {ROW: s.text("path"), FORM: s.text("form")}))

    return compiled(row)


def rows_html(
    field: FormField,
    editor: RowEditor,
    value: Any,
    within: Within,
    template: Template,
    slots_of: FillSlots,
) -> str:
    """The rows of a value, and the template of a new one, as HTML.

    A value with more rows than an editor takes is a text area with its JSON, and so is what an
    external writer has stored that is no list, or no mapping for an editor of pairs.
    """
    rows = list(_rows(editor, value)) if _has_rows(editor, value) else None
    if rows is None or len(rows) > MAX_ROWS:
        return _as_json(field, value, within)
    path = within.path
    start = "null" if field.optional and value is None else ""
    marker = Input(type="hidden", name=f"{ROWS}{path}", value=start)
    shown = "".join(_row(editor, within, template, slots_of, *row) for row in rows)
    new = _row(editor, within, template, slots_of, NEW, editor.blank, False)
    add = Button(
        editor.add, type="submit", name=ROW_CHANGE, value=f"add {path}", formnovalidate=True,
        data_row_do="add", cls="uk-btn uk-btn-default uk-btn-sm", disabled=len(rows) >= MAX_ROWS,
    )  # fmt: skip
    return render((
        marker, Ol(Safe(shown), data_row_list=True, cls="sm-row-list"),
        Safe(f"<template>{new}</template>"), add,
        Span(role="status", cls="sm-hidden"),
    ))  # fmt: skip


def _row(
    editor: RowEditor, within: Within, template: Template, slots_of: FillSlots,
    key: str, value: Any, is_kept: bool,
) -> str:  # fmt: skip
    inside = within.inside(key)
    slots = slots_of(editor.item, value, inside)
    kept = Input(type="hidden", name=f"{KEPT_ROW}{inside.path}", value="1") if is_kept else ""
    slots |= {"path": inside.path, "form": within.form, "key": key, "kept": render(kept)}
    return template.fill(slots)


def _rows(editor: RowEditor, value: Any) -> Iterator[tuple[str, Any, bool]]:
    """The key and value of each row, and whether it is a value also when it looks empty."""
    if isinstance(value, Rows):
        for key, row in zip(value.keys, value, strict=True):
            yield (
                key,
                editor.blank if row is None and key not in value.kept else row,
                (key in value.kept),
            )
        return
    if isinstance(value, Mapping):
        value = [{KEY: key, VALUE: item} for key, item in value.items()]
    for number, item in enumerate(value or ()):
        is_model = editor.item.kind in ("group", "rows")
        yield str(number), item, is_model or _is_empty(editor.item, item)


def _has_rows(editor: RowEditor, value: Any) -> bool:
    if value is None or isinstance(value, Rows):
        return True
    return isinstance(
        value, Mapping if editor.item.kind == PAIR else list | tuple | set | frozenset
    )


def _is_empty(item: FormField, value: Any) -> bool:
    if item.kind == PAIR:
        return bool(value[KEY] == "")
    return value is None or value == ""


def _buttons(editor: RowEditor) -> Iterator[Any]:
    moves = [("up", "↑", editor.up), ("down", "↓", editor.down)] if editor.is_ordered else []
    for what, sign, label in [*moves, ("remove", "✕", editor.remove)]:
        yield Button(
            Span(sign, aria_hidden="true"), type="submit", name=ROW_CHANGE, value=f"{what} {ROW}",
            formnovalidate=True, data_row_do=what, aria_label=label, title=label,
            cls="uk-btn uk-btn-ghost uk-btn-sm uk-btn-icon",
        )  # fmt: skip


def _data(name: str, editor: RowEditor) -> dict[str, Any]:
    return {
        "data-rows": name, "data-max-rows": MAX_ROWS, "data-fixed": not editor.is_ordered,
        "data-said-added": editor.added, "data-said-removed": editor.removed,
        "data-said-moved": editor.moved,
    }  # fmt: skip


def _as_json(field: FormField, value: Any, within: Within) -> str:
    text = value if isinstance(value, str) else field.json(value)
    return render(Textarea(
        "\n", text, name=within.path, rows=5, cls="uk-textarea sm-code", spellcheck="false",
        aria_label=field.title,
    ))  # fmt: skip


def _with_slots(html: str, slots: Mapping[str, str]) -> str:
    """The HTML with slots for these characters, except inside the names of slots."""
    parts = _SLOT.split(html)
    for number in range(0, len(parts), 2):
        for mark, slot in slots.items():
            parts[number] = parts[number].replace(mark, slot)
    return "".join(parts)
