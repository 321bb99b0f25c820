"""The cards of a board: one compiled template per resource, audience and mount path."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from functools import partial
from typing import Any

from fastcore.xml import Safe
from pydantic_core import to_json

from starmodel.adapters.ui.choices import choice_key, choices_of
from starmodel.adapters.ui.compiled import Slots, compiled
from starmodel.adapters.ui.elements import A, Button, Details, Div, Form, Input, Li, Span, Summary
from starmodel.adapters.ui.franken.icons import icon
from starmodel.adapters.ui.franken.lists.rows import NO_VALUES, ListView
from starmodel.app.access.offers import offers_in_row
from starmodel.app.access.readiness import POSSIBLE, availability
from starmodel.app.presentation.resource import ANY_ID, ID
from starmodel.app.presentation.ui import Row, Services
from starmodel.app.queries.related_titles import NO_TITLES, RelatedTitles
from starmodel.core.definition.boards import Board
from starmodel.core.entity import Entity
from starmodel.core.events import Event
from starmodel.core.snapshot import hidden_of

HELP_ID = "starmodel-board-help"


@dataclass(frozen=True, slots=True, eq=False)
class CardView(ListView):
    """The card template of one board. Shapes: moves has the event of each member to move to."""

    by: str = ""
    moves: tuple[tuple[str, Event[Any, Any, Any]], ...] = ()

    def rows(
        self, entities: Sequence[Entity], is_narrowed: bool, titles: RelatedTitles = NO_TITLES
    ) -> list[Row]:
        """Render a card per record; nothing for an empty column."""
        return ListView.rows(self, entities, is_narrowed, titles) if entities else []

    def slots(
        self,
        entity: Entity,
        titles: RelatedTitles = NO_TITLES,
        computed: Mapping[str, Any] = NO_VALUES,
    ) -> dict[str, Any]:
        """The slot values of a card: those of a row, and where it may go."""
        slots = ListView.slots(self, entity, titles, computed)
        hidden = hidden_of(entity)
        state = "" if self.by in hidden else choice_key(getattr(entity, self.by))
        rule, refused = self.entity_type.cls.__entity__.transitions.get(self.by), {}
        for value, event in self.moves:
            is_open = value != state and self.by not in hidden and self._offers(event, entity)
            if is_open and event.name == "update" and rule is not None:
                is_open = rule.permits(state, value)
            reason: Any = ""
            if is_open:
                found = self._availability(event, entity)
                is_open, reason = found.is_visible and not found.reason, found.reason
            if reason:
                refused[value] = self.texts.render(reason)
            slots[_closed(value)] = not is_open
        slots["state"], slots["refused"] = state, to_json(refused).decode() if refused else ""
        return slots

    def _offers(self, event: Event[Any, Any, Any], entity: Entity) -> bool:
        resource, actor = self.resource, self.audience.actor
        if not self.audience.per_record:
            return True
        return offers_in_row(resource.policy, self.entity_type, actor, event, entity)

    def _availability(self, event: Event[Any, Any, Any], entity: Entity) -> Any:
        if not event.info.is_conditional:
            return POSSIBLE
        return availability(self.entity_type, event, self.audience.actor, entity)


def card_view(services: Services, view: ListView, board: Board) -> CardView:
    """The cards with the fields of a list's view. Shapes: view has the columns of a card."""
    resource, events = view.resource, {event.name: event for event in view.actions}
    wanted = board.moves or dict.fromkeys(board.members, "update")
    moves = tuple(
        (value, events[wanted[value]])
        for value in board.members
        if wanted.get(value) in events and _is_direct(services, view, wanted[value])
    )
    given = {each.name: getattr(view, each.name) for each in fields(ListView)}
    for own in ("row", "token"):
        del given[own]
    url = services.url_for(resource, "record", ID) if "record" in resource.pages else ""
    labels = _labels(view, board)
    row = compiled(partial(_card, services, view, board, moves, labels, url))
    return CardView(**given, row=row, by=board.by, moves=moves)


def _is_direct(services: Services, view: ListView, name: str) -> bool:
    """Whether a card can be moved by an event: it takes nothing but the record."""
    event = view.entity_type.events[name]
    return name == "update" or bool(services.needs_no_form(view.entity_type, event))


def _closed(value: str) -> str:
    """The slot that is set where a card can't move to a member, which may have any characters."""
    return f"closed {value.encode().hex()}"


def _labels(view: ListView, board: Board) -> dict[str, str]:
    annotation = view.entity_type.cls.__entity__.fields[board.by].info.annotation
    return {choice_key(value): label for value, label in choices_of(annotation)}


def _card(
    services: Services,
    view: ListView,
    board: Board,
    moves: Sequence[tuple[str, Event[Any, Any, Any]]],
    labels: Mapping[str, str],
    url: str,
    s: Slots,
) -> Any:
    key, title, texts = s.token("key"), s.text("title"), view.texts
    heading = Span(title, cls="sm-card-title", dir="auto")
    if url:
        href = url.replace(ANY_ID, key)
        heading = A(title, href=href, cls="sm-card-title", dir="auto", draggable="false")
    shown = [
        Span(
            Span(f"{column.title}: ", cls="sm-hidden"), Safe(s.html(column.slot)),
            cls="sm-number" if column.is_number else None, dir=None if column.is_number else "auto",
        )
        for column in view.columns
    ]  # fmt: skip
    handle = menu = None
    if moves:
        handle = Button(
            icon("drag", view.icons_url), type="button", aria_describedby=HELP_ID,
            aria_label=texts.text("board.move", name=title), cls="sm-handle",
        )  # fmt: skip
        opener = Summary(
            aria_label=texts.text("board.move_to", name=title),
            cls="uk-btn uk-btn-ghost uk-btn-sm uk-btn-icon",
        )
        forms = [_move(services, view, board, value, event, labels, s) for value, event in moves]
        menu = Details(opener, Div(*forms, cls="sm-menu-items"), cls="sm-menu sm-move")
    return Li(
        Div(heading, handle, menu, cls="sm-card-head"), Div(*shown, cls="sm-card-facts"),
        data_key=key, data_state=s.text("state"), data_refused=s.text("refused"),
        cls="sm-kanban-card",
    )  # fmt: skip


def _move(
    services: Services,
    view: ListView,
    board: Board,
    value: str,
    event: Event[Any, Any, Any],
    labels: Mapping[str, str],
    s: Slots,
) -> Any:
    """The form that moves a card to one column; the browser submits it after a drop."""
    resource, frontend, key = view.resource, services.frontend, s.token("key")
    url = resource.event_url(event, ID, root_path=frontend.root_path).replace(ANY_ID, key)
    field = Input(type="hidden", name=board.by, value=value) if event.name == "update" else None
    submit = frontend.form_action(resource, event, ID).replace(ANY_ID, key)
    label = view.texts.text("board.to", column=labels.get(value, value))
    return Form(
        field, Button(label, type="submit", cls="sm-item"), {"data-on:submit": submit},
        data_move=value, hidden=s.flag(_closed(value)), method="post", action=url, name="",
        enctype="application/x-www-form-urlencoded",
    )  # fmt: skip
