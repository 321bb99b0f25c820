"""Jinja templates as the content of pages: entities, signals, actions and components in them."""

from __future__ import annotations

import functools
import inspect
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fastcore.xml import FT, Safe

from starmodel.adapters.ui import components
from starmodel.app.application import Application
from starmodel.app.context import current_context
from starmodel.core.commands import Action
from starmodel.core.entity import Entity
from starmodel.core.errors import ConfigurationError
from starmodel.core.events import ActionFactory
from starmodel.core.signals import Signal

if TYPE_CHECKING:
    from jinja2 import Environment

FOLDER = "templates"
MAX_ENVIRONMENTS = 32
_COMPONENTS = ("chart", "columns", "section", "table", "tile")


def render(template: str, /, **context: Any) -> Any:
    """The HTML of a template, for the result of a page or handler.

    Every value is escaped. An entity declares its signals and is watched, a signal and an action
    are expressions for attributes, and components are rendered: `{{ counter }}`,
    `data-text="{{ Counter.count_signal }}"`, `data-on:click="{{ Counter.increment(1) }}"`. The
    template has the entity classes of the application by name, `tile`, `chart`, `table`,
    `columns` and `section` of `starmodel.ui`, and `url("/reports")`. Templates are trusted code:
    no sandbox limits them.

    Shapes: template is a file in the folder `templates` beside the calling module, else in the
    current folder.
    Raises: ConfigurationError, for a missing template, without jinja2, and outside a request.
    """
    application = _application()
    caller = getattr(inspect.currentframe(), "f_back", None)
    file = "" if caller is None else caller.f_globals.get("__file__")
    beside = Path(file or "").parent / FOLDER
    environment = _environment(str(beside.resolve()), str(Path(FOLDER).resolve()))
    types = {entity_type.cls.__name__: entity_type.cls for entity_type in application.registry}
    parts = {name: getattr(components, name) for name in _COMPONENTS}
    found = _template(environment, template)
    return Safe(found.render({**types, **parts, "url": _url, **context}))


def _template(environment: Environment, name: str) -> Any:
    from jinja2 import TemplateNotFound

    try:
        return environment.get_template(name)
    except TemplateNotFound as error:
        loader: Any = environment.loader
        raise ConfigurationError(
            f"render({name!r}): there is no template {error.name!r} in "
            f"{' or '.join(loader.searchpath)}."
        ) from error


@functools.lru_cache(MAX_ENVIRONMENTS)
def _environment(*folders: str) -> Environment:
    try:
        import jinja2
    except ImportError as error:
        raise ConfigurationError("render() needs Jinja: pip install 'starmodel[jinja]'.") from error
    return jinja2.Environment(
        loader=jinja2.FileSystemLoader(list(dict.fromkeys(folders))),
        autoescape=True,
        finalize=_shown,
        undefined=jinja2.StrictUndefined,
    )


def _shown(value: Any) -> Any:
    """A value of an expression as Jinja renders it, which escapes what is no markup."""
    from markupsafe import Markup, escape

    if isinstance(value, ActionFactory):
        value = value()
    if isinstance(value, Action | Signal):  # an expression, in an attribute
        return escape(str(value))
    if isinstance(value, Entity | FT) or (
        isinstance(value, tuple | list) and any(map(_is_component, value))
    ):
        return Markup(_application().render(value))  # noqa: S704 - its values are escaped
    return "" if value is None else value


def _is_component(value: Any) -> bool:
    return isinstance(value, FT) or (
        not isinstance(value, str | type)
        and (hasattr(value, "__ft__") or hasattr(value, "__html__"))
    )


def _url(path: str) -> str:
    context = current_context.get()
    return f"{(context.root_path or '') if context is not None else ''}{path}"


def _application() -> Application:
    context = current_context.get()
    host = None if context is None else context.host
    if not isinstance(host, Application):
        raise ConfigurationError("render() makes the content of a page; call it in a request.")
    return host
