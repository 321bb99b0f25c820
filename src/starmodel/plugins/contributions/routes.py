"""Routes of a plugin: its own, and those of each resource."""

from __future__ import annotations

import inspect
import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

from starmodel.app.presentation.resource import ID
from starmodel.app.presentation.resource import Page as PageName
from starmodel.core.errors import ConfigurationError
from starmodel.core.fields.access_rules import AccessRule, check_page_access

METHODS = frozenset({"GET", "POST", "PUT", "PATCH", "DELETE"})
INTERNAL = "/_starmodel"
Need = Literal["read", "write", "endpoint"]
# Browsers resolve the segments "." and "..", so no request has them.
_SEGMENT = r"(?!\.{1,2}(?:/|$))[A-Za-z0-9._~-]+"
_PATH = re.compile(rf"/|(/{_SEGMENT})+")
_BELOW = re.compile(rf"(?:/_[A-Za-z0-9._~-]+|/{re.escape(ID)}/{_SEGMENT})")
_PAGES = get_args(PageName)


@dataclass(frozen=True, slots=True)
class Route:
    """A route of a plugin.

    Shapes: path is absolute, without parameters ("/audit"); below /_starmodel it begins with the
    name of the plugin ("/_starmodel/audit"), and with below=True it serves every path below it
    too. endpoint(exchange) is a coroutine function that gets the HTTP exchange and sends a
    response through it, or returns its content: a `Page`, a component, data for JSON, or a
    `Redirect`. access is a rule, as in `Entity.model_config`, and decided before the endpoint
    runs. is_open is True for a route that is reached without sign-in: neither the middleware nor
    the `before` functions of the application run. has_session is False for an open route that
    neither reads nor sets the session cookie.
    """

    path: str
    endpoint: Callable[..., Awaitable[Any]]
    methods: Sequence[str] = ("GET",)
    access: AccessRule = "signed_in"
    is_open: bool = False
    has_session: bool = True
    below: bool = False

    def __post_init__(self) -> None:
        where = f"Route({self.path!r})"
        if not isinstance(self.path, str) or not _PATH.fullmatch(self.path):
            raise ConfigurationError(
                f"{where}: expected an absolute path without parameters, such as '/reports/data'."
            )
        _check_endpoint(where, self.endpoint, self.methods)
        check_page_access(where, self.access)
        if self.is_open and self.access != "public":
            raise ConfigurationError(
                f"{where}: is_open is True, and access is {self.access!r}. An open route is "
                "reached by everybody; set access='public'."
            )
        if not (self.has_session or self.is_open):
            raise ConfigurationError(
                f"{where}: has_session=False is for open routes; set is_open=True too."
            )
        if self.below and not self.is_internal:
            raise ConfigurationError(
                f"{where}: below=True is for paths of /_starmodel; expected '/_starmodel/NAME'."
            )

    @property
    def is_internal(self) -> bool:
        """Whether the path is one of StarModel's and its plugins' own."""
        return f"{self.path}/".startswith(f"{INTERNAL}/")

    def is_of(self, plugin: str) -> bool:
        """Whether the plugin of this name may have the route."""
        own = f"{INTERNAL}/{plugin}"
        return not self.is_internal or f"{self.path}/".startswith(f"{own}/")


@dataclass(frozen=True, slots=True)
class ResourceRoute:
    """A route below the address of one resource, for `Plugin.resource_routes`.

    Shapes: at is a path below that address, "/_export" for the list or "/{id}/history" for a
    record, or names a generated page ("list", "record"). endpoint(exchange, resource, entity) is
    a coroutine function with the results of a `Route`; entity is the record of the path, the one
    instance of a class without records, and None elsewhere. needs is what the visitor must be
    allowed to do with the class and the entity: by default "read" for GET and "write" for other
    methods; "endpoint" when the endpoint decides, which then gets no entity but the id.
    """

    at: str
    endpoint: Callable[..., Awaitable[Any]]
    methods: Sequence[str] = ("GET",)
    needs: Need | None = None

    def __post_init__(self) -> None:
        where = f"ResourceRoute({self.at!r})"
        is_path = isinstance(self.at, str) and _BELOW.fullmatch(self.at)
        if not (is_path or self.page):
            raise ConfigurationError(
                f"{where}: expected a path such as '/_export' or '/{{id}}/history', or one of the "
                f"pages {', '.join(_PAGES)}."
            )
        _check_endpoint(where, self.endpoint, self.methods)
        if self.needs is not None and self.needs not in get_args(Need):
            raise ConfigurationError(
                f"{where}: needs is {self.needs!r}; expected {', '.join(get_args(Need))} or None."
            )

    @property
    def page(self) -> PageName | None:
        """The generated page that the route serves; None for a route with another path."""
        return self.at if self.at in _PAGES else None  # type: ignore[return-value]

    @property
    def decides(self) -> Need:
        """Who decides access: the rule for reading, that for writing, or the endpoint."""
        return self.needs or ("read" if set(self.methods) == {"GET"} else "write")


@dataclass(frozen=True, slots=True)
class EventRoute:
    """Serves an event that has no route without a plugin: `create`, `update` or `delete`.

    Shapes: event is its name; the URL is that of the event, as in `MountedResource.event_url`.
    """

    event: str


def _check_endpoint(where: str, endpoint: Any, methods: Any) -> None:
    known = isinstance(methods, list | tuple) and set(methods) <= METHODS
    if not known or not methods:
        raise ConfigurationError(
            f"{where}: methods is {methods!r}; expected a list of {', '.join(sorted(METHODS))}."
        )
    if not inspect.iscoroutinefunction(endpoint):
        raise ConfigurationError(
            f"{where}: endpoint is {endpoint!r}; expected a coroutine function."
        )
