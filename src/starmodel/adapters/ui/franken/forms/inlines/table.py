"""The table of rows for one relation, compiled once for each form."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from html import escape
from typing import Any

from fastcore.xml import Safe

from starmodel.adapters.ui.compiled import Slots, Template, compiled
from starmodel.adapters.ui.elements import (
    Button,
    Div,
    Fieldset,
    Input,
    Label,
    Legend,
    P,
    Small,
    Span,
    Table,
    Tbody,
    Td,
    Th,
    Thead,
    Tr,
    render,
)  # fmt: skip
from starmodel.adapters.ui.elements import Template as TemplateElement
from starmodel.adapters.ui.franken.forms.chosen_records import ChosenRecords
from starmodel.adapters.ui.franken.forms.form_field import FormField
from starmodel.adapters.ui.franken.forms.inputs import slot_values
from starmodel.adapters.ui.franken.icons import icon
from starmodel.app.choosing.given import parameter
from starmodel.app.commands.binding.form_names import ROW_CHANGE
from starmodel.app.commands.inlines.rows import (
    MAX_ROWS,
    ROW_BLANK,
    ROW_ID,
    ROW_ORIGINALS,
    ROW_REMOVED,
)
from starmodel.app.presentation.inlines import InlineRow, InlineRows
from starmodel.app.presentation.ui import NO_INPUTS, Services
from starmodel.core.classes.children import Children
from starmodel.core.classes.registry import EntityType
from starmodel.core.fields.field import excluding_private

# In the place of a row's number in compiled rows. Random, so that no value can contain it.
_AT = f"at{secrets.token_hex(8)}"
TEMPLATE_AT = "__row__"
"""In the place of a row's number in the <template> that the browser copies."""


@dataclass(frozen=True, slots=True)
class InlineTable:
    """The rows of one relation in one form.

    Shapes: fields have names such as "lines.0.quantity", with a placeholder for the number.
    """

    services: Services
    children: Children
    entity_type: EntityType
    fields: tuple[FormField, ...]
    row: Template
    chosen: ChosenRecords

    @property
    def nbytes(self) -> int:
        """The approximate memory of the table."""
        return self.row.nbytes + 4000 * (1 + len(self.fields))

    def html(
        self,
        form: str,
        key: str,
        shown: InlineRows,
        errors: Mapping[str, str],
        values: Mapping[str, Any] = NO_INPUTS,
    ) -> str:
        """The rows with their values and validation errors.

        Shapes: form is the element id of the form, key the slot value of its record; values are
        those of the form's own inputs.
        """
        texts, name = self.services.texts, self.children.name
        rows = [self._row(key, row, errors, n, values) for n, row in enumerate(shown.rows, 1)]
        template, add = None, None
        if shown.may_add:
            blank = InlineRow(TEMPLATE_AT, "", {}, is_blank=True)
            template = TemplateElement(
                Safe(self._row(key, blank, {}, None, values)), {"data-row-template": name}
            )
            add = Button(
                icon("plus", self.services.icons_url),
                texts.text("inlines.add", title=self.entity_type.title),
                type="submit", name=ROW_CHANGE, value=f"add {name}", formnovalidate=True,
                cls="uk-btn uk-btn-default uk-btn-sm sm-add-row",
            )  # fmt: skip
        heads = [Th(field.title, scope="col") for field in self._columns]
        tools = Th(Span(texts.text("record.actions"), cls="sm-hidden"), scope="col")
        table = Table(
            Thead(Tr(*heads, tools)), Tbody(Safe("".join(rows))), cls="sm-inline-table",
            aria_label=self.children.title,
        )  # fmt: skip
        problem = Small(errors.get(name, ""), id=f"{form}-{name}-problem", cls="sm-problem")
        cut = P(texts.text("inlines.more", most=MAX_ROWS), cls="sm-help") if shown.is_cut else None
        return render(
            Fieldset(
                Legend(self.children.title), Div(table, cls="sm-wide"), template, cut,
                Div(add) if add else None, problem, {"data-inline": name, "data-most": MAX_ROWS},
                cls="sm-fieldset sm-inline",
            )
        )  # fmt: skip

    def problem_patches(
        self, form: str, shown: InlineRows, errors: Mapping[str, str], was: Mapping[str, str]
    ) -> list[str]:
        """The elements that show each validation error of the rows and clear all others."""
        name, patches = self.children.name, list[str]()
        names = [name]
        for row in shown.rows:
            names.append(f"{name}.{row.at}")
            names += [
                f.name.replace(_AT, row.at) for field in self.fields for f in (field, *field.parts)
            ]
            if f"{name}.{row.at}" in was:
                text = was[f"{name}.{row.at}"]
                patches.append(render(_originals(form, f"{name}.{row.at}", text)))
        return patches + [
            f'<small id="{form}-{each}-problem" class="sm-problem">'
            f"{escape(errors.get(each, ''))}</small>"
            for each in names
        ]

    @property
    def _columns(self) -> list[FormField]:
        position = f"{self.children.name}.{_AT}.{self.children.position}"
        return [field for field in self.fields if field.name != position and field.kind != "hidden"]

    def _row(
        self,
        key: str,
        row: InlineRow,
        errors: Mapping[str, str],
        number: int | None,
        values: Mapping[str, Any],
    ) -> str:
        title = self.entity_type.title
        label = title if number is None else f"{title} {number}"
        slots: dict[str, Any] = {
            "id": key, "row": label, "removed": row.is_removed,
            "problem": errors.get(f"{self.children.name}.{row.at}", ""),
            f"value:{ROW_ORIGINALS}": row.originals,
            "marks": self._marks(row), "tools": self._tools(row, label),
        }  # fmt: skip
        prefix = f"{self.children.name}.{_AT}."
        sent = {f"{prefix}{name}": value for name, value in row.values.items()}
        chosen = self.chosen.beside({**values, **sent})
        token = excluding_private.set(True)
        try:
            for field in self.fields:
                own = _own(field)
                slots[f"locked:{own}"] = row.is_locked or own in row.closed
                is_unseen = own in row.closed and own not in row.values
                value = row.values.get(own, None if is_unseen else self._default(own))
                error = errors.get(field.name.replace(_AT, row.at), "")
                slots |= slot_values(field, value, error, records=chosen)
        finally:
            excluding_private.reset(token)
        return self.row.fill(slots).replace(_AT, row.at)

    def _default(self, name: str) -> Any:
        info = self.entity_type.cls.__pydantic_fields__[name]
        return None if info.is_required() else info.get_default(call_default_factory=True)

    def _marks(self, row: InlineRow) -> str:
        name = f"{self.children.name}.{row.at}"
        inputs = []
        if row.id:
            inputs.append(Input(type="hidden", name=f"{name}.{ROW_ID}", value=row.id))
        if row.is_blank:
            inputs.append(Input(type="hidden", name=f"{name}.{ROW_BLANK}", value="1"))
        return "".join(map(render, inputs))

    def _tools(self, row: InlineRow, label: str) -> str:
        if row.id and not row.may_remove:
            return ""
        texts = self.services.texts
        box = Input(
            type="checkbox", name=f"{self.children.name}.{row.at}.{ROW_REMOVED}", value="true",
            checked=row.is_removed, cls="uk-checkbox",
            aria_label=texts.text("inlines.remove_row", row=label),
        )  # fmt: skip
        return render(Label(box, Span(texts.text("inlines.remove")), cls="sm-remove"))


def inline_table(
    services: Services,
    form: str,
    shown: InlineRows,
    fields: Sequence[FormField],
    render_field: Any,
    records_url: Any,
    chosen: ChosenRecords,
) -> InlineTable:
    """Compile the row of a relation.

    Shapes: form is the element id of the form, with a slot for the key of its record; fields are
    those of a child's own form; records_url(field) is the URL of a record input's choices;
    chosen reads the records that they show.
    """
    prefix = f"{shown.children.name}.{_AT}."
    named = tuple(
        replace(_within(field, prefix), needs=_needs(services, field, prefix, shown.children.key))
        for field in fields
    )
    position = f"{prefix}{shown.children.position}" if shown.children.position else ""
    row = compiled(
        lambda s: _component(services, form, prefix[:-1], named, position, render_field,
                             records_url, s)
    )  # fmt: skip
    return InlineTable(services, shown.children, shown.resource.entity_type, named, row, chosen)


def _own(field: FormField) -> str:
    """The name of the child's field, without its row."""
    return field.name.rpartition(".")[2]


def _within(field: FormField, prefix: str) -> FormField:
    parts = tuple(_within(part, prefix) for part in field.parts)
    # A row that is left blank is no row, so that no input of it is required in the browser.
    return replace(field, name=f"{prefix}{field.name}", required=False, parts=parts)


def _needs(
    services: Services, field: FormField, prefix: str, parent_key: str
) -> tuple[tuple[str, str], ...]:
    """What the choices of a row's input depend on: inputs of the row, or of its parent."""
    rule = services.choices.rules.by_name.get(field.rule)
    if rule is None:
        return ()
    needs: dict[str, str] = {}
    for each in rule.reads:
        if each.path[0] == parent_key and len(each.path) > 1:
            needs[parameter(each.path)] = each.path[1]
        else:
            needs[parameter(each.path[:1])] = f"{prefix}{each.path[0]}"
    return tuple(needs.items())


def _component(
    services: Services,
    form: str,
    name: str,
    fields: Sequence[FormField],
    position: str,
    render_field: Any,
    records_url: Any,
    s: Slots,
) -> Any:
    texts, cells, order = services.texts, [], None
    for field in fields:
        rendered = render_field(field, form, s, records_url(field))
        if field.name == position:
            up, down = (
                Button(
                    icon(picture, services.icons_url), type="button",
                    aria_label=texts.text(key), data_move=step,
                    cls="uk-btn uk-btn-ghost uk-btn-sm uk-btn-icon",
                )
                for picture, step, key in (
                    ("up", "-1", "inlines.up"), ("down", "1", "inlines.down"),
                )
            )  # fmt: skip
            order = (
                Div(rendered, cls="sm-position"),
                Span(up, down, Span(icon("drag", services.icons_url), draggable="true",
                                    data_drag=True, aria_hidden="true", cls="sm-drag"),
                     cls="sm-moves"),
            )  # fmt: skip
        else:
            locked = s.flag(f"locked:{_own(field)}")
            cells.append(Td(Fieldset(rendered, disabled=locked), data_label=field.title))
    tools = Td(
        Safe(s.html("marks")), _originals(form, name, s.text(f"value:{ROW_ORIGINALS}")), order,
        Safe(s.html("tools")), Small(s.text("problem"), id=f"{form}-{name}-problem",
                                     cls="sm-problem"),
        cls="sm-inline-tools",
    )  # fmt: skip
    return Tr(*cells, tools, aria_label=s.text("row"), data_inline_row=True)


def _originals(form: str, name: str, text: str) -> Any:
    """The hidden input with the field digests of a row."""
    return Input(
        type="hidden", name=f"{name}.{ROW_ORIGINALS}", value=text, id=f"{form}-{name}-originals"
    )
