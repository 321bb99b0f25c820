"""Loads the plugins of an application, and what they contribute before it exists."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any

from starmodel.adapters.ui.skins import PARTS, check_skin
from starmodel.adapters.web.pages.plugin_assets import PluginAssets
from starmodel.app.access.policy import AccessPolicy
from starmodel.app.presentation.areas import Areas
from starmodel.app.presentation.resource import Resource
from starmodel.config import Settings
from starmodel.core.classes.registry import Registry
from starmodel.core.entity import Entity
from starmodel.core.errors import ConfigurationError
from starmodel.plugins.built_in import built_in_candidates
from starmodel.plugins.discovery import candidates
from starmodel.plugins.host import PluginHost, load_plugins, note_ignored
from starmodel.plugins.loading import PluginOptions, texts_of
from starmodel.plugins.reports import PluginError
from starmodel.plugins.single_parts import package_parts
from starmodel.texts.catalogue import Catalogue


def plugin_host(
    settings: Settings, given: Iterable[Any], enabled: Collection[str] = ()
) -> PluginHost:
    """The plugins of the application: passed in code, in `app/plugins`, installed and built in.

    Shapes: enabled are those that the application switches on and requires, besides those of the
    settings.

    Raises: ConfigurationError, for a required plugin that is missing, off or failed, for
    an essential one that is off, and for a name that is both enabled and disabled.
    """
    disabled = set(settings.plugins_disabled)
    if both := sorted(set(settings.plugins_enabled) & disabled):
        raise ConfigurationError(
            f"The plugin {both[0]!r} is in plugins_enabled and in plugins_disabled. "
            "Remove it from one of them."
        )
    options = PluginOptions(
        enabled=frozenset({*settings.plugins_enabled, *enabled}),
        disabled=frozenset(disabled),
        required=tuple({**dict.fromkeys(settings.plugins_required), **dict.fromkeys(enabled)}),
        tables=settings.plugin_settings,
    )
    return load_plugins(candidates(given, built_in=built_in_candidates()), options)


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
    """The parts of pages that plugins and packages replace; the first of two for one part wins.

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
    taken = {*parts, *(own if isinstance(own, Mapping) else PARTS if own is not None else ())}
    return {**parts, **dict(package_parts(PARTS, taken))}
