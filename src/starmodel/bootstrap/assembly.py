"""Builds the services of an application and connects them to its web framework."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import inflection

from starmodel.adapters.encryption import AesCipher
from starmodel.adapters.frontends.json.frontend import JsonFrontend
from starmodel.adapters.transports.ndjson import NDJSON
from starmodel.adapters.web.gateway import Gateway
from starmodel.adapters.web.http.csrf import OriginCheck
from starmodel.adapters.web.pages.assets import asset_urls, generated_classes
from starmodel.adapters.web.pages.head import PageHead, csp_by_root_path
from starmodel.adapters.web.pages.plugin_assets import PluginAssets
from starmodel.adapters.web.process_lock import ProcessLock, process_local_reasons
from starmodel.adapters.web.server_address import server_address
from starmodel.adapters.web.settings import WebSettings
from starmodel.app.access.policy import AccessPolicy
from starmodel.app.application import Application
from starmodel.app.credentials.credentials import Credentials, CredentialStores
from starmodel.app.live.hub import Hub
from starmodel.app.live.reactions import defined_reactions
from starmodel.app.persistence import PersistenceManager
from starmodel.app.ports.bus import EventBus
from starmodel.app.ports.clock import Clock, IdSource
from starmodel.app.ports.mailer import Mailer
from starmodel.app.ports.repository import Repository
from starmodel.app.ports.saved_views import SavedViewStore
from starmodel.app.ports.sessions import SessionStore
from starmodel.app.presentation.languages import VisitorTexts
from starmodel.app.presentation.navigation import Navigation
from starmodel.app.presentation.own_pages import OwnPage
from starmodel.app.presentation.resource import Resource
from starmodel.app.presentation.ui import Site
from starmodel.app.queries.views import SavedViews
from starmodel.app.uow import UnitOfWork
from starmodel.bootstrap.arguments import own_texts
from starmodel.bootstrap.contributions import connect_plugins
from starmodel.bootstrap.languages import application_languages
from starmodel.bootstrap.mail import connect_mail
from starmodel.bootstrap.pages import UIOption, render_pages
from starmodel.bootstrap.plugins import (
    plugin_host,
    plugin_parts,
    served_assets,
    with_plugin_entities,
    with_plugin_resources,
    with_plugin_texts,
)
from starmodel.bootstrap.realtime import RealtimeOption, page_protocol
from starmodel.bootstrap.services import built_in_stores, cookie_sessions, session_cache
from starmodel.bootstrap.web import Web, check_debug
from starmodel.config import Settings, secret_keys
from starmodel.core.classes.registry import Registry, defined_entities
from starmodel.core.entity import Entity
from starmodel.plugins.host import PluginHost
from starmodel.plugins.single_parts import package_stores
from starmodel.plugins.web import PluginServices
from starmodel.texts.catalogue import Catalogue

Stores = Mapping[str, Callable[[], Repository] | Repository]


@dataclass(frozen=True, kw_only=True)
class Services:
    """What an application is built from: the validated arguments of `create_app`."""

    entities: Iterable[type[Entity]] | None
    settings: Settings
    bus: EventBus
    stores: Stores
    sessions: SessionStore
    credentials: CredentialStores
    saved_views: SavedViewStore
    mailer: Mailer | None
    policy: AccessPolicy
    uow_cls: type[UnitOfWork]
    ui: UIOption | None
    resources: Iterable[Resource]
    pages: Sequence[OwnPage]
    navigation: Iterable[Any] | None
    plugins: Iterable[Any]
    enabled: Collection[str]
    realtime: RealtimeOption | None
    clock: Clock
    ids: IdSource
    texts: Catalogue


def assemble(services: Services, head: PageHead, web: Web, *, locks: bool) -> None:
    """Build the services and connect them to the routes and middleware of the framework.

    Shapes: locks is True for a server, which logs an error beside another process of its address.
    """
    settings, clock = services.settings, services.clock
    check_debug(web, settings)
    make_frontend, transport = page_protocol(services.realtime, settings)
    secrets = secret_keys(settings)
    host = plugin_host(settings, services.plugins, services.enabled)
    languages = application_languages(settings, own_texts(services.texts, settings), host)
    texts = services.texts
    texts = with_plugin_texts(texts, host) if languages is None else VisitorTexts(languages)
    services = replace(services, texts=texts)
    application = _application(services, secrets, host)
    plugin_assets = served_assets(host)  # without plugins that are dropped for their entities
    application.languages = languages
    frontend = application.frontend = make_frontend(
        application, secrets=secrets, assets=head.served, render=application.render,
        default_method=settings.default_event_method,
    )  # fmt: skip
    site = _site(settings, head, plugin_assets)
    application.navigation = Navigation(services.navigation, application.registry)
    ui = render_pages(application, frontend, site, services.ui, plugin_parts(host, services.ui))
    application.sessions = session_cache(
        settings, services.sessions, clock,
        changed=application.session_changed, watched=lambda: application.follows_sessions,
    )  # fmt: skip
    application.dispatcher.sudo_s = settings.auth_sudo_minutes * 60.0
    application.credentials = Credentials(
        services.credentials, application.registry, secret=secrets[-1], clock=clock,
        ended=application.session_changed, watched=lambda: application.follows_sessions,
    )  # fmt: skip
    application.saved_views = SavedViews(services.saved_views, clock)
    connect_mail(application, settings, host, services.mailer)
    web_settings = WebSettings(
        development=settings.env == "development",
        title=settings.title,
        max_body_bytes=settings.max_body_bytes,
        max_body_depth=settings.max_body_depth,
        max_body_items=settings.max_body_items,
        allowed_hosts=settings.allowed_hosts,
        default_event_method=settings.default_event_method,
    )
    gateway = Gateway(
        application,
        frontend,
        transport,
        ui,
        cookie_sessions(
            settings, secrets, application.sessions, clock, application.credentials.tokens
        ),
        OriginCheck(
            public_url=settings.public_url,
            trusted_origins=settings.trusted_origins,
            allowed_hosts=settings.allowed_hosts,
            cors_origins=settings.cors_origins,
        ),
        web_settings,
        web.framework,
        csp=csp_by_root_path(head, _scripts(application)),
        trusted_proxies=[str(network) for network in settings.trusted_proxies],
    )
    if locks:
        gateway.lock = ProcessLock(
            settings.title, server_address(sys.argv), partial(process_local_reasons, application)
        )
    plugin_services = PluginServices(
        application=application, ui=ui, patches=gateway.patches, errors=gateway.error_responses,
        data=JsonFrontend(), data_transport=NDJSON, settings=web_settings, assets=plugin_assets,
        secret=secrets[0],
    )  # fmt: skip
    connect_plugins(host, gateway, plugin_services)
    web.framework.connect(gateway, web.head)
    for own in services.pages:
        web.framework.add_page(gateway, own)


def _application(services: Services, secrets: list[str], host: PluginHost) -> Application:
    settings = services.settings
    classes = defined_entities() if services.entities is None else services.entities
    stores = {**built_in_stores(settings, services.clock), **services.stores}
    stores = {**package_stores(stores), **stores}

    def registry_of(entities: Iterable[type[Entity]]) -> Registry:
        registry = Registry(
            entities, default_store=settings.default_store, pluralize=inflection.pluralize
        )
        PersistenceManager(registry, stores)  # their stores are known
        return registry

    registry = registry_of(with_plugin_entities(classes, host, registry_of))

    def hub(**guard: Any) -> Hub:
        return Hub(
            max_streams=settings.max_streams,
            max_per_session=settings.max_streams_per_session,
            max_per_address=settings.max_streams_per_address,
            **guard,
        )

    application = Application(
        registry=registry, persistence=PersistenceManager(registry, stores), bus=services.bus,
        policy=services.policy, secret=secrets[-1], cursor_cipher=AesCipher(secrets, "cursor"),
        clock=services.clock, ids=services.ids, hub=hub, reactions=defined_reactions(),
        resources=with_plugin_resources(services.resources, registry, services.policy, host),
        uow_cls=services.uow_cls,
        access_scan_limit=settings.access_scan_limit, heartbeat_s=settings.heartbeat_s,
        texts=services.texts,
    )  # fmt: skip
    application.settings = settings
    return application


def page_head(settings: Settings) -> PageHead:
    """The head of this application's pages; with reload, its build includes the sources' hash."""
    urls, sources = asset_urls(), os.environ.get("STARMODEL_SOURCES")
    assets = {**urls, "build": f"{urls['build']}~{sources}"} if sources else urls
    return PageHead(assets, settings.theme, cdn=settings.assets == "cdn")


def _scripts(application: Application) -> list[str]:
    """The inline scripts of every UI adapter."""
    adapters = dict.fromkeys(resource.ui for resource in application.areas)
    return [script for ui in adapters for script in ui.scripts]


def _site(settings: Settings, head: PageHead, plugin_assets: PluginAssets) -> Site:
    def parts(root_path: str, *, whole: bool) -> str:
        styles = head.html(root_path, whole=whole)
        return head.basics(root_path) + styles + plugin_assets.head(root_path)

    icons = asset_urls().get("icons.svg", "")
    return Site(
        settings.title, parts, head.html_class, icons, settings.max_body_bytes,
        styled_classes=generated_classes, development=settings.env == "development",
    )  # fmt: skip
