"""The generated routes, looked up in a dict; user routes take precedence."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, Protocol

from starmodel.app.presentation.resource import ID, Page
from starmodel.app.queries.record_keys import id_in
from starmodel.core.errors import ConfigurationError

SLASH = "\0"  # no path contains this character
_PARAMETER = re.compile(r"\{[^}]*\}")
Handler = Callable[..., Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Found:
    """A generated route.

    Shapes: template is its path, with `ID` in the place of a record's key; resource is
    None for routes of no resource, event for pages, page for events. has_session is False for
    an open route that needs no session.
    """

    handler: Handler
    template: str
    resource: Any = None  # a MountedResource
    event: Any = None  # an Event; type checkers would see the descriptor on a class
    page: Page | None = None
    owner: str = ""  # the plugin that contributes the route
    is_built_in: bool = False  # of a plugin that is part of StarModel
    has_session: bool = True
    entity_type: Any = field(init=False, default=None)

    def __post_init__(self) -> None:
        if self.resource is not None:
            object.__setattr__(self, "entity_type", self.resource.entity_type)


@dataclass(slots=True)
class _Record:
    """The routes of one record: its path, and one segment below."""

    own: dict[str, Found] = field(default_factory=dict)
    below: dict[str, dict[str, Found]] = field(default_factory=dict)


class Routes:
    """All generated routes of an application, with lookup in constant time."""

    def __init__(self) -> None:
        self._static: dict[str, dict[str, Found]] = {}
        self._records: dict[str, _Record] = {}
        self._below: dict[str, dict[str, Found]] = {}
        self.opened: dict[tuple[str, str], Found] = {}
        """The routes that bypass the user's middleware and guards, by path and method."""

    def add(self, method: str, template: str, handler: Handler, **what: Any) -> None:
        """Add a route: "/products", "/products/{id}" or "/products/{id}/archive".

        Raises: ConfigurationError, for a duplicate.
        """
        base, separator, tail = template.rpartition(f"/{ID}")
        if not separator:
            methods = self._static.setdefault(template, {})
        else:
            record, tail = self._records.setdefault(base, _Record()), tail.removeprefix("/")
            methods = record.below.setdefault(tail, {}) if tail else record.own
        _put(methods, method, Found(handler, template, **what))

    def add_below(self, method: str, path: str, handler: Handler, **what: Any) -> None:
        """Add a route for every path below one of two segments, "/_starmodel/assets".

        Raises: ConfigurationError, for a duplicate.
        """
        _put(self._below.setdefault(path, {}), method, Found(handler, path, **what))

    def open(self, method: str, path: str) -> None:
        """Let a route bypass the user's middleware and guards; GET includes HEAD."""
        found = (self._below.get(path) or self._static[path])[method]
        for name in ("GET", "HEAD") if method == "GET" else (method,):
            self.opened[path, name] = found

    def owner(self, method: str, path: str) -> str:
        """What has the route of a path template, for messages."""
        found = self.at(method, path)
        if found is None or found.is_built_in or not (found.owner or found.resource):
            return "StarModel"
        return f"the plugin {found.owner!r}" if found.owner else str(found.resource.name)

    def find_open(self, path: str, method: str) -> Found | None:
        """The open route of a path below /_starmodel; a route of this very path wins."""
        exact = path in self._static
        return self.opened.get((path if exact else _two_segments(path), method))

    def at(self, method: str, template: str) -> Found | None:
        """The route of this very path template."""
        return next((f for m, p, f in self if (m, p) == (method, template)), None)

    def find(self, path: str) -> tuple[dict[str, Found], str] | None:
        """The routes of a path by method, and the record's id from the path.

        Shapes: path has SLASH for each slash inside an id.
        """
        methods = self._static.get(path)
        if methods is not None:
            return methods, ""
        head, _, tail = path.rpartition("/")
        record = self._records.get(head)
        if record is not None and record.own and tail:
            return record.own, id_in(tail.replace(SLASH, "/"))
        base, _, id = head.rpartition("/")
        record = self._records.get(base)
        if record is not None and id and tail in record.below:
            return record.below[tail], id_in(id.replace(SLASH, "/"))
        methods = self._below.get(_two_segments(path))
        return None if methods is None else (methods, "")

    def find_tidy(self, path: str, method: str) -> tuple[str, tuple[dict[str, Found], str] | None]:
        """The normalised path of one with superfluous slashes, and its routes.

        A page's path may have them between segments; the path of an event or a
        record only at its end.
        """
        tidy = path.rstrip("/")
        if method in ("GET", "HEAD"):
            tidy = re.sub("/{2,}", "/", tidy)
        return tidy, self.find(tidy) if tidy and tidy != path else None

    def find_method(self, path: str, method: str) -> Found | None:
        """The route of a path and method; None when the path has no route of that method."""
        match = self.find(path)
        return None if match is None else match[0].get("GET" if method == "HEAD" else method)

    def __iter__(self) -> Any:
        """Iterate over (method, path template, route), sorted by path."""
        rows = [(m, p, f) for p, methods in self._static.items() for m, f in methods.items()]
        rows += [(m, f"{p}/…", f) for p, methods in self._below.items() for m, f in methods.items()]
        for record in self._records.values():
            rows += [(m, f.template, f) for m, f in record.own.items()]
            rows += [
                (m, f.template, f) for methods in record.below.values() for m, f in methods.items()
            ]
        return iter(sorted(rows, key=lambda row: (row[1], row[0])))


def _two_segments(path: str) -> str:
    """The first two segments of a path: "/_starmodel/assets" of "/_starmodel/assets/x.css"."""
    return "/".join(path.split("/", 3)[:3])


def _put(methods: dict[str, Found], method: str, found: Found) -> None:
    if method in methods:
        path = found.template
        events = [methods[method].event, found.event]
        other, mine = ("a page" if event is None else event.name for event in events)
        raise ConfigurationError(
            f"{method} {path} is asked for twice, by {other!r} and {mine!r}. "
            "Give one of them another path: @event(path=…)."
        )
    methods[method] = found


class Router(Protocol):
    """The framework's router; its route list may change at any time."""

    @property
    def routes(self) -> list[Any]: ...


class UserRoutes:
    """Matches requests against user routes, which always take precedence.

    The user routes that can shadow a generated route are cached until the router changes.
    """

    def __init__(self, router: Router) -> None:
        self._router, self._known = router, {}  # type: ignore[var-annotated]
        self._seen: list[Any] = []

    def take(self, scope: Any, template: str) -> bool:
        """True when one of the user's routes matches the scope's path and method."""
        routes = self._router.routes
        if routes != self._seen:  # compares identical objects without __eq__
            self._known.clear()
            self._seen = list(routes)
        rivals = self._known.get(template)
        if rivals is None:
            rivals = self._known[template] = _rivals(routes, template)
        return bool(rivals) and any(route.matches(scope)[0].value == 2 for route in rivals)


def _rivals(routes: Iterable[Any], template: str) -> tuple[Any, ...]:
    """The routes whose path pattern can overlap a generated path template."""
    ours = template.strip("/").split("/")
    return tuple(
        route
        for route in routes
        if hasattr(route, "routes")  # a mount takes all below it
        or _overlaps(getattr(route, "path", None), ours)
    )


def _overlaps(path: str | None, ours: list[str]) -> bool:
    if path is None or ":path}" in path:
        return True
    parts = path.strip("/").split("/")
    return len(parts) == len(ours) and all(
        a == b or _PARAMETER.search(a) or _PARAMETER.search(b)
        for a, b in zip(parts, ours, strict=True)
    )
