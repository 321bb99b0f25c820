"""The web framework of an application: chosen by name, or recognised by the application's class."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from starlette.applications import Starlette
from starlette.routing import Mount
from starlette.staticfiles import StaticFiles

from starmodel.adapters.frontends.datastar.expressions import script_json, signals_json
from starmodel.adapters.web.frameworks.asgi import AsgiFramework
from starmodel.adapters.web.pages.assets import asset_urls
from starmodel.adapters.web.pages.head import PageHead, application_styles
from starmodel.config import Settings, secret_keys
from starmodel.core.errors import ConfigurationError
from starmodel.texts.catalogue import Catalogue

FASTHTML, STARLETTE = "fasthtml", "starlette"
STATIC_FOLDER = "static"
FASTHTML_ONLY = frozenset(
    {"after", "before", "body_wrap", "exts", "ftrs", "hdrs", "htmlkw", "on_shutdown", "on_startup"}
)
"""Arguments of FastHTML that Starlette lacks."""


class Web(NamedTuple):
    """A framework, and the parts of <head> that each page of a user route begins with."""

    framework: AsgiFramework
    head: Sequence[Callable[[str], str]]


def web_options(name: str, options: dict[str, Any]) -> dict[str, Any]:
    """Remove the arguments of a framework from `options` and return them.

    Raises: ConfigurationError, for one of FastHTML in an application of Starlette.
    """
    if name == FASTHTML:
        from starmodel.adapters.web.frameworks.fasthtml.application import OPTIONS
    else:
        from starmodel.adapters.web.frameworks.starlette.application import OPTIONS

        for wrong in sorted(FASTHTML_ONLY & options.keys()):
            raise ConfigurationError(
                f"{wrong!r} is an option of FastHTML, but web is {name!r}, whose options are "
                f"{', '.join(sorted(OPTIONS))}."
            )
    return {name: options.pop(name) for name in OPTIONS & options.keys()}


def new_web(
    settings: Settings, head: PageHead, texts: Catalogue, options: Mapping[str, Any]
) -> Web:
    """A new application of the framework that the settings name, with its static files."""
    language = first_language(settings, texts)
    styles = application_styles(asset_urls(), settings.env == "development")
    framework: AsgiFramework
    if settings.web == FASTHTML:
        from starmodel.adapters.web.frameworks.fasthtml.application import new_application

        title, secret = settings.title, secret_keys(settings)[0]
        app = new_application(title, secret, head.html_class, language, dict(options))
        framework = _fasthtml(app)
    else:
        from starmodel.adapters.web.frameworks.starlette import application as starlette

        framework = starlette.StarletteFramework(
            starlette.StarletteApp(**options), head.imports,
            html_class=head.html_class, language=language,
        )  # fmt: skip
    if os.path.isdir(STATIC_FOLDER):
        files = Mount("/static", StaticFiles(directory=STATIC_FOLDER), name="static")
        framework.router.routes.append(files)
    return Web(framework, [head.basics, head.html, styles])


def first_language(settings: Settings, texts: Catalogue) -> str:
    """The `lang` of pages outside any request."""
    first = settings.languages[0]
    return texts.text("page.language") if first == "en" else first


def existing_web(app: Any, head: PageHead, language: str) -> Web:
    """The framework of an existing application, whose pages keep their style sheets.

    Raises: ConfigurationError, for an application of another framework.
    """
    fasthtml = sys.modules.get("fasthtml.core")  # loaded, if the application is of its class
    if fasthtml is not None and isinstance(app, fasthtml.FastHTML):
        return Web(_fasthtml(app), [head.imports])
    if isinstance(app, Starlette):
        from starmodel.adapters.web.frameworks.starlette.application import StarletteFramework

        framework = StarletteFramework(app, head.imports, language=language)
        return Web(framework, [head.basics, head.imports])
    raise ConfigurationError(
        f"configure_app() got a {type(app).__name__}; it takes an application of FastHTML or "
        "Starlette. Mount the one of create_app() in yours instead: "
        "routes=[Mount('/live', create_app())]."
    )


def check_debug(web: Web, settings: Settings) -> None:
    """Raises: ConfigurationError, for `debug` in production, which shows tracebacks to all."""
    if settings.env == "production" and web.framework.app.debug:
        raise ConfigurationError(
            "The application has debug=True, and env is 'production': every visitor would see "
            "tracebacks. Remove debug; the log has them."
        )


def _fasthtml(app: Any) -> AsgiFramework:
    from starmodel.adapters.web.frameworks.fasthtml.application import FastHTMLFramework
    from starmodel.adapters.web.frameworks.fasthtml.components import configure_components

    configure_components(script_json, signals_json)
    return FastHTMLFramework(app)
