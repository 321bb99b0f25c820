"""`create_app`: the only place that chooses adapters."""

from __future__ import annotations

import inspect
import os
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import Any
from urllib.parse import urlsplit

from fasthtml.core import FastHTML, Mount, StaticFiles

from starmodel.adapters.encryption import AesCipher
from starmodel.adapters.persistence.memory import MemoryRepository
from starmodel.adapters.persistence.system.database import DatabaseSessions
from starmodel.adapters.persistence.system.memory_sessions import MemorySessions
from starmodel.adapters.realtime.adapter import DatastarRealtime
from starmodel.adapters.realtime.datastar import script_json, signals_json
from starmodel.adapters.ui.monster import MonsterUI
from starmodel.adapters.web.assets import asset_urls
from starmodel.adapters.web.components import teach_components
from starmodel.adapters.web.fasthtml import StarModelApp, connect, teach_entities
from starmodel.adapters.web.front import Front
from starmodel.adapters.web.greeting import dev_token, greet, server_address
from starmodel.adapters.web.head import PageHead, application_styles, page_basics, policies
from starmodel.adapters.web.origin import OriginCheck
from starmodel.adapters.web.process_lock import ProcessLock
from starmodel.adapters.web.proxies import TrustedProxies
from starmodel.adapters.web.sessions import CookieSessions
from starmodel.adapters.web.settings import WebSettings
from starmodel.app.access import AccessPolicy, RulePolicy
from starmodel.app.application import Application
from starmodel.app.bus import InProcessBus
from starmodel.app.one_process import one_process_reasons
from starmodel.app.persistence import PersistenceManager
from starmodel.app.ports import Clock, EventBus, IdSource, Repository, system_clock, system_ids
from starmodel.app.presentation import RealtimeAdapter, Site, UIAdapter
from starmodel.app.reactions import defined_reactions
from starmodel.app.sessions.cache import SessionCache
from starmodel.app.sessions.store import SessionStore
from starmodel.app.subscriptions import Hub
from starmodel.app.uow import UnitOfWork
from starmodel.config import Settings, load_settings, secret_keys
from starmodel.core.entity import Entity
from starmodel.core.errors import ConfigurationError
from starmodel.core.registry import Registry, defined_entities

_FASTHTML_OPTIONS = frozenset(inspect.signature(FastHTML.__init__).parameters) - {
    "self", "title", "secret_key", "default_hdrs", "sess_cls", "canonical", "lifespan_context",
}  # fmt: skip
DAY_S = 24 * 3600.0
Stores = Mapping[str, Callable[[], Repository] | Repository]
# What `starmodel.testing` puts in place of settings and stores while a test runs.
stand_ins: Callable[[Settings, Clock], tuple[Settings, Stores]] | None = None


def create_app(
    entities: Iterable[type[Entity]] | None = None,
    *,
    settings: Settings | None = None,
    bus: EventBus | str | None = None,
    stores: Stores | None = None,
    policy: AccessPolicy | None = None,
    uow_cls: type[UnitOfWork] = UnitOfWork,
    ui: Callable[[Application, RealtimeAdapter, Site], UIAdapter] | None = None,
    realtime: Callable[..., RealtimeAdapter] | str | None = None,
    clock: Clock = system_clock,
    ids: IdSource = system_ids,
    **options: Any,
) -> StarModelApp:
    """A FastHTML application that serves these entities.

    Without `entities` it takes every entity class defined at module level
    so far. Other options are settings by name (`title="Shop"`), or what
    FastHTML itself takes (`before=`, `middleware=`, `hdrs=`, …). `bus` and
    `realtime` take an implementation, or the name that the settings
    `event_bus` and `realtime` take.

    Raises: ConfigurationError, for everything that could never work.
    """
    own_bus = _named("event_bus", bus, options)
    transport = _named("realtime", realtime, options)
    entities = None if entities is None else _listed(entities)
    _check_arguments(own_bus, stores, policy, uow_cls, ui, transport)
    web_options = {name: options.pop(name) for name in _FASTHTML_OPTIONS & options.keys()}
    settings, stores = _chosen(_settings(settings, options), stores, clock)
    app = StarModelApp(
        title=settings.title,
        secret_key=secret_keys(settings)[0],
        default_hdrs=False,
        sess_cls=None,
        canonical=False,
        **web_options,
    )
    if 404 not in (web_options.get("exception_handlers") or {}):
        app.exception_handlers.pop(404, None)  # FastHTML's own would hide the front's
    head = _head(settings)
    app.htmlkw.setdefault("class", head.html_class)
    app.htmlkw.setdefault("lang", "en")
    styles = application_styles(asset_urls(), settings.env == "development")
    _assemble(
        app, head, [page_basics, head.html, styles], entities, settings, own_bus or _bus(settings),
        stores, policy or RulePolicy(), uow_cls, ui, transport or DatastarRealtime, clock, ids,
    )  # fmt: skip
    if os.path.isdir("static"):
        app.router.routes.append(Mount("/static", StaticFiles(directory="static"), name="static"))
    return app


def configure_app(
    app: FastHTML,
    entities: Iterable[type[Entity]] | None = None,
    *,
    settings: Settings | None = None,
    bus: EventBus | str | None = None,
    bus_cls: type[EventBus] | None = None,
    stores: Stores | None = None,
    policy: AccessPolicy | None = None,
    uow_cls: type[UnitOfWork] = UnitOfWork,
    ui: Callable[[Application, RealtimeAdapter, Site], UIAdapter] | None = None,
    realtime: Callable[..., RealtimeAdapter] | str | None = None,
    clock: Clock = system_clock,
    ids: IdSource = system_ids,
    **options: Any,
) -> FastHTML:
    """Give an existing FastHTML application these entities, behind its own routes.

    Raises: ConfigurationError, as `create_app` does.
    """
    if not isinstance(app, FastHTML):
        raise ConfigurationError(
            f"configure_app() got a {type(app).__name__}; it takes a FastHTML application so far. "
            "Mount the one of create_app() in yours instead: "
            "routes=[Mount('/live', create_app())]."
        )
    if hasattr(app, "starmodel"):
        raise ConfigurationError("This application already has its entities; configure it once.")
    own_bus = _named("event_bus", bus, options)
    transport = _named("realtime", realtime, options)
    entities = None if entities is None else _listed(entities)
    _check_arguments(own_bus, stores, policy, uow_cls, ui, transport)
    settings, stores = _chosen(_settings(settings, options), stores, clock)
    chosen = own_bus or (bus_cls() if bus_cls is not None else _bus(settings))
    head = _head(settings)
    # Its pages keep the look that they have.
    _assemble(
        app, head, [head.imports], entities, settings, chosen, stores,
        policy or RulePolicy(), uow_cls, ui, transport or DatastarRealtime, clock, ids,
    )  # fmt: skip
    if not isinstance(app, StarModelApp):
        _front_first(app)
    return app


def create_fasthtml_app(
    states: Iterable[type[Entity]] | None = None, **options: Any
) -> StarModelApp:
    """`create_app` under its earlier name."""
    return create_app(states, **options)


def _assemble(
    app: FastHTML,
    head: PageHead,
    first: Sequence[Callable[[str], str]],
    entities: Iterable[type[Entity]] | None,
    settings: Settings,
    bus: EventBus,
    stores: Stores,
    policy: AccessPolicy,
    uow_cls: type[UnitOfWork],
    ui: Callable[[Application, RealtimeAdapter, Site], UIAdapter] | None,
    realtime: Callable[..., RealtimeAdapter],
    clock: Clock,
    ids: IdSource,
) -> None:
    """Build the services, join them, and connect them to the web framework."""
    if realtime is DatastarRealtime and settings.realtime != "sse":
        raise ConfigurationError(
            f"realtime is {settings.realtime!r}, which is not available yet; use 'sse', "
            "or pass create_app(realtime=…) with a transport of your own."
        )
    classes = defined_entities() if entities is None else entities
    registry = Registry(classes, default_store=settings.default_store)
    secrets = secret_keys(settings)
    persistence = PersistenceManager(registry, {**_stores(settings, clock), **stores})

    def hub(**guard: Any) -> Hub:
        return Hub(
            max_streams=settings.max_streams,
            max_per_session=settings.max_streams_per_session,
            max_per_address=settings.max_streams_per_address,
            **guard,
        )

    application = Application(
        registry=registry, persistence=persistence, bus=bus, policy=policy, secret=secrets[-1],
        cursor_cipher=AesCipher(secrets, "cursor"), clock=clock, ids=ids, hub=hub,
        reactions=defined_reactions(), uow_cls=uow_cls,
        access_scan_limit=settings.access_scan_limit,
    )  # fmt: skip
    application.settings = settings
    live = realtime(
        application, secrets=secrets, assets=head.served,
        render=application.render,
        default_method=settings.default_event_method, heartbeat_s=settings.heartbeat_s,
    )  # fmt: skip
    application.realtime = live
    pages = (ui or MonsterUI)(application, live, _site(settings, head))
    application.ui = pages
    web = WebSettings(
        development=settings.env == "development",
        title=settings.title,
        max_body_bytes=settings.max_body_bytes,
        max_body_depth=settings.max_body_depth,
        max_body_items=settings.max_body_items,
        allowed_hosts=settings.allowed_hosts,
        default_event_method=settings.default_event_method,
    )
    application.sessions = session_cache(
        settings, session_store(settings), clock,
        changed=application.session_changed, watched=lambda: application.follows_sessions,
    )  # fmt: skip
    token = dev_token(secrets[0]) if web.development else None
    front = Front(
        application,
        live,
        pages,
        cookie_sessions(settings, secrets, application.sessions, clock),
        OriginCheck(
            public_url=settings.public_url,
            trusted_origins=settings.trusted_origins,
            allowed_hosts=settings.allowed_hosts,
            cors_origins=settings.cors_origins,
        ),
        web,
        lambda: app.router.routes,
        policy=policies(head, pages.scripts),
        proxies=TrustedProxies([str(network) for network in settings.trusted_proxies]),
        dev_token=token,
        greeting=None if token is None else partial(greet, token),
    )
    if stand_ins is None:
        front.lock = ProcessLock(
            settings.title, server_address(sys.argv), partial(one_process_reasons, application)
        )
    teach_components(script_json, signals_json)
    teach_entities()
    connect(app, front, first)


def _settings(settings: Settings | None, options: Mapping[str, Any]) -> Settings:
    if settings is None:
        return load_settings(**options)
    if options:
        raise ConfigurationError(
            f"create_app() got settings=… and also {', '.join(sorted(options))}. "
            "Put them into the Settings."
        )
    return settings


def _named(setting: str, given: Any, options: dict[str, Any]) -> Any:
    """The implementation that was given; a name becomes the setting of that name instead.

    Raises: ConfigurationError, for what is neither.
    """
    if isinstance(given, str):
        options[setting] = given
        return None
    return given


def _check_arguments(
    bus: Any, stores: Any, policy: Any, uow_cls: Any, ui: Any, realtime: Any
) -> None:
    """Refuse arguments of another kind than `create_app` takes. Raises: ConfigurationError."""
    for name, value, fits, expected in (
        ("bus", bus, hasattr(bus, "subscribe"), "'memory' or an EventBus"),
        ("stores", stores, isinstance(stores, Mapping), "stores by name, {'name': repository}"),
        ("policy", policy, hasattr(policy, "check"), "an AccessPolicy"),
        ("uow_cls", uow_cls, isinstance(uow_cls, type), "a subclass of UnitOfWork"),
        ("ui", ui, callable(ui), "a class or function that makes a UI adapter"),
        ("realtime", realtime, callable(realtime), "'sse', or what makes a transport"),
    ):
        if value is not None and not fits:
            raise ConfigurationError(f"{name} is {value!r}; expected {expected}.")


def _listed(entities: Any) -> list[type[Entity]]:
    """The given classes. Raises: ConfigurationError, for anything else."""
    several = isinstance(entities, Iterable) and not isinstance(entities, type | str)
    classes = list(entities) if several else [entities]
    for cls in classes:
        if not several or not (isinstance(cls, type) and issubclass(cls, Entity)):
            raise ConfigurationError(
                f"entities holds {cls!r}; expected a list of Entity classes, "
                "such as entities=[Counter]."
            )
    return classes


def _chosen(settings: Settings, stores: Stores | None, clock: Clock) -> tuple[Settings, Stores]:
    """The settings and given stores, or what stands in for them."""
    if stand_ins is None:
        return settings, stores or {}
    settings, instead = stand_ins(settings, clock)
    return settings, {**(stores or {}), **instead}


def _stores(settings: Settings, clock: Clock) -> dict[str, Callable[[], Repository]]:
    """The built-in stores; each is imported and built at its first use."""

    def memory() -> Repository:
        return MemoryRepository(max_entries=settings.memory_max_entries, clock=clock)

    def sql() -> Repository:
        from starmodel.adapters.persistence.sql.repository import SqlRepository

        return SqlRepository(
            settings.database_url,
            synchronous=settings.sqlite_synchronous,
            pool_size=settings.database_pool_size,
            timeout_s=settings.database_timeout_s,
            clock=clock,
        )

    def browser() -> Repository:
        from starmodel.adapters.persistence.browser import BrowserRepository

        return BrowserRepository(clock=clock)

    return {
        "memory": memory, "sql": sql, "session_storage": browser, "local_storage": browser
    }  # fmt: skip


def session_store(settings: Settings) -> SessionStore:
    """The store of server-side sessions; opened at its first use."""
    if stand_ins is not None:
        return MemorySessions()
    return DatabaseSessions(
        settings.system_store or settings.database_url,
        synchronous=settings.sqlite_synchronous,
        timeout_s=settings.database_timeout_s,
    )


def session_cache(
    settings: Settings, store: SessionStore, clock: Clock, **options: Any
) -> SessionCache:
    """The cache in front of a store of sessions."""
    return SessionCache(
        store,
        clock=clock,
        idle_s=settings.session_idle_days * DAY_S,
        absolute_s=settings.session_max_days * DAY_S,
        **options,
    )


def cookie_sessions(
    settings: Settings, secrets: Sequence[str], cache: SessionCache, clock: Clock = system_clock
) -> CookieSessions:
    """The sessions of the application with these settings."""
    url = urlsplit(settings.public_url or "")
    return CookieSessions(
        secrets,
        cache,
        secure=bool(settings.cookie_secure),
        development=settings.env == "development",
        port=None if not url.netloc else str(url.port or ""),
        clock=clock,
    )


def _bus(settings: Settings) -> EventBus:
    if settings.event_bus == "memory":
        return InProcessBus()
    if ":" in settings.event_bus:
        import importlib

        module, _, name = settings.event_bus.partition(":")
        try:
            made: EventBus = getattr(importlib.import_module(module), name)()
        except (ImportError, AttributeError) as error:
            raise ConfigurationError(
                f"event_bus is {settings.event_bus!r}, which can't be loaded: {error}."
            ) from error
        return made
    raise ConfigurationError(
        f"event_bus is {settings.event_bus!r}; available are 'memory' and 'package.module:Class'."
    )


def _site(settings: Settings, head: PageHead) -> Site:
    def parts(root_path: str) -> str:
        return page_basics(root_path) + head.html(root_path)

    icons = asset_urls().get("icons.svg", "")
    return Site(settings.title, parts, head.html_class, icons, settings.max_body_bytes)


def _head(settings: Settings) -> PageHead:
    return PageHead(_assets(), settings.theme, cdn=settings.assets == "cdn")


def _assets() -> dict[str, str]:
    """The assets; while sources are watched, pages of earlier sources are older builds too."""
    urls, sources = asset_urls(), os.environ.get("STARMODEL_SOURCES")
    return {**urls, "build": f"{urls['build']}~{sources}"} if sources else urls


def _front_first(app: FastHTML) -> None:
    """Let the front see every request of an application that is not ours by class."""
    plain = type(app)

    class Fronted(plain):  # type: ignore[valid-type,misc]
        __call__ = StarModelApp.__call__

    Fronted.__name__ = plain.__name__
    app.__class__ = Fronted
