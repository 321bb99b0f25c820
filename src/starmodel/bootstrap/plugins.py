"""Loads the plugins of an application and connects what they contribute."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any

from starmodel.adapters.ui.skins import PARTS, check_skin
from starmodel.adapters.web.frameworks.route_table import replaced_plugin_routes
from starmodel.adapters.web.gateway import Gateway
from starmodel.adapters.web.pages.plugin_assets import PluginAssets
from starmodel.app.access.policy import AccessPolicy
from starmodel.app.application import Application
from starmodel.app.presentation.areas import Areas
from starmodel.app.presentation.resource import Resource
from starmodel.config import Settings
from starmodel.core.classes.registry import Registry
from starmodel.core.entity import Entity
from starmodel.core.errors import ConfigurationError
from starmodel.plugins.collecting import Contributed
from starmodel.plugins.contributions import Route
from starmodel.plugins.discovery import candidates
from starmodel.plugins.endpoints import Endpoints
from starmodel.plugins.host import PluginHost, load_plugins, note_ignored
from starmodel.plugins.lifecycle import Lifecycle
from starmodel.plugins.loading import PluginOptions, texts_of
from starmodel.plugins.reports import PluginError
from starmodel.texts.catalogue import Catalogue


def plugin_host(settings: Settings, given: Iterable[Any]) -> PluginHost:
    """The plugins of the application: passed in code, in `app/plugins`, and installed.

    Raises: ConfigurationError, for a required plugin that is missing, off or failed, and
    for a name that is both enabled and disabled.
    """
    enabled, disabled = set(settings.plugins_enabled), set(settings.plugins_disabled)
    if both := sorted(enabled & disabled):
        raise ConfigurationError(
            f"The plugin {both[0]!r} is in plugins_enabled and in plugins_disabled. "
            "Remove it from one of them."
        )
    options = PluginOptions(
        enabled=frozenset(enabled),
        disabled=frozenset(disabled),
        required=tuple(settings.plugins_required),
        tables=settings.plugin_settings,
    )
    return load_plugins(candidates(given), options)


def with_plugin_texts(texts: Catalogue, host: PluginHost) -> Catalogue:
    """The catalogue with the texts of loaded plugins.

    Raises: ConfigurationError, for an invalid or unknown text of the application.
    """
    english = {key: text for made in host.loaded for key, text in texts_of(made.plugin).items()}
    try:
        return texts.extended(english, [r.name for r in host.reports if not r.is_loaded])
    except ValueError as error:
        raise ConfigurationError(str(error)) from error


def with_plugin_entities(
    classes: Iterable[type[Entity]],
    host: PluginHost,
    usable: Callable[[list[type[Entity]]], object],
) -> list[type[Entity]]:
    """The classes of the application and of its loaded plugins.

    A class of a plugin that is not loaded is left out. A plugin whose classes collide with
    others is dropped.

    Shapes: usable raises ConfigurationError for classes that can't be served together.
    """
    made = [cls for cls in classes if not cls.model_config.get("plugin")]
    for contributed in list(host.loaded):
        theirs = [cls for cls in contributed.entities if cls not in made]
        try:
            if theirs:
                usable([*made, *theirs])
        except ConfigurationError as error:
            if contributed in host.loaded:
                host.drop(contributed, PluginError(str(error), "Ask its authors to mend it."))
        else:
            made += theirs if contributed in host.loaded else []
    return made


def with_plugin_resources(
    declared: Iterable[Resource], registry: Registry, policy: AccessPolicy, host: PluginHost
) -> list[Resource]:
    """The resources of the application, and those of plugins whose address is valid and free."""
    resources = list(declared)
    for made in host.loaded:
        for resource in made.resources:
            try:
                check_skin(resource.ui)
                Areas(registry, policy, [*resources, resource])
            except ConfigurationError as error:
                note_ignored(made, str(error))
            else:
                resources.append(resource)
    return resources


def served_assets(host: PluginHost) -> PluginAssets:
    """The assets of the plugins; one that can't be served is reported."""
    assets = PluginAssets()
    for made in host.loaded:
        name, urls = made.plugin.name, dict[str, str]()
        for asset in made.assets:
            try:
                urls[asset.path.name] = assets.add(name, asset.path, in_head=asset.in_head)
            except ConfigurationError as error:
                note_ignored(made, str(error))
        made.plugin.asset_urls = urls
    return assets


def plugin_parts(host: PluginHost, own: Any) -> dict[str, Callable[..., Any]]:
    """The parts of pages that plugins replace; the first of two that replace one wins.

    Shapes: own is the application's `ui`, which takes precedence.
    """
    parts: dict[str, Callable[..., Any]] = {}
    owners: dict[str, str] = {}
    for made in host.loaded:
        for name, part in made.ui.items():
            if name not in PARTS or not callable(part):
                note_ignored(
                    made,
                    f"ui() has {name!r}, which is no part with a function; the parts are "
                    f"{', '.join(PARTS)}.",
                )
            elif name in parts:
                note_ignored(made, f"The part {name!r} is replaced by {owners[name]!r} already.")
            elif own is not None and (not isinstance(own, Mapping) or name in own):
                note_ignored(
                    made, f"The part {name!r} is that of create_app(ui=…), which takes precedence."
                )
            else:
                parts[name], owners[name] = part, made.plugin.name
    return parts


def connect_plugins(host: PluginHost, application: Application, gateway: Gateway) -> None:
    """Add routes, slots and lifecycle hooks in the order of the plugins."""
    endpoints = Endpoints(application, gateway.ui, gateway.error_responses)
    for made in host.loaded:
        for route in made.routes:
            _add_route(made, route, gateway, endpoints)
        application.extensions.nav += made.nav
        for content in made.slots:
            try:
                application.extensions.slots.add(made.plugin.name, content)
            except ConfigurationError as error:
                note_ignored(made, str(error))
    application.plugins = host
    host.replaced_routes = partial(replaced_plugin_routes, gateway)
    application.lifecycle = Lifecycle(host)


def _add_route(made: Contributed, route: Route, gateway: Gateway, endpoints: Endpoints) -> None:
    for method in route.methods:
        try:
            gateway.routes.add(method, route.path, endpoints.handler(route), owner=made.plugin.name)
        except ConfigurationError:
            other = gateway.routes.owner(method, route.path)
            note_ignored(made, f"{method} {route.path} is a route of {other} already.")
