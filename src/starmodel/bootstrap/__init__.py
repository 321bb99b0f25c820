"""`create_app`: the composition root, which chooses and connects adapters."""

from __future__ import annotations

import inspect
import os
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import Any

import inflection
from fasthtml.core import FastHTML, Mount, StaticFiles

from starmodel.adapters.encryption import AesCipher
from starmodel.adapters.frontends.datastar.adapter import DatastarRealtime
from starmodel.adapters.frontends.datastar.wire import script_json, signals_json
from starmodel.adapters.persistence.system.memory_sessions import MemorySessions
from starmodel.adapters.ui.franken.adapter import MonsterUI
from starmodel.adapters.web.frameworks.components import teach_components
from starmodel.adapters.web.frameworks.fasthtml import StarModelApp, connect, teach_entities
from starmodel.adapters.web.gateway import Gateway
from starmodel.adapters.web.http.csrf import OriginCheck
from starmodel.adapters.web.http.proxies import TrustedProxies
from starmodel.adapters.web.pages.assets import asset_urls
from starmodel.adapters.web.pages.dev_sign_in import dev_token, greet, server_address
from starmodel.adapters.web.pages.head import (
    PageHead,
    application_styles,
    csp_by_root_path,
    page_basics,
)
from starmodel.adapters.web.process_lock import ProcessLock, process_local_reasons
from starmodel.adapters.web.settings import WebSettings
from starmodel.app.access.policy import AccessPolicy
from starmodel.app.access.rules import RulePolicy
from starmodel.app.application import Application
from starmodel.app.live.hub import Hub
from starmodel.app.live.reactions import defined_reactions
from starmodel.app.persistence import PersistenceManager
from starmodel.app.ports.bus import EventBus
from starmodel.app.ports.clock import Clock, IdSource, system_clock, system_ids
from starmodel.app.ports.repository import Repository
from starmodel.app.ports.sessions import SessionStore
from starmodel.app.presentation.frontend import RealtimeAdapter
from starmodel.app.presentation.ui import Site, UIAdapter
from starmodel.app.uow import UnitOfWork
from starmodel.bootstrap.arguments import catalogue, check_arguments, listed, named
from starmodel.bootstrap.plugins import connect_plugins, plugin_host, with_plugin_entities
from starmodel.bootstrap.services import (
    built_in_stores,
    cookie_sessions,
    database_sessions,
    event_bus,
    session_cache,
)
from starmodel.config import Settings, load_settings, secret_keys
from starmodel.core.classes.registry import Registry, defined_entities
from starmodel.core.entity import Entity
from starmodel.core.errors import ConfigurationError
from starmodel.texts.catalogue import Catalogue
from starmodel.texts.english import Text

_FASTHTML_OPTIONS = frozenset(inspect.signature(FastHTML.__init__).parameters) - {
    "self", "title", "secret_key", "default_hdrs", "sess_cls", "canonical", "lifespan_context",
}  # fmt: skip
Stores = Mapping[str, Callable[[], Repository] | Repository]
# Set by `starmodel.testing` to replace settings and store factories during a test.
test_stores: Callable[[Settings, Clock], tuple[Settings, Stores]] | None = None


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
    texts: Mapping[str, Text] | Catalogue | None = None,
    clock: Clock = system_clock,
    ids: IdSource = system_ids,
    plugins: Iterable[Any] = (),
    **options: Any,
) -> StarModelApp:
    """A FastHTML application with routes, pages and streams for these entities.

    Without `entities` it serves every entity class that is defined at module
    level so far. Other options are settings (`title="Shop"`) or options of
    FastHTML (`before=`, `middleware=`, `hdrs=`, …). `bus` and `realtime` are
    an implementation, or a value of the settings `event_bus` and `realtime`.
    `texts` replaces texts of pages and messages, by key.

    Raises: ConfigurationError, for an invalid type, setting or entity class.
    """
    own_bus = named("event_bus", bus, options)
    transport = named("realtime", realtime, options)
    entities = None if entities is None else listed(entities)
    check_arguments(own_bus, stores, policy, uow_cls, ui, transport)
    words = catalogue(texts)
    web_options = {name: options.pop(name) for name in _FASTHTML_OPTIONS & options.keys()}
    settings, stores = _with_test_stores(_settings(settings, options), stores, clock)
    app = StarModelApp(
        title=settings.title,
        secret_key=secret_keys(settings)[0],
        default_hdrs=False,
        sess_cls=None,
        canonical=False,
        **web_options,
    )
    if 404 not in (web_options.get("exception_handlers") or {}):
        app.exception_handlers.pop(404, None)  # FastHTML's handler would shadow that of Gateway
    head = _head(settings)
    app.htmlkw.setdefault("class", head.html_class)
    app.htmlkw.setdefault("lang", words.text("page.language"))
    styles = application_styles(asset_urls(), settings.env == "development")
    _assemble(
        app, head, [page_basics, head.html, styles], entities, settings,
        own_bus or event_bus(settings), stores, policy or RulePolicy(), uow_cls, ui,
        transport or DatastarRealtime, clock, ids, words, plugins,
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
    texts: Mapping[str, Text] | Catalogue | None = None,
    clock: Clock = system_clock,
    ids: IdSource = system_ids,
    plugins: Iterable[Any] = (),
    **options: Any,
) -> FastHTML:
    """Add these entities to a FastHTML application; its routes take precedence.

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
    own_bus = named("event_bus", bus, options)
    transport = named("realtime", realtime, options)
    entities = None if entities is None else listed(entities)
    check_arguments(own_bus, stores, policy, uow_cls, ui, transport)
    settings, stores = _with_test_stores(_settings(settings, options), stores, clock)
    chosen = own_bus or (bus_cls() if bus_cls is not None else event_bus(settings))
    head = _head(settings)
    # Without page_basics and styles: its pages keep their style sheets.
    _assemble(
        app, head, [head.imports], entities, settings, chosen, stores,
        policy or RulePolicy(), uow_cls, ui, transport or DatastarRealtime, clock, ids,
        catalogue(texts), plugins,
    )  # fmt: skip
    if not isinstance(app, StarModelApp):
        _front_first(app)
    return app


def create_fasthtml_app(
    states: Iterable[type[Entity]] | None = None, **options: Any
) -> StarModelApp:
    """An alias of `create_app`, its earlier name."""
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
    texts: Catalogue,
    plugins: Iterable[Any],
) -> None:
    """Build the services and connect them to the routes and middleware of the application."""
    if realtime is DatastarRealtime and settings.realtime != "sse":
        raise ConfigurationError(
            f"realtime is {settings.realtime!r}, which is not available yet; use 'sse', "
            "or pass create_app(realtime=…) with a transport of your own."
        )
    host = plugin_host(settings, plugins)
    classes = defined_entities() if entities is None else entities
    classes = with_plugin_entities(classes, host)
    registry = Registry(
        classes, default_store=settings.default_store, pluralize=inflection.pluralize
    )
    secrets = secret_keys(settings)
    persistence = PersistenceManager(registry, {**built_in_stores(settings, clock), **stores})

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
        access_scan_limit=settings.access_scan_limit, texts=texts,
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
    gateway = Gateway(
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
        app.router,
        csp=csp_by_root_path(head, pages.scripts),
        proxies=TrustedProxies([str(network) for network in settings.trusted_proxies]),
        dev_token=token,
        log_address=None if token is None else partial(greet, token),
    )
    if test_stores is None:
        gateway.lock = ProcessLock(
            settings.title, server_address(sys.argv), partial(process_local_reasons, application)
        )
    teach_components(script_json, signals_json)
    teach_entities()
    connect_plugins(host, application, gateway)
    connect(app, gateway, first)


def _settings(settings: Settings | None, options: Mapping[str, Any]) -> Settings:
    if settings is None:
        return load_settings(**options)
    if options:
        raise ConfigurationError(
            f"create_app() got settings=… and also {', '.join(sorted(options))}. "
            "Put them into the Settings."
        )
    return settings


def _with_test_stores(
    settings: Settings, stores: Stores | None, clock: Clock
) -> tuple[Settings, Stores]:
    """The settings and stores, with the replacements of `test_stores` during a test."""
    if test_stores is None:
        return settings, stores or {}
    settings, replacements = test_stores(settings, clock)
    return settings, {**(stores or {}), **replacements}


def session_store(settings: Settings) -> SessionStore:
    """The store of server-side sessions; in memory during a test."""
    return database_sessions(settings) if test_stores is None else MemorySessions()


def _site(settings: Settings, head: PageHead) -> Site:
    def parts(root_path: str) -> str:
        return page_basics(root_path) + head.html(root_path)

    icons = asset_urls().get("icons.svg", "")
    return Site(settings.title, parts, head.html_class, icons, settings.max_body_bytes)


def _head(settings: Settings) -> PageHead:
    return PageHead(_assets(), settings.theme, cdn=settings.assets == "cdn")


def _assets() -> dict[str, str]:
    """The URLs of assets; with reload, the build includes a hash of the sources."""
    urls, sources = asset_urls(), os.environ.get("STARMODEL_SOURCES")
    return {**urls, "build": f"{urls['build']}~{sources}"} if sources else urls


def _front_first(app: FastHTML) -> None:
    """Route every request of an application of another class through Gateway."""
    plain = type(app)

    class Fronted(plain):  # type: ignore[valid-type,misc]
        __call__ = StarModelApp.__call__

    Fronted.__name__ = plain.__name__
    app.__class__ = Fronted
