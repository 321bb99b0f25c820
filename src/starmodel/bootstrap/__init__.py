"""`create_app`: the composition root, which chooses and connects adapters."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, Literal, TypeVar, overload

from starmodel.adapters.persistence.system.memory_sessions import MemorySessions
from starmodel.adapters.persistence.system.saved_views.memory import MemorySavedViews
from starmodel.app.access.policy import AccessPolicy
from starmodel.app.access.rules import RulePolicy
from starmodel.app.credentials.credentials import CredentialStores
from starmodel.app.mail.mailbox import Mailbox
from starmodel.app.ports.bus import EventBus
from starmodel.app.ports.clock import Clock, IdSource, system_clock, system_ids
from starmodel.app.ports.mailer import Mailer
from starmodel.app.ports.saved_views import SavedViewStore
from starmodel.app.ports.sessions import SessionStore
from starmodel.app.presentation.own_pages import defined_pages, listed_pages
from starmodel.app.presentation.resource import Resource
from starmodel.app.uow import UnitOfWork
from starmodel.bootstrap.arguments import catalogue, check_arguments, listed, named, with_auth
from starmodel.bootstrap.assembly import Services, Stores, assemble, page_head
from starmodel.bootstrap.checked_stores import with_checked_database
from starmodel.bootstrap.options import own_settings, settings_and_options
from starmodel.bootstrap.pages import UIOption
from starmodel.bootstrap.realtime import RealtimeOption
from starmodel.bootstrap.services import (
    database_credentials,
    database_sessions,
    database_views,
    event_bus,
    memory_credentials,
)
from starmodel.bootstrap.web import existing_web, first_language, new_web
from starmodel.config import Settings
from starmodel.core.entity import Entity
from starmodel.core.errors import ConfigurationError
from starmodel.texts.catalogue import Catalogue
from starmodel.texts.english import Text

if TYPE_CHECKING:
    from starlette.applications import Starlette

    from starmodel.adapters.web.frameworks.fasthtml.application import StarModelApp
    from starmodel.adapters.web.frameworks.starlette.application import StarletteApp

A = TypeVar("A", bound="Starlette")
# Set by `starmodel.testing` to replace settings and store factories during a test.
test_stores: Callable[[Settings, Clock], tuple[Settings, Stores]] | None = None


@overload
def create_app(
    entities: Iterable[type[Entity]] | None = None,
    *,
    web: Literal["starlette"],
    settings: None = None,
    **options: Any,
) -> StarletteApp: ...


@overload
def create_app(
    entities: Iterable[type[Entity]] | None = None,
    *,
    web: Literal["fasthtml"] | None = None,
    settings: Settings | None = None,
    bus: EventBus | str | None = None,
    stores: Stores | None = None,
    policy: AccessPolicy | None = None,
    uow_cls: type[UnitOfWork] = UnitOfWork,
    ui: UIOption | None = None,
    resources: Iterable[Resource] = (),
    pages: Iterable[Callable[..., Any]] | None = None,
    navigation: Iterable[Any] | None = None,
    realtime: RealtimeOption | str | None = None,
    texts: Mapping[str, Text] | Catalogue | None = None,
    mailer: Mailer | None = None,
    clock: Clock = system_clock,
    ids: IdSource = system_ids,
    plugins: Iterable[Any] = (),
    auth: bool | Any = False,
    **options: Any,
) -> StarModelApp: ...


def create_app(
    entities: Iterable[type[Entity]] | None = None,
    *,
    web: Literal["fasthtml", "starlette"] | None = None,
    settings: Settings | None = None,
    bus: EventBus | str | None = None,
    stores: Stores | None = None,
    policy: AccessPolicy | None = None,
    uow_cls: type[UnitOfWork] = UnitOfWork,
    ui: UIOption | None = None,
    resources: Iterable[Resource] = (),
    pages: Iterable[Callable[..., Any]] | None = None,
    navigation: Iterable[Any] | None = None,
    realtime: RealtimeOption | str | None = None,
    texts: Mapping[str, Text] | Catalogue | None = None,
    mailer: Mailer | None = None,
    clock: Clock = system_clock,
    ids: IdSource = system_ids,
    plugins: Iterable[Any] = (),
    auth: bool | Any = False,
    **options: Any,
) -> StarModelApp | StarletteApp:
    """An application of a web framework with routes, pages and streams for these entities.

    Without `entities` it serves every entity class that is defined at module
    level so far. `web` is "fasthtml" (the default) or "starlette". Other
    options are settings (`title="Shop"`) or options of the framework
    (`routes=`, `middleware=`, `lifespan=`, …; FastHTML's `before=`, `hdrs=`, …).
    `bus` and `realtime` are an implementation, or a value of the settings
    `event_bus` and `realtime`; `realtime` is a transport, or a class that makes
    the frontend of pages. `texts` replaces texts of pages and messages,
    by key. `mailer` is used instead of the one that `mail_url` names. `ui` is a
    class of UI adapters, or replaces parts of generated pages by name. Without `pages` it serves
    every function with `@page` at module level so far; `navigation` orders the links to
    entities and pages, in groups {"Stock": [Product]}.
    `auth=True` adds users and their sign-in pages, `auth=Auth(…)` those with options.

    Raises: ConfigurationError, for an invalid type, setting or entity class.
    """
    if web is not None:
        options["web"] = web
    own_bus, transport = named("event_bus", bus, options), named("realtime", realtime, options)
    classes = None if entities is None else listed(entities)
    served = defined_pages() if pages is None else listed_pages(pages)
    check_arguments(own_bus, stores, policy, uow_cls, ui, transport, mailer)
    words = catalogue(texts)
    settings, framework_options = settings_and_options(settings, options)
    settings, stores = _with_test_stores(settings, stores, clock)
    head = page_head(settings)
    chosen = new_web(settings, head, words, framework_options)
    services = Services(
        entities=classes, settings=settings, bus=own_bus or event_bus(settings), stores=stores,
        sessions=session_store(settings), credentials=credential_stores(settings),
        saved_views=view_store(settings, clock),
        mailer=mailer or test_mailer(clock),
        policy=policy or RulePolicy(), uow_cls=uow_cls, ui=ui, resources=resources,
        pages=served, navigation=navigation,
        realtime=transport, clock=clock, ids=ids, texts=words,
        plugins=with_auth(plugins, auth), enabled={"auth"} if auth else (),
    )  # fmt: skip
    assemble(services, head, chosen, locks=test_stores is None)
    app: StarModelApp | StarletteApp = chosen.framework.app
    return app


def configure_app(
    app: A,
    entities: Iterable[type[Entity]] | None = None,
    *,
    settings: Settings | None = None,
    bus: EventBus | str | None = None,
    bus_cls: type[EventBus] | None = None,
    stores: Stores | None = None,
    policy: AccessPolicy | None = None,
    uow_cls: type[UnitOfWork] = UnitOfWork,
    ui: UIOption | None = None,
    resources: Iterable[Resource] = (),
    pages: Iterable[Callable[..., Any]] | None = None,
    navigation: Iterable[Any] | None = None,
    realtime: RealtimeOption | str | None = None,
    texts: Mapping[str, Text] | Catalogue | None = None,
    mailer: Mailer | None = None,
    clock: Clock = system_clock,
    ids: IdSource = system_ids,
    plugins: Iterable[Any] = (),
    auth: bool | Any = False,
    **options: Any,
) -> A:
    """Add these entities to an application of FastHTML or Starlette; its routes take precedence.

    Raises: ConfigurationError, as `create_app` does.
    """
    if hasattr(app, "starmodel"):
        raise ConfigurationError("This application already has its entities; configure it once.")
    own_bus, transport = named("event_bus", bus, options), named("realtime", realtime, options)
    classes = None if entities is None else listed(entities)
    served = defined_pages() if pages is None else listed_pages(pages)
    check_arguments(own_bus, stores, policy, uow_cls, ui, transport, mailer)
    words = catalogue(texts)
    settings, stores = _with_test_stores(own_settings(settings, options), stores, clock)
    head = page_head(settings)
    existing = existing_web(app, head, first_language(settings, words))
    services = Services(
        entities=classes, settings=settings,
        bus=own_bus or (bus_cls() if bus_cls is not None else event_bus(settings)), stores=stores,
        sessions=session_store(settings), credentials=credential_stores(settings),
        saved_views=view_store(settings, clock),
        mailer=mailer or test_mailer(clock),
        policy=policy or RulePolicy(), uow_cls=uow_cls, ui=ui, resources=resources,
        pages=served, navigation=navigation,
        realtime=transport, clock=clock, ids=ids, texts=words,
        plugins=with_auth(plugins, auth), enabled={"auth"} if auth else (),
    )  # fmt: skip
    assemble(services, head, existing, locks=test_stores is None)
    return app


def create_fasthtml_app(
    states: Iterable[type[Entity]] | None = None, **options: Any
) -> StarModelApp:
    """`create_app(web="fasthtml")`, under its earlier name."""
    return create_app(states, web="fasthtml", **options)


def session_store(settings: Settings) -> SessionStore:
    """The store of server-side sessions; in memory during a test."""
    return database_sessions(settings) if test_stores is None else MemorySessions()


def credential_stores(settings: Settings) -> CredentialStores:
    """The stores of credentials; in memory during a test."""
    return database_credentials(settings) if test_stores is None else memory_credentials()


def view_store(settings: Settings, clock: Clock) -> SavedViewStore:
    """The store of saved views; in memory during a test."""
    return database_views(settings, clock) if test_stores is None else MemorySavedViews()


def test_mailer(clock: Clock) -> Mailer | None:
    """A mailbox during a test, so that tests send nothing; None otherwise."""
    return None if test_stores is None else Mailbox(clock=clock)


def _with_test_stores(
    settings: Settings, stores: Stores | None, clock: Clock
) -> tuple[Settings, Stores]:
    """The settings and stores, with the replacements of `test_stores` during a test."""
    if test_stores is None:
        return settings, with_checked_database(settings, stores or {})
    settings, replacements = test_stores(settings, clock)
    return settings, {**(stores or {}), **replacements}
