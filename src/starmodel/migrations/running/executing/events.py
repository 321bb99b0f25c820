"""Events that a migration dispatches on the records of the new classes."""

from __future__ import annotations

import contextlib
import hashlib
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping, Sequence
from contextvars import ContextVar
from typing import Any

from starmodel.app.access.policy import AccessPolicy, Actor, Audience
from starmodel.app.application import Application
from starmodel.app.commands.command import Outcome
from starmodel.core.classes.registry import EntityType
from starmodel.core.commands import Action
from starmodel.core.entity import Entity
from starmodel.core.values.tagged_json import from_text, to_text
from starmodel.migrations.errors import MigrationError
from starmodel.migrations.migration import MigrationFile
from starmodel.migrations.running.database.connection import Link
from starmodel.migrations.running.ledger.ledger import ActionKey, Ledger
from starmodel.migrations.running.planning.actions import EventsAction, PlannedStep
from starmodel.migrations.steps.data import RunEvents

CHECKPOINT_RECORDS = 50
KEY_BYTES = 20

dispatches_events: ContextVar[bool] = ContextVar("dispatches_events", default=False)
"""Set while a migration opens the application, which otherwise refuses an unfinished one."""


class Events:
    """Reads records and dispatches their events, for a function of `RunEvents`.

    Each event is a command of the actor `migration:ID`, as if a visitor had clicked: it is
    validated, reaches handlers and open pages, and has a command record. Access rules don't apply.

    After an interruption the function runs again. A loop over `each` goes on where it was, and an
    event that has run is answered with its first outcome; both need the function to dispatch the
    same events in the same loops.
    """

    def __init__(
        self,
        application: Application,
        key: ActionKey,
        progress: Mapping[str, Any],
        save: Callable[[Mapping[str, Any]], Awaitable[None]],
    ) -> None:
        self._application, self._key, self._save = application, key, save
        self._progress = dict(progress)
        self._loops: Counter[str] = Counter()
        self._open: dict[str, Any] = {}
        self._dispatched: Counter[str] = Counter()
        self._actor = Actor(f"migration:{key.migration}", f"Migration {key.migration}")

    def entity(self, name: str) -> Any:
        """Return the class of this name. Raises: MigrationError."""
        for entity_type in self._application.registry:
            if entity_type.name == name:
                return entity_type.cls
        known = ", ".join(each.name for each in self._application.registry)
        raise MigrationError(f"The application has no class {name!r}; it has {known}.")

    async def each(self, entity: type[Entity] | str, **filters: Any) -> AsyncIterator[Any]:
        """Yield the records in the order of their ids, streamed, that match such as `price__lt=5`.

        Raises: MigrationError, for an unknown class; RequestError, for an unknown filter.
        """
        cls = self.entity(entity) if isinstance(entity, str) else entity
        self._loops[cls.__name__] += 1
        name = f"{cls.__name__}:{self._loops[cls.__name__]}"
        state = self._progress.get(name, {})
        if state.get("ended"):
            return
        if "after" in state:
            filters["id__gt"] = state["after"]
        is_outermost, unsaved = not self._open, 0
        try:
            async for record in self._application.objects(cls).stream(order="id", **filters):
                if is_outermost:
                    self._dispatched.clear()
                self._open[name] = record.id
                yield record
                if is_outermost:
                    self._progress[name] = {"after": record.id}
                    unsaved += 1
                    if unsaved >= CHECKPOINT_RECORDS:
                        await self._save(self._progress)
                        unsaved = 0
        finally:
            self._open.pop(name, None)
        if is_outermost:
            self._progress[name] = {"ended": True}
            await self._save(self._progress)

    async def dispatch(self, action: Action) -> Outcome:
        """Dispatch an action, such as `product.do.reprice(2)`, once. Raises: what the event raises.

        An action that has run before an interruption is answered with its first outcome.
        """
        place = to_text([self._open, action.entity.__name__, action.id, action.event])
        number = self._dispatched[place]
        self._dispatched[place] += 1
        text = to_text([self._key.migration, self._key.step, place, number])
        digest = hashlib.blake2b(text.encode(), digest_size=KEY_BYTES).hexdigest()
        return await self._application.dispatch(
            action, actor=self._actor, key=f"migration-{digest}", policy=_PERMITTED
        )


class _Permitted:
    """The access policy of a migration, which is code of the application itself."""

    def check(self, entity_type: EntityType, need: Any, actor: Any, **_: Any) -> None:
        return

    def reads_fields(self, entity_type: EntityType) -> bool:
        return False

    def audience(self, entity_type: EntityType, actor: Any) -> Audience:
        return Audience(frozenset(entity_type.events), actor)


_PERMITTED: AccessPolicy = _Permitted()


def check_events(
    files: Sequence[MigrationFile], left: Collection[str], application: Application | None
) -> None:
    """Refuse migrations whose events can't be dispatched, before anything runs.

    Shapes: left are the ids of migrations that stay pending.
    Raises: MigrationError.
    """
    found = [f.id for f in files if any(isinstance(step, RunEvents) for step in f.steps)]
    if not found:
        return
    if left:
        raise MigrationError(
            f"{found[0]} dispatches events of the classes, whose tables are there after "
            f"{max(left)} only. Run all pending migrations at once: starmodel db upgrade"
        )
    if application is None:
        raise MigrationError(
            f"{found[0]} dispatches events, for which the application has to run. Before it "
            "starts, run: starmodel db upgrade"
        )


@contextlib.asynccontextmanager
async def open_application(application: Application | None) -> AsyncIterator[Application | None]:
    """Open the stores of the application, although its migration is not finished yet."""
    if application is None:  # statements are only recorded
        yield None
        return
    token = dispatches_events.set(True)
    try:
        await application.ready()
        try:
            yield application
        finally:
            await application.close()
    finally:
        dispatches_events.reset(token)


async def run_events(
    link: Link, ledger: Ledger, application: Application | None, migration: str, step: PlannedStep
) -> None:
    """Run the function of a step, unless it is done, and record how far it is.

    Raises: what the function raises.
    """
    if application is None:
        await link.run(lambda session: session.execute(f"-- {step.about}"))
        return
    key = ActionKey(migration, step.number, 0)
    begun = (await link.run(lambda s: ledger.actions(s, migration))).get((step.number, 0))
    if begun is not None and begun.is_done:
        return

    async def save(progress: Mapping[str, Any]) -> None:
        text = to_text(dict(progress))
        await link.run(lambda session: ledger.save_checkpoint(session, key, text))

    if begun is None:
        await link.run(lambda session: ledger.start(session, key))
    progress = {} if begun is None or begun.checkpoint is None else from_text(begun.checkpoint)
    for action in step.actions:
        if isinstance(action, EventsAction):
            await action.do(Events(application, key, progress, save))
    await link.run(lambda session: ledger.finish(session, key))
