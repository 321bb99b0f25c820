"""What a plugin adds to an application, as data."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from starmodel.core.fields.entity_config import AccessRule


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


@dataclass(frozen=True, slots=True)
class Asset:
    """A style sheet, script, image or font that the application serves, with a hash in its name.

    Style sheets and scripts (as modules) are loaded by every generated page, unless in_head
    is False.

    Shapes: path is a file of the plugin's package.
    """

    path: Path
    in_head: bool = True


class Page:
    """A page in the shell of the generated pages. Shapes: content is components."""

    def __init__(self, title: str, *content: Any) -> None:
        self.title, self.content = title, content
