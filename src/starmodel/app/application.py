"""The application: its entity types and the services that run their events."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncGenerator, Callable, Iterable, Sequence
from contextlib import aclosing
from functools import partial
from typing import Any

from starmodel.app.access.conditions.condition import Condition
from starmodel.app.access.decisions import audience_of, check, check_record
from starmodel.app.access.fields import seen_by, seen_now
from starmodel.app.access.policy import TRUSTED, AccessPolicy, Actor
from starmodel.app.access.rules import check_rules
from starmodel.app.choosing.checks import ChoiceChecks
from starmodel.app.choosing.rules import ChoiceRules
from starmodel.app.commands.command import Command, Outcome
from starmodel.app.commands.dispatching import resolve
from starmodel.app.commands.elements import Element
from starmodel.app.commands.inputs import Inputs
from starmodel.app.commit.row_locks import RowLocks
from starmodel.app.context import current_context, derived_context
from starmodel.app.credentials.credentials import Credentials
from starmodel.app.dispatcher import Dispatcher
from starmodel.app.live.hub import Hub
from starmodel.app.live.live_lists import LiveLists
from starmodel.app.live.live_queries import LiveRecords, Where
from starmodel.app.live.message_access import MessageAccess
from starmodel.app.live.reactions import Reaction, Reactions
from starmodel.app.live.related_access import RelatedAccess
from starmodel.app.live.related_values import follows
from starmodel.app.live.streams import Streams
from starmodel.app.live.title_changes import TitleChanges
from starmodel.app.live.views import LiveView, Shown
from starmodel.app.mail.queue import MailQueue
from starmodel.app.persistence import PersistenceManager
from starmodel.app.ports.bus import EventBus, Handler, SelectiveBus, Wants
from starmodel.app.ports.cipher import Cipher
from starmodel.app.ports.clock import Clock, IdSource
from starmodel.app.ports.lifecycle import Lifecycle
from starmodel.app.ports.messages import Changed, SessionEnded
from starmodel.app.ports.summaries import SummaryQuery
from starmodel.app.presentation.areas import Areas
from starmodel.app.presentation.extensions import Extensions
from starmodel.app.presentation.frontend import Frontend
from starmodel.app.presentation.languages import Languages
from starmodel.app.presentation.navigation import Navigation
from starmodel.app.presentation.resource import MountedResource, Resource
from starmodel.app.presentation.slots import Slots
from starmodel.app.presentation.ui import Renderer
from starmodel.app.queries.choices import RecordChoices
from starmodel.app.queries.cursors import Cursors
from starmodel.app.queries.list_methods import check_methods
from starmodel.app.queries.list_totals import check_totals
from starmodel.app.queries.listing import Listing, Window
from starmodel.app.queries.objects import Objects
from starmodel.app.queries.related import RelatedRecords
from starmodel.app.queries.relations import Relations
from starmodel.app.queries.summaries import Summaries, Summary
from starmodel.app.queries.title_queries import TitleQueries
from starmodel.app.queries.views import SavedViews, check_views
from starmodel.app.queries.windows import SCAN_LIMIT, Windows
from starmodel.app.sessions.cache import SessionCache
from starmodel.app.sessions.scopes import Scopes, default_snapshot
from starmodel.app.sessions.session import Session
from starmodel.app.uow import UnitOfWork
from starmodel.core.classes.children import Children
from starmodel.core.classes.registry import EntityType, Registry
from starmodel.core.classes.related_fields import RelatedField, check_paths
from starmodel.core.commands import Action, CommandRecord
from starmodel.core.current_app import set_host
from starmodel.core.entity import Entity
from starmodel.core.errors import (
    BindingError,
    ConfigurationError,
    GoneError,
    NotFoundError,
    VersionConflictError,
)
from starmodel.core.events import EventInfo
from starmodel.core.events.results import Progress, Toast
from starmodel.core.public_state import public_state
from starmodel.core.snapshot import NOTHING
from starmodel.core.translations import current_language
from starmodel.texts.catalogue import ENGLISH, Catalogue

GRACE_S = 5.0

log = logging.getLogger("starmodel.application")


class Application:
    """The services of one application, and the host of its entity classes.

    Stores open when the server starts, or at the first use in a script.
    """

    def __init__(
        self,
        *,
        registry: Registry,
        persistence: PersistenceManager,
        bus: EventBus,
        policy: AccessPolicy,
        secret: str,
        cursor_cipher: Cipher,
        clock: Clock,
        ids: IdSource,
        hub: Callable[..., Hub] = Hub,
        lists: Callable[..., LiveLists] = LiveLists,
        reactions: Iterable[Reaction] = (),
        resources: Iterable[Resource] = (),
        uow_cls: type[UnitOfWork] = UnitOfWork,
        access_scan_limit: int = SCAN_LIMIT,
        heartbeat_s: float = 15.0,
        texts: Catalogue = ENGLISH,
    ) -> None:
        self.registry, self.persistence, self.bus = registry, persistence, bus
        self.areas = Areas(registry, policy, resources)
        self.policy, self.clock, self.ids = self.areas.default.policy, clock, ids
        self.texts = texts
        self.languages: Languages | None = None  # set by bootstrap, for one that is not English
        self.scopes = Scopes(secret)
        self.frontend: Frontend | None = None
        self.sessions: SessionCache | None = None
        self.credentials: Credentials | None = None  # set by bootstrap
        self.saved_views: SavedViews | None = None  # set by bootstrap
        self.mail = MailQueue()  # replaced by bootstrap
        # The views of generated pages, by the code of their language (None in an application
        # with one) and their name.
        self.views: dict[tuple[str | None, str], LiveView] = {}
        self.ui: Renderer | None = None
        self.relations = Relations(registry, persistence)
        check_rules(registry)
        check_paths(registry)
        for entity_type in registry:
            check_methods(entity_type)
            check_totals(entity_type)
            check_views(entity_type)
        self._related = RelatedRecords(persistence)
        self.settings: Any = None  # set by bootstrap, for the CLI and other tools
        self.plugins: Any = None  # likewise
        self.lifecycle: Lifecycle | None = None
        self.row_locks = RowLocks()
        self.choice_rules = ChoiceRules(registry)
        checks = ChoiceChecks(self.choice_rules, self._related.meets)
        self.unit: Callable[..., UnitOfWork] = partial(
            uow_cls, registry, persistence, bus, clock, locks=self.row_locks
        )
        if self.choice_rules:
            self.unit = partial(self.unit, choices=checks)
        """A new unit of work; `lease` for one whose events await."""
        self.reactions = Reactions(reactions, self.unit)
        self.dispatcher = Dispatcher(
            registry=registry, unit=self.unit, persistence=persistence,
            scopes=self.scopes, reactions=self.reactions, place=self.place, bus=bus, clock=clock,
            ids=ids, row_locks=self.row_locks, prepares=uow_cls is UnitOfWork,
        )  # fmt: skip
        self.id_of = self.dispatcher.id_of
        self.hub = hub(
            guarded=[
                t.name for t in registry if self.areas.reads_fields(t) or t.cls.__entity__.guarded
            ],
            seen=MessageAccess(registry, persistence, self.policy).seen,
        )
        self.cursors = Cursors(cursor_cipher)
        self.extensions = Extensions(Slots(registry, self.areas, self._adopt_page))
        self.navigation = Navigation()
        self._windows = Windows(persistence, access_scan_limit, registry, self._fill)
        self._summaries = Summaries(persistence, self._windows.permitted)
        self.titles = TitleQueries(registry, self._windows.readable, self.relations.linked_ids)
        self.lists = lists(
            self._query,
            self.policy,
            self._windows.matches,
            self._stored,
            follows(registry, self.relations),
        )
        self.choices = RecordChoices(
            self.window, self.id_of, self._windows.readable, self.choice_rules
        )
        self.lists.add_titles = self.titles.add_watched
        self.streams = Streams(
            self.hub, self.lists, registry, persistence, self.policy, self.instance, self.id_of,
            heartbeat_s=heartbeat_s,
        )  # fmt: skip
        self._related_access = RelatedAccess(
            registry, self.areas.related_fields(), self.policy, self.hub, self.lists,
            self._windows.readable, self.id_of,
        )  # fmt: skip
        self.title_changes = TitleChanges(
            registry, {t.name: self.titles.followed(t) for t in registry},
            [area.policy for area in self.areas.by_prefix], self.lists,
        )  # fmt: skip
        if self.title_changes.is_needed:
            self._subscribe(self.title_changes.deliver, self.title_changes.is_watched)
        if self._related_access.is_needed:
            self._subscribe(self._related_access.deliver, self._related_access.is_watched)
        self._subscribe(self.hub.deliver, self.hub.is_watched)
        self._subscribe(self.lists.deliver, self.lists.is_watched)
        self._subscribe(self.dispatcher.sessions.deliver, frozenset[str]().__contains__)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._opening: asyncio.Lock | None = None
        for entity_type in registry:
            set_host(entity_type.cls, self)

    def _subscribe(self, handler: Handler, wants: Wants) -> None:
        """Subscribe the handler, with its topics where the bus is selective."""
        if isinstance(self.bus, SelectiveBus):
            self.bus.subscribe(handler, wants=wants)
        else:
            self.bus.subscribe(handler)

    def view(self, name: str) -> LiveView | None:
        """The view of generated pages with this name, in the current language."""
        language = current_language()
        return self.views.get((None if language is None else language.code, name))

    @property
    def own_texts(self) -> Catalogue:
        """The texts of the current language, for code that runs outside its request later."""
        language = current_language()
        return self.texts if language is None else language.catalogue

    @property
    def is_ready(self) -> bool:
        """True when the stores are open in the running event loop."""
        return self._loop is asyncio.get_running_loop()

    async def ready(self) -> None:
        """Open the stores at the first use in the running event loop."""
        if not self.is_ready:
            await self._open()

    async def _open(self) -> None:
        loop = asyncio.get_running_loop()
        if self._opening is None or self._loop is not None:
            self._opening, self._loop = asyncio.Lock(), None
        async with self._opening:
            if self._loop is None:
                await self.persistence.open(self._expired, self.hub.is_watched)
                self._loop = loop
                self.mail.attach(loop)
                if self.lifecycle is not None:
                    await self._start(self.lifecycle)

    async def _start(self, lifecycle: Lifecycle) -> None:
        try:
            await lifecycle.start(self)
        except BaseException:
            self._loop = None
            await self.persistence.close()
            raise

    async def close(self) -> None:
        """End streams and handlers, then the stores."""
        await self.streams.close()
        if self.lifecycle is not None and self._loop is not None:
            await self.lifecycle.stop(self)
        await self._related_access.close()
        await self.title_changes.close()
        await self.lists.close()
        await self.reactions.idle(timeout_s=GRACE_S)
        await self.mail.close(timeout_s=GRACE_S)
        if self.sessions is not None:
            await self.sessions.close()
        if self.credentials is not None:
            await self.credentials.close()
        if self.saved_views is not None:
            await self.saved_views.close()
        if self._loop is not None:
            self._loop = None
            await self.persistence.close()

    # Host of the domain

    def has(self, entity: type[Entity]) -> bool:
        return entity in self.registry

    def objects(self, entity: type[Entity]) -> Objects[Any]:
        return Objects(self, entity)

    async def meets(self, condition: Condition, entity: Entity) -> bool:
        return await self._related.meets(condition, entity)

    async def meeting(self, condition: Condition, entities: Sequence[Entity]) -> set[Any]:
        return await self._related.meeting(condition, entities)

    async def own(self, entity: type[Entity], request: Any) -> Entity:
        scope = getattr(request, "scope", request)
        session = scope.get("starmodel.session") if isinstance(scope, dict) else None
        if session is None:
            raise ConfigurationError(
                f"{entity.__name__}.get() got {request!r}; expected a request of this application."
            )
        return await self.instance(self.registry[entity], session)

    def render_action(self, action: Action) -> str:
        if self.frontend is None:
            raise ConfigurationError("This application has no pages to render an action for.")
        return self.frontend.render_action(self.areas.current_resource(action.entity), action)

    def show(self, entity: Entity, view: str = "") -> str:
        return "" if self.frontend is None else self.frontend.show(entity, view)

    def show_query(self, records: LiveRecords[Any], view: str) -> None:
        if self.frontend is not None:
            self.frontend.show_query(records, view)

    def live_part(self, view: LiveView, shown: Shown) -> Any:
        return view.render(shown) if self.frontend is None else self.frontend.live_part(view, shown)

    async def records_of(
        self, entity: type[Entity], query: Where, actor: Actor | None
    ) -> LiveRecords[Any]:
        """The result of a query for one reader, by the rules of the current area.

        Raises: NotSignedInError, AccessDeniedError, AccessScanLimitError; ListQueryError, for a
        query by a field that the reader may not read on every record.
        """
        await self.ready()
        entity_type, policy = self.registry[entity], self.areas.current.policy
        hidden = (await audience_of(policy, entity_type, actor)).uncertain
        listing = query.listing(entity_type, actor, hidden)
        if listing is None:
            return LiveRecords(entity)
        window = await self.window(listing, actor, policy=policy)
        window = await self.titles.add(window, entity_type, actor, policy, listing.columns)
        return LiveRecords(entity, listing, window)

    def _adopt_page(self, page: Any) -> None:
        if self.frontend is not None and page is not None:
            self.frontend.adopt(page)

    def namespace(self, entity: Entity) -> str:
        if self.frontend is None:
            return entity.__entity__.namespace
        return self.frontend.namespace(entity)

    def render(self, component: Any) -> str:
        """A component as HTML, rendered by the UI adapter."""
        if self.ui is None:
            raise ConfigurationError("This application has no UI adapter to render a component.")
        return self.ui.render(component)

    def place(self, component: Any, info: EventInfo, where: str) -> Element:
        """A component that an event returned, at its place in the caller's page.

        Raises: ConfigurationError, for a component that the page has no place for.
        """
        html = self.render(component)
        if self.frontend is None:
            return Element(html, info.selector, info.mode)
        return self.frontend.element_of(html, info, where)

    def render_message(self, message: Toast | Progress, id: str = "") -> str:
        """A toast or progress component as HTML, rendered by the UI adapter."""
        if self.ui is None:
            return ""
        if isinstance(message, Toast):
            return self.ui.render(self.ui.message_toast(message))
        return self.ui.render(self.ui.message_progress(id, message))

    # Services for adapters

    async def instance(
        self,
        entity_type: EntityType,
        session: Session,
        id: Any = None,
        *,
        seen: bool = False,
        policy: AccessPolicy | None = None,
    ) -> Entity:
        """The scoped instance of a session, or a record by id, as the session's actor sees it.

        Shapes: policy decides, None for the application's.
        Raises: NotSignedInError, AccessDeniedError; NotFoundError, also for a
        record that the session's actor may not read.
        """
        await self.ready()
        policy = policy or self.policy
        await check(policy, entity_type, "read", session.actor)
        repository = self.persistence.for_class(entity_type.cls)
        if entity_type.is_record:
            found = await repository.get(
                entity_type.cls, self.dispatcher.id_of(entity_type.cls, id)
            )
            if found is None:
                raise (GoneError if seen else NotFoundError)(entity_type.name, id)
        else:
            own = self.scopes.id_of(entity_type, session, session.actor)
            found = await repository.get(entity_type.cls, own) or default_snapshot(
                entity_type.cls, own
            )
        await check_record(policy, entity_type, session.actor, found, id, gone=seen)
        return await seen_by(policy, session.actor, entity_type, found)

    def inline_children(self, resource: MountedResource) -> list[tuple[Children, MountedResource]]:
        """The relations whose rows the forms of a resource have, with the children's resource."""
        area = self.areas.of(resource)
        return [
            (children, area[self.registry[children.of]])
            for children in self.registry.children.get(resource.entity_type.cls, ())
            if children.is_inline
        ]

    async def _fill(self, entities: Sequence[Any], names: Sequence[str]) -> Sequence[Any]:
        return await self.relations.fill(entities, names)

    def seen_now(self, entity: Entity) -> Entity:
        """A record that code shows, as the visitor of the current request sees it."""
        context = current_context.get()
        session = None if context is None else context.session
        if context is not None and context.page is not None:  # of no visitor outside a request
            session = context.page.session
        actor = None if session is None else session.actor
        policy = self.areas.current.policy
        return seen_now(policy, actor, self.registry[entity.__entity__.cls], entity)

    async def window(
        self,
        listing: Listing,
        actor: Actor | None,
        *,
        total: bool = False,
        policy: AccessPolicy | None = None,
    ) -> Window:
        """One page of a listing, from the records that this actor may read.

        With `total`, their count is included.

        Shapes: policy decides, None for the application's.

        Raises: NotSignedInError, AccessDeniedError, AccessScanLimitError.
        """
        await self.ready()
        return await self._windows.window(listing, actor, policy or self.policy, total=total)

    async def summary(
        self,
        listing: Listing,
        actor: Actor | None,
        asked: SummaryQuery,
        *,
        policy: AccessPolicy | None = None,
    ) -> Summary | None:
        """Counts and totals of all matches of a listing; None where a rule is not decided by SQL.

        Raises: as `window`.
        """
        await self.ready()
        return await self._summaries.of(listing, actor, policy or self.policy, asked)

    def sorts_by(self, entity_type: EntityType, path: RelatedField, policy: AccessPolicy) -> bool:
        """Whether every list of the class can be ordered by a field of related records."""
        return self._windows.sorts_by(entity_type, path, policy)

    async def every(
        self, listing: Listing, actor: Actor | None, *, policy: AccessPolicy | None = None
    ) -> AsyncGenerator[Sequence[Entity], None]:
        """All records of a listing that this actor may read, on any page, in batches.

        Raises: as `window`, before the first batch.
        """
        await self.ready()
        every = self._windows.every(listing, actor, policy or self.policy)
        async with aclosing(every) as batches:
            async for batch in batches:
                yield batch

    async def dispatch(
        self,
        request: Action | CommandRecord,
        *,
        actor: Actor | str | None = TRUSTED,
        session: Session | None = None,
        key: str | None = None,
        policy: AccessPolicy | None = None,
    ) -> Outcome:
        """Run an action or a stored command record.

        Trusted unless `actor` is given; None is a guest.

        Shapes: key is an idempotency key; policy decides, None for the application's.
        """
        await self.ready()
        entity_type, event, id = resolve(request, self.registry, self.scopes)
        if isinstance(request, CommandRecord):
            self.dispatcher.refuse_masked(entity_type, event, request.args)
        if isinstance(actor, str):
            actor = Actor(actor)
        policy = policy or self.policy
        inputs = Inputs(fixed=request.args, fixed_name="arguments", trusted=actor is TRUSTED)
        inputs = inputs.seen_by(policy, entity_type, actor)
        given, sent = self.dispatcher.rows.taken(entity_type, event, inputs.fixed)
        inputs = inputs._replace(fixed=given)
        # Entity classes inside the event resolve to this application.
        context = current_context.get()
        if context is None or context.host is not self:
            context = derived_context(host=self)
        token = current_context.set(context)
        try:
            command = Command(
                entity_type,
                event,
                self.dispatcher.bind(entity_type, event, inputs),
                policy,
                id,
                actor,
                session if session is not None else context.session,
                key=key,
                inputs=inputs,
            )
            if sent:
                problems: dict[str, str] = {}
                command.rows = self.dispatcher.rows.bind(command, sent, problems)
                if problems:
                    raise BindingError(
                        f"{entity_type.name}.{event.name}: {'; '.join(problems)}.", problems
                    )
            return await self.dispatcher.dispatch(command)
        finally:
            current_context.reset(token)

    async def end_sessions(self, session: Session) -> None:
        """Publish the end of sessions after a sign-in or sign-out.

        A sign-out deletes the instances of session scope.
        """
        for visitor in session.signed_out_keys:
            for entity_type in self.registry:
                if entity_type.scope == "session" and not entity_type.in_browser:
                    await self._remove(entity_type, visitor)
        for visitor in session.ended:
            try:
                await self.bus.publish(SessionEnded(visitor))
            except Exception:  # delivery: the session has ended, whatever the bus does
                log.exception("The bus could not publish a SessionEnded")
        session.signed_out_keys.clear()
        session.ended.clear()

    async def session_changed(self, visitor: str) -> None:
        """Handle a session change of another process: pages reconnect, commands check access."""
        ended = SessionEnded(visitor)  # not published: each process polls
        await self.hub.deliver(ended)
        await self.dispatcher.sessions.deliver(ended)

    @property
    def follows_sessions(self) -> bool:
        """Whether open pages or running commands depend on the end of sessions."""
        return len(self.hub) > 0 or len(self.dispatcher.sessions) > 0

    async def _remove(self, entity_type: EntityType, id: Any) -> None:
        unit = self.unit()
        found = await self.persistence.for_class(entity_type.cls).get(entity_type.cls, id)
        if found is not None:
            unit.enlist(entity_type, id, found, new=False).deleted = True
            with contextlib.suppress(VersionConflictError):  # changed concurrently
                await unit.commit()

    async def _expired(self, entity: type[Entity], id: Any, version: int) -> None:
        entity_type = self.registry[entity]
        state = (
            None if entity_type.is_record else public_state(default_snapshot(entity, id), NOTHING)
        )
        fields = tuple(state or ())
        message = Changed(entity_type.name, id, "expired", version + 1, version, state, fields)
        await self.bus.publish(message)

    async def _query(
        self, listing: Listing, actor: Actor | None, policy: AccessPolicy, total: bool
    ) -> Window:
        return await self.window(listing, actor, total=total, policy=policy)

    async def _stored(self, entity_type: EntityType, id: Any) -> Entity | None:
        return await self.persistence.for_class(entity_type.cls).get(entity_type.cls, id)
