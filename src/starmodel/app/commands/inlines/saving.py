"""Runs the commands of rows in the unit of work of their parent's command."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from starmodel.app.access import decisions
from starmodel.app.access.conditions.uncommitted import uncommitted
from starmodel.app.access.fields import readable_fields
from starmodel.app.access.policy import TRUSTED
from starmodel.app.commands.binding.binder import Binder
from starmodel.app.commands.binding.edited_fields import check_untouched
from starmodel.app.commands.command import Command, RowCommand
from starmodel.app.commands.loading import Loader
from starmodel.app.commands.outcomes import Outcomes
from starmodel.app.commit.tracked import Tracked
from starmodel.app.ports.repository import RecordKey
from starmodel.app.uow import UnitOfWork
from starmodel.core.changes.drafts import close_draft, reset_draft, returned_state
from starmodel.core.changes.transitions import check_transitions
from starmodel.core.entity import Entity
from starmodel.core.errors import (
    BindingError,
    ConstraintError,
    EditConflictError,
    GoneError,
    InvalidStateError,
    NotFoundError,
)
from starmodel.core.events.built_in import BUILT_IN
from starmodel.core.values.json_data import json_text
from starmodel.core.values.validation_messages import PRIVATE_PROBLEM
from starmodel.texts.catalogue import Message

_REFUSALS = (BindingError, InvalidStateError, ConstraintError, EditConflictError)


class InlineRows:
    """Creates, updates and deletes the children that the rows of a parent's form name.

    Each row obeys the access rules and validators of its own class, as if its event were sent
    alone. Nothing is stored before the commit of the parent.
    """

    def __init__(
        self,
        loader: Loader,
        binders: Mapping[tuple[type[Entity], str], Binder],
        outcomes: Outcomes,
    ) -> None:
        self._loader, self._binders, self._outcomes = loader, binders, outcomes

    async def run(self, unit: UnitOfWork, parent: Tracked, command: Command) -> None:
        """Run every row.

        Raises: InvalidStateError or EditConflictError, with the problems of all rows by the
        names of their inputs; AccessDeniedError.
        """
        await unit.identify()
        problems, was = await self._run(unit, parent, command)
        if was:
            raise EditConflictError(parent.entity_type.name, parent.id, problems, was)
        if problems:
            listed = "; ".join(f"{name}: {text}" for name, text in problems.items())
            raise InvalidStateError(f"{parent.entity_type.name}: {listed}", problems)

    async def problems(self, unit: UnitOfWork, parent: Tracked, command: Command) -> dict[str, str]:
        """What `run` would refuse, by the names of the inputs.

        Only events as built in are tried out: what any other event does is done by `run` alone.
        """
        return (await self._run(unit, parent, command, is_check=True))[0]

    async def _run(
        self, unit: UnitOfWork, parent: Tracked, command: Command, *, is_check: bool = False
    ) -> tuple[dict[str, str], dict[str, str]]:
        problems: dict[str, str] = {}
        was: dict[str, str] = {}
        taken: set[RecordKey] = {(parent.entity_type.cls, parent.id)}
        await self._preload(unit, command)
        with uncommitted(parent.draft) if parent.new else _nothing():
            for row in command.rows:
                if row.command is None or (is_check and not _is_built_in(row.command)):
                    continue
                try:
                    child = await self._child(unit, parent, row, row.command, taken)
                    if is_check and not (child.new or await self._may_read(row.command, child)):
                        continue  # the stored values could be inferred from the answers
                    row.draft = await self._run_row(
                        unit, parent, row.children.key, child, row.command
                    )
                except (NotFoundError, GoneError):
                    problems[row.name] = Message("inlines.gone")
                except _REFUSALS as error:
                    fields = _readable(row.command, error)
                    if parent.draft.id is None:
                        fields = {n: t for n, t in fields.items() if n != row.children.key}
                    problems |= {
                        f"{row.name}.{name}" if name else row.name: text
                        for name, text in fields.items()
                    }
                    if isinstance(error, EditConflictError):
                        was[row.name] = json_text(error.was)
        return problems, was

    async def _preload(self, unit: UnitOfWork, command: Command) -> None:
        """Read the stored children of all rows, and what they refer to, by one query for each."""
        ids: dict[type[Entity], list[Any]] = {}
        for row in command.rows:
            if row.command is not None and row.id is not None:
                cls = row.children.of
                try:
                    ids.setdefault(cls, []).append(self._loader.id_of(cls, row.id))
                except NotFoundError:
                    continue
        for cls, listed in ids.items():
            await unit.preload(cls, listed)
        changing = [row.command for row in command.rows if row.command is not None]
        await self._loader.read_references(changing)

    async def _child(
        self,
        unit: UnitOfWork,
        parent: Tracked,
        row: RowCommand,
        command: Command,
        taken: set[RecordKey],
    ) -> Tracked:
        """The child that a row names, or a new one, enlisted.

        Shapes: taken are the records that this command changes already.
        Raises: NotFoundError, for no child of the parent; BindingError, for one that another row
        names as well.
        """
        if row.id is not None:
            key = row.children.of, self._loader.id_of(row.children.of, row.id)
            if key in taken:
                text = Message("inlines.twice")
                raise BindingError(f"{row.name} names a record that changes already.", {"": text})
            taken.add(key)
        child = await self._loader.target(unit, command)
        if not child.new and getattr(child.base, row.children.key) != parent.draft.id:
            raise NotFoundError(child.entity_type.name, row.id)
        return child

    async def _may_read(self, command: Command, child: Tracked) -> bool:
        return await self._outcomes.viewer(command).may_read(child.base)

    async def _run_row(
        self, unit: UnitOfWork, parent: Tracked, key: str, child: Tracked, command: Command
    ) -> Entity | None:
        """The draft of the child; None for one that is deleted."""
        parent_id = parent.draft.id
        if child.new and parent_id is not None:
            setattr(child.draft, key, parent_id)
        arguments = command.arguments
        if self._binders[child.entity_type.cls, command.event.name].needs_more:
            arguments = await self._loader.arguments(unit, command, child)
        if command.was and await (viewer := self._outcomes.viewer(command)).may_read(child.base):
            check_untouched(await viewer.seen(child.base), arguments, command.was)
        value = command.event.fn(child.draft, **arguments)
        if value is not None and (state := returned_state(child.draft, value)) is not None:
            reset_draft(child.draft, state)
        await self._loader.check_new_fields(command, child)
        if command.event.name != "delete":
            await unit.check_choices(child, parent)
        if command.event.name == "delete":
            child.deleted = True
            return None
        if child.new and command.actor is not TRUSTED:
            await decisions.check(
                command.policy, child.entity_type, "write", command.actor,
                event=command.event, entity=child.draft,
            )  # fmt: skip
        try:
            made = close_draft(child.draft)
            if not child.new:
                check_transitions(child.base, made)
        except InvalidStateError as error:
            if parent_id is not None or error.fields.keys() != {key}:
                raise  # else a check of a parent without an id
        return child.draft


def _is_built_in(command: Command) -> bool:
    return BUILT_IN.get(command.event.name) is command.event


def _readable(command: Command, error: Any) -> dict[str, str]:
    """The problems of a row, without the fields of the child that the caller may not read."""
    fields: dict[str, str] = error.fields
    info = command.entity_type.cls.__entity__
    if not info.guarded or command.reader is TRUSTED:
        return fields
    readable = readable_fields(command.policy, command.entity_type, command.reader)
    hidden = readable.uncertain & fields.keys()
    if not hidden:
        return fields
    shown = {name: text for name, text in fields.items() if name not in hidden}
    return {**shown, "": PRIVATE_PROBLEM}


@contextmanager
def _nothing() -> Iterator[None]:
    yield
