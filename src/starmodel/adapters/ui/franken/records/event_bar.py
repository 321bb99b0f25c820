"""The events of a record: the main one first, forms in dialogs, those that ask at the end."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from fastcore.xml import Safe

from starmodel.adapters.ui.elements import (
    H2,
    Button,
    Details,
    Dialog,
    Div,
    P,
    Section,
    Span,
    Summary,
)
from starmodel.adapters.ui.franken.event_buttons import (
    NO_STATES,
    States,
    button_attributes,
    button_label,
    state_of,
)
from starmodel.adapters.ui.franken.forms.event_form import EventForm, form_id
from starmodel.adapters.ui.franken.icons import icon
from starmodel.adapters.ui.titles import first_line
from starmodel.app.presentation.ui import Services
from starmodel.app.queries.record_keys import key_of
from starmodel.core.events.main_event import main_event

MAX_BUTTONS = 4


def event_bar(
    services: Services, forms: Sequence[EventForm], id: Any, states: States = NO_STATES
) -> Any:
    """The buttons of a record's events, and the dialogs of those with parameters.

    Without JavaScript the dialogs stand in the page, as cards.

    Shapes: states are those of conditional events, by name.
    """
    ordered = sorted(forms, key=_place)
    shown, rest = ordered, list[EventForm]()
    if len(ordered) > MAX_BUTTONS + 1:
        shown, rest = ordered[:MAX_BUTTONS], ordered[MAX_BUTTONS:]
    buttons = _grouped(services, shown, id, states)
    if rest:
        label = Span(services.texts.text("record.more"))
        opener = Summary(label, icon("down", services.icons_url), cls="uk-btn uk-btn-default")
        items = Div(*[_button(services, form, id, states) for form in rest], cls="sm-menu-items")
        buttons.append(Details(opener, items, cls="sm-menu sm-more"))
    dialogs = [_dialog(services, form, id) for form in ordered if form.fields]
    return Section(
        H2(services.texts.text("record.actions"), cls="sm-hidden"),
        Div(*buttons, cls="sm-buttons"), *dialogs, cls="sm-events",
    )  # fmt: skip


def _place(form: EventForm) -> tuple[bool, bool]:
    """The sort key: the main event first, those that ask last, the others as declared."""
    is_main = main_event(form.entity_type.events) is form.event
    return not is_main, bool(form.event.info.confirm)


def _grouped(services: Services, forms: Sequence[EventForm], id: Any, states: States) -> list[Any]:
    """The buttons, those of one group side by side in an element with its name."""
    made: list[Any] = []
    groups: dict[str, list[Any]] = {}
    for form in forms:
        button, group = _button(services, form, id, states), form.event.info.group
        if not group and form.event.info.confirm and form is not forms[0]:
            button = Div(button, cls="sm-event-group")
        if not group:
            made.append(button)
            continue
        if group not in groups:
            groups[group] = []
            made.append((group, groups[group]))
        groups[group].append(button)
    return [
        Div(*each[1], role="group", aria_label=each[0], cls="sm-buttons sm-event-group")
        if isinstance(each, tuple)
        else each
        for each in made
    ]


def _button(services: Services, form: EventForm, id: Any, states: States) -> Any:
    state = state_of(states, form.event)
    if not form.fields:
        return Safe(form.fill(id, state=state))
    look = (
        "uk-btn-primary" if main_event(form.entity_type.events) is form.event else "uk-btn-default"
    )
    picture, title = button_label(services.texts, form.event, services.icons_url)
    return Button(
        picture, f"{title}\u2026", button_attributes(form.event, state, services.texts),
        {} if state.is_visible else {"hidden": True}, type="button",
        data_dialog=_dialog_id(form, id), aria_haspopup="dialog", cls=f"uk-btn {look} sm-opener",
    )  # fmt: skip


def _dialog(services: Services, form: EventForm, id: Any) -> Any:
    texts, dialog_id = services.texts, _dialog_id(form, id)
    about = first_line(form.event.fn)
    close = Button(
        icon("close", services.icons_url), Span(texts.text("delete.close"), cls="sm-hidden"),
        type="button", data_close=True, cls="uk-btn uk-btn-ghost uk-btn-icon uk-btn-sm sm-opener",
    )  # fmt: skip
    head = Div(
        H2(texts.render(form.event.title), id=f"{dialog_id}-title"), close, cls="sm-dialog-head"
    )
    return Dialog(
        Div(head, P(about, cls="sm-muted") if about else None, Safe(form.fill(id)),
            cls="sm-dialog-body"),
        id=dialog_id, data_event_dialog=True, aria_labelledby=f"{dialog_id}-title",
        cls="uk-card sm-dialog",
    )  # fmt: skip


def _dialog_id(form: EventForm, id: Any) -> str:
    key = "" if id is None else key_of(id)
    return f"{form_id(form.entity_type, form.event, key)}-dialog"
