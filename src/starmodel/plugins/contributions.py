"""What a plugin adds to an application, as data."""

from __future__ import annotations

import inspect
import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from starmodel.core.errors import ConfigurationError
from starmodel.core.fields.entity_config import AccessRule, check_page_access

METHODS = frozenset({"GET", "POST", "PUT", "PATCH", "DELETE"})
_PATH = re.compile(r"/|(/[A-Za-z0-9._~-]+)+")


@dataclass(frozen=True, slots=True)
class Route:
    """A route of a plugin.

    Shapes: path is absolute, without parameters ("/audit"); endpoint(exchange) is a
    coroutine function that gets the HTTP exchange and sends a response through it, or
    returns what `respond` converts: a `Page`, a component, data for JSON, or a `Redirect`.
    access is a rule, as in `Entity.model_config`, and decided before the endpoint runs.
    """

    path: str
    endpoint: Callable[..., Awaitable[Any]]
    methods: Sequence[str] = ("GET",)
    access: AccessRule = "signed_in"

    def __post_init__(self) -> None:
        where = f"Route({self.path!r})"
        if not isinstance(self.path, str) or not _PATH.fullmatch(self.path):
            raise ConfigurationError(
                f"{where}: expected an absolute path without parameters, such as '/reports/data'."
            )
        if f"{self.path}/".startswith("/_starmodel/"):
            raise ConfigurationError(f"{where}: /_starmodel is reserved; use another path.")
        known = isinstance(self.methods, list | tuple) and set(self.methods) <= METHODS
        if not known or not self.methods:
            raise ConfigurationError(
                f"{where}: methods is {self.methods!r}; expected a list of "
                f"{', '.join(sorted(METHODS))}."
            )
        if not inspect.iscoroutinefunction(self.endpoint):
            raise ConfigurationError(
                f"{where}: endpoint is {self.endpoint!r}; expected a coroutine function."
            )
        check_page_access(where, self.access)


@dataclass(frozen=True, slots=True)
class Asset:
    """A style sheet, script, image or font that the application serves, with a hash in its name.

    Style sheets and scripts (as modules) are loaded by every generated page, unless in_head
    is False.

    Shapes: path is a file of the plugin's package.
    """

    path: Path
    in_head: bool = True

    def __post_init__(self) -> None:
        if not isinstance(self.path, Path):
            raise ConfigurationError(
                f"Asset({self.path!r}): expected a Path, such as "
                "Path(__file__).with_name('style.css')."
            )


class Page:
    """A page in the shell of the generated pages.

    Shapes: title may be a `Message`, such as `self.text("title")` of the plugin; content is
    components.
    """

    def __init__(self, title: str, *content: Any) -> None:
        self.title, self.content = title, content
