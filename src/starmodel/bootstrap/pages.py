"""The UI adapters of an application's resources."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from starmodel.adapters.ui.franken.adapter import FrankenUI
from starmodel.adapters.ui.skins import skin
from starmodel.app.application import Application
from starmodel.app.context import speaking
from starmodel.app.live.views import LiveView
from starmodel.app.presentation.frontend import Frontend
from starmodel.app.presentation.languages import VisitorUI
from starmodel.app.presentation.resource import MountedResource
from starmodel.app.presentation.ui import Services, Site, UIAdapter
from starmodel.core.errors import ConfigurationError
from starmodel.core.translations import translated
from starmodel.texts.language import Language

MakeUI = Callable[[Services, Sequence[MountedResource]], UIAdapter]
UIOption = MakeUI | Mapping[str, Callable[..., Any]]


def render_pages(
    application: Application,
    frontend: Frontend,
    site: Site,
    ui: UIOption | None,
    plugin_parts: Mapping[str, Callable[..., Any]],
) -> UIAdapter:
    """Make the application's UI adapter, and one for each skin of its resources.

    Parts of plugins are replaced in the default adapter; `ui` takes precedence.
    Returns the application's, which renders the start page, messages and errors too.

    Raises: ConfigurationError, for an unknown part of a skin.
    """
    base = _maker(ui, skin(FrankenUI, plugin_parts) if plugin_parts else FrankenUI)
    by_skin: dict[int, tuple[MakeUI, list[MountedResource]]] = {id(None): (base, [])}
    areas = application.areas
    for resource in areas:
        declared = areas.declared(resource)
        own: UIOption | None = None if declared is None else declared.ui
        if id(own) not in by_skin:
            by_skin[id(own)] = (_maker(own, base), [])
        by_skin[id(own)][1].append(resource)
    adapters = []
    for make, resources in by_skin.values():
        adapters.append(_in_each_language(application, frontend, site, make, resources))
        areas.render_with(adapters[-1], resources)
    application.ui = adapters[0]
    return adapters[0]


def _in_each_language(
    application: Application,
    frontend: Frontend,
    site: Site,
    make: MakeUI,
    resources: Sequence[MountedResource],
) -> UIAdapter:
    """The adapter of the application's language; one that chooses among those of several."""
    languages = application.languages
    if languages is None:
        return make(_services(application, frontend, site), resources)
    adapters = {}
    for language in languages:
        with speaking(language):
            services = _services(application, frontend, site, language)
            adapters[language.code] = make(services, resources)
    chosen: UIAdapter = VisitorUI(languages, adapters)
    return chosen


def _services(
    application: Application, frontend: Frontend, site: Site, language: Language | None = None
) -> Services:
    """What an adapter renders with, in one language."""
    code = None if language is None else language.code
    dispatcher = application.dispatcher

    def register(view: LiveView) -> None:
        application.views[code, view.name] = view

    return Services(
        replace(site, title=translated(site.title)), application.own_texts, application.areas,
        frontend,
        lambda entity_type, event: dispatcher.binders[entity_type.cls, event.name],
        dispatcher.runs_at_once, register, application.extensions,
        application.choices, application.sorts_by, application.navigation,
        application.languages, language,
    )  # fmt: skip


def _maker(option: UIOption | None, base: MakeUI) -> MakeUI:
    """The class or function that makes a UI adapter; `base` with replaced parts for a mapping."""
    if option is None:
        return base
    if not isinstance(option, Mapping):
        if not callable(option):
            raise ConfigurationError(
                f"ui is {option!r}; expected a class of UI adapters, or parts by name, such as "
                "{'record.detail': function}."
            )
        return option
    if not isinstance(base, type):
        raise ConfigurationError(
            f"ui replaces the parts {', '.join(option)}, which takes a class of UI adapters, "
            f"not {base!r}."
        )
    replaced: MakeUI = skin(base, option)
    return replaced
