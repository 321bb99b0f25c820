"""The inputs of a form in fieldsets, tabs and a side column."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic_core import to_json

from starmodel.adapters.ui.elements import H2, Button, Div, Fieldset, Legend, P, Section
from starmodel.adapters.ui.franken.forms.form_field import FormField
from starmodel.core.fields.form_layout import Fieldset as FieldsetOption
from starmodel.core.fields.form_layout import FormLayout, Tab
from starmodel.core.translations import translated

_WIDTHS = {
    "number": "number", "date": "date", "datetime": "moment", "time": "date", "tel": "short",
    "text": "short", "email": "short", "password": "short", "select": "short", "record": "short",
}  # fmt: skip


def cell(field: FormField, component: Any, condition: Any) -> Any:
    """One input in the grid of a form, as wide as its kind of value needs.

    Shapes: condition is that of a conditional field as JSON data, None without one.
    """
    if field.kind == "hidden":
        return component
    shown_if = None if condition is None else to_json(condition).decode()
    width = _WIDTHS.get(field.kind, "full")
    return Div(component, cls=f"sm-cell sm-cell-{width}", data_shown_if=shown_if)


def arranged(layout: FormLayout, inputs: Mapping[str, Any], form: str) -> Sequence[Any]:
    """The inputs in the parts of the layout; inputs that no part names stand below the parts.

    Shapes: form is the id of the form. A part without inputs is omitted.
    """
    left = dict(inputs)
    main = [_fieldset(part, left) for part in layout.fieldsets]
    panels = [_panel(tab, left, f"{form}-tab-{n}") for n, tab in enumerate(layout.tabs)]
    side = [_fieldset(part, left) for part in layout.sidebar]
    shown = [(tab, panel) for tab, panel in zip(layout.tabs, panels, strict=True) if panel]
    main += [_tabs(shown, form), *left.values()]
    side = [part for part in side if part is not None]
    if not side:
        return main
    return [Div(*main, cls="sm-form-main"), Div(*side, cls="sm-form-side")]


def _fieldset(option: FieldsetOption, left: dict[str, Any]) -> Any:
    """A fieldset with its inputs, which are taken out of those left; None without any."""
    members = [left.pop(name) for name in option.fields if name in left]
    if not members:
        return None
    about = P(translated(option.help), cls="sm-help") if option.help else None
    columns = f" sm-columns-{option.columns}" if option.columns > 1 else ""
    grid = Div(*members, cls=f"sm-cells{columns}")
    return Fieldset(Legend(translated(option.title)), about, grid, cls="sm-fieldset")


def _panel(tab: Tab, left: dict[str, Any], id: str) -> list[Any]:
    parts = [
        left.pop(part, None) if isinstance(part, str) else _fieldset(part, left)
        for part in tab.parts
    ]
    return [part for part in parts if part is not None]


def _tabs(shown: Sequence[tuple[Tab, list[Any]]], form: str) -> Any:
    """The tabs of a form. Without JavaScript all panels are displayed, below their titles."""
    if not shown:
        return None
    buttons, panels = [], []
    for number, (tab, parts) in enumerate(shown):
        tab_id, panel_id, is_first = f"{form}-tab-{number}", f"{form}-panel-{number}", not number
        buttons.append(
            Button(
                translated(tab.title), type="button", role="tab", id=tab_id, aria_controls=panel_id,
                aria_selected="true" if is_first else "false",
                tabindex="0" if is_first else "-1", cls="sm-tab",
            )
        )  # fmt: skip
        panels.append(
            Section(
                H2(translated(tab.title), cls="sm-panel-title"),
                Div(*parts, cls="sm-cells"), id=panel_id, role="tabpanel",
                aria_labelledby=tab_id, data_closed=not is_first, cls="sm-panel",
            )
        )  # fmt: skip
    bar = Div(*buttons, role="tablist", cls="sm-tab-list")
    return Div(bar, *panels, {"data-tabs": True}, cls="sm-tabs")
