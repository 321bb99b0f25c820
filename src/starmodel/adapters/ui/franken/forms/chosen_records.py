"""The records that pickers show, read while a page is rendered."""

from __future__ import annotations

import copy
from collections.abc import Awaitable, Callable, Generator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from starmodel.adapters.ui.franken.forms.form_field import FormField
from starmodel.adapters.ui.franken.forms.record_picker import (
    Picked,
    as_choices,
    picker_slots,
    picker_texts,
    searched,
)
from starmodel.adapters.ui.franken.forms.records_picker import PickedSeveral, records_slots
from starmodel.adapters.ui.second_lines import second_line
from starmodel.adapters.ui.titles import title_field
from starmodel.app.access.conditions.condition import ALWAYS, Condition
from starmodel.app.access.offers import answer_to, await_later, awaited
from starmodel.app.access.policy import Actor
from starmodel.app.commands.binding.sent_records import SentRecords, text_of
from starmodel.app.context import current_context
from starmodel.app.presentation.choices import Choice, Offered
from starmodel.app.presentation.resource import MountedResource
from starmodel.app.presentation.ui import Services
from starmodel.core.commands import plain
from starmodel.core.entity import Entity
from starmodel.core.errors import AccessDeniedError, AccessScanLimitError, NotSignedInError

_REFUSALS = (NotSignedInError, AccessDeniedError, AccessScanLimitError)
_UNKNOWN = object()
PICKERS = ("record", "records")
"""The kinds of inputs that choose from records."""


class ChosenRecords:
    """Reads the chosen record of a picker, and the matches of a search without JavaScript.

    One query for the chosen records of a class, awaited after a rendering that lacks them (see
    `app.access.offers.rendered`); none for empty pickers. Outside of `rendered` the id is shown.
    """

    def __init__(self, services: Services) -> None:
        self._services = services
        self._values: Mapping[str, Any] = {}

    def resource(self, field: FormField) -> MountedResource | None:
        """The resource in the current area that a picker chooses from; None for no picker."""
        return None if field.record is None else self._services.areas.current_resource(field.record)

    def with_texts(self, field: FormField) -> FormField:
        """The field, with the texts of its picker."""
        resource = self.resource(field)
        if field.kind not in PICKERS or resource is None:
            return field
        texts = picker_texts(self._services.texts, resource.entity_type)
        return replace(field, choosing=tuple(texts.items()))

    def unread(self, field: FormField) -> FormField:
        """The field of a class that the visitor may not read, which offers nothing to choose."""
        resource, texts = self.resource(field), self._services.texts
        things = "" if resource is None else resource.entity_type.plural_title
        said = {"unread": texts.text("choice.unread", things=things)}
        said["hidden"] = texts.text("choice.hidden")
        return replace(field, kind="unread", choosing=tuple(said.items()))

    def slots(self, field: FormField, value: Any, name: str, *, is_refused: bool) -> dict[str, str]:
        """The slot values of a picker. Shapes: name is the input's name in the form."""
        resource = self.resource(field)
        things = "" if resource is None else resource.entity_type.plural_title
        if field.kind == "records":
            several = self.picked_several(field, value)
            return records_slots(field, several, name, self._services.texts, things)
        picked = self.picked(field, value, is_refused=is_refused)
        return picker_slots(field, picked, name, self._services.texts, things)

    def picked(self, field: FormField, value: Any, *, is_refused: bool) -> Picked:
        """What a picker shows for a value.

        A record that the visitor may not read is shown without its title; an id that was refused
        is not shown.
        """
        resource = self.resource(field)
        if value in (None, "") or resource is None:
            return Picked()
        words = searched(value)
        if words is not None:
            return Picked(words, offered=self._matches(resource, words, field))
        id = str(plain(value))
        choice = self._named(resource, id, value)
        if isinstance(choice, Choice):
            return Picked(choice.title, id, choice.url)
        if choice is _UNKNOWN:
            return Picked(id, id)
        if is_refused:
            return Picked()
        return Picked(self._services.texts.text("choice.hidden"), id)

    def picked_several(self, field: FormField, value: Any) -> PickedSeveral:
        """What the input of several records shows; records that the visitor may not read are not.

        Shapes: value has ids, or is `SentRecords` with those that the form was rendered with.
        """
        resource, choices, hidden = self.resource(field), list[Choice](), set[str]()
        if resource is None or not isinstance(value, list | tuple | set | frozenset):
            return PickedSeveral()
        for each in value:
            id = str(plain(each))
            choice = self._named(resource, id, each)
            if isinstance(choice, Choice):
                choices.append(choice)
            elif choice is None:
                hidden.add(id)
        if not isinstance(value, SentRecords):
            return PickedSeveral(choices)
        if tuple(map(text_of, value)) == value.before:  # stored links have no order
            choices.sort(key=lambda choice: (choice.title.casefold(), choice.id))
        before = [id for id in value.before if id not in hidden]
        words = value.words
        offered = self._matches(resource, words, field) if words else None
        return PickedSeveral(choices, before, words, offered)

    def beside(self, values: Mapping[str, Any]) -> ChosenRecords:
        """This reader, for inputs beside these values of their form, by the names of inputs."""
        made = copy.copy(self)
        made._values = values
        return made

    def _matches(self, resource: MountedResource, words: str, field: FormField) -> Offered:
        given = {
            name: _sent(self._values[beside])
            for name, beside in field.needs
            if beside in self._values
        }
        load = partial(self._offered, resource, words, field.rule, given)
        key = ("choice.matches", resource.name, words, field.rule, *map(str, given.items()))
        offered = _loaded(key, load)
        return offered if isinstance(offered, Offered) else Offered(())

    async def choices(
        self,
        resource: MountedResource,
        words: str,
        actor: Actor | None,
        where: Condition = ALWAYS,
    ) -> Offered:
        """The choices that match the words. Raises: as `RecordChoices.matching`."""
        found = await self._services.choices.matching(
            resource.entity_type, words, actor, resource.policy,
            title=title_field(resource.entity_type), where=where,
        )  # fmt: skip
        return Offered(choices_of(self._services, resource, found.entities), found.more)

    async def chosen(
        self,
        resource: MountedResource,
        ids: Sequence[Any],
        actor: Actor | None,
        where: Condition = ALWAYS,
    ) -> list[Choice]:
        """The readable ones of these records. Raises: as `RecordChoices.named`."""
        found = await self._services.choices.named(
            resource.entity_type, ids, actor, resource.policy, where
        )
        return choices_of(self._services, resource, found)

    async def _offered(
        self, resource: MountedResource, words: str, rule: str, given: Mapping[str, str]
    ) -> Offered:
        choices, actor = self._services.choices, _actor()
        found = choices.rules.by_name.get(rule)
        try:
            where: Condition = ALWAYS
            if found is not None:
                where = (await choices.narrowed(found, given, actor, resource.policy)).condition
            return await self.choices(resource, words, actor, where)
        except _REFUSALS:
            return Offered(())

    def _named(self, resource: MountedResource, id: str, value: Any) -> Any:
        """The choice of one id, None for no readable record; `_UNKNOWN` before it is read."""
        key = "choice.named", resource
        known: Mapping[str, Choice | None] = answer_to(key, {})
        if id in known:
            return known[id]
        batch = awaited(key)
        if not isinstance(batch, _Named):
            batch = _Named(partial(self._choices_by_id, resource), known)
            if not await_later(key, batch):
                return _UNKNOWN
        batch.values[id] = value
        return _UNKNOWN

    async def _choices_by_id(
        self, resource: MountedResource, values: Mapping[str, Any]
    ) -> dict[str, Choice | None]:
        try:
            found = await self.chosen(resource, list(values.values()), _actor())
        except _REFUSALS:
            found = []
        return dict.fromkeys(values) | {choice.id: choice for choice in found}


class _Named:
    """The choices of several ids, read at once when they are awaited.

    Shapes: values has the ids by their texts; known are the choices of earlier renderings.
    """

    def __init__(
        self,
        read: Callable[[Mapping[str, Any]], Awaitable[dict[str, Choice | None]]],
        known: Mapping[str, Choice | None],
    ) -> None:
        self.values: dict[str, Any] = {}
        self._read, self._known = read, known

    def __await__(self) -> Generator[Any, None, dict[str, Choice | None]]:
        return self._all().__await__()

    async def _all(self) -> dict[str, Choice | None]:
        return {**self._known, **await self._read(self.values)}


def choices_of(
    services: Services, resource: MountedResource, entities: Sequence[Entity]
) -> list[Choice]:
    """The records as choices, with what tells records with one title apart."""
    has_page = "record" in resource.pages
    choices = [
        Choice(
            str(plain(entity.id)), resource.ui.record_title(resource, entity),
            second_line(entity),
            services.url_for(resource, "record", entity.id) if has_page else "",
        )
        for entity in entities
    ]  # fmt: skip
    return as_choices(choices)


def _loaded(key: tuple[str, ...], load: Callable[[], Any]) -> Any:
    """What `load` returns, once a rendering has awaited it; `_UNKNOWN` before."""
    answer = answer_to(key, _UNKNOWN)
    if answer is _UNKNOWN:
        pending = load()
        if not await_later(key, pending):
            pending.close()
    return answer


def _sent(value: Any) -> str:
    return "" if value is None or isinstance(value, list | dict) else str(plain(value))


def _actor() -> Actor | None:
    context = current_context.get()
    return None if context is None or context.session is None else context.session.actor
