"""The *host* of an entity class: the application that serves it.

`objects`, `get`, `dispatch` and rendered actions call the host: the
application whose request is being handled, else the application that
registered the class last.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Collection, Sequence
from contextvars import ContextVar
from typing import Any, Protocol, TypeVar
from weakref import WeakKeyDictionary

from starmodel.core import context_variable
from starmodel.core.errors import ConfigurationError
from starmodel.core.snapshot import Snapshot
from starmodel.texts.language import Language

E = TypeVar("E", bound=Snapshot)


class Objects(Protocol[E]):
    """The query interface of one entity class, for trusted code."""

    async def get(self, id: Any, *, load: str | Sequence[str] = ()) -> E:
        """The record, with these relations loaded. Raises: NotFoundError."""

    async def find(self, id: Any, *, load: str | Sequence[str] = ()) -> E | None:
        """The record, with these relations loaded; or None."""

    async def list(self, **filters: Any) -> list[E]:
        """The records of a query such as `price__lt=5`; also search, order, limit, load, …"""

    def stream(self, **filters: Any) -> AsyncGenerator[E, None]:
        """An async iterator over the records of a query; also search, order, batch, load."""

    async def count(self, **filters: Any) -> int:
        """The number of records that match a query."""

    async def create(self, **values: Any) -> E:
        """Store a new record by its `create` event."""


class ObjectsOf:
    """`Product.objects`: the records of the class, from its host."""

    def __get__(self, instance: Any, owner: type[E]) -> Objects[E]:
        return host_of(owner).objects(owner)  # type: ignore[no-any-return]


class Host(Protocol):
    """The protocol of applications, as far as entities call them.

    Shapes: entity is an entity class, or a record in `show`, `namespace` and `meets`; entities
    are records of one class, and `meeting` returns the ids of some;
    action is an `Action`; condition is one of an access rule.
    Units: clock returns seconds since the epoch.
    """

    @property
    def clock(self) -> Callable[[], float]: ...
    def objects(self, entity: Any) -> Any: ...
    async def own(self, entity: Any, request: Any) -> Any: ...
    async def meets(self, condition: Any, entity: Any) -> bool: ...
    async def meeting(self, condition: Any, entities: Any) -> Collection[Any]: ...
    def render_action(self, action: Any) -> str: ...
    def has(self, entity: Any) -> bool: ...
    def show(self, entity: Any, view: str = "") -> str: ...
    def show_query(self, records: Any, view: str) -> None: ...
    def namespace(self, entity: Any) -> str: ...
    def live_part(self, view: Any, entity: Any) -> Any: ...


class Context(Protocol):
    """The part of the request context that the domain reads."""

    @property
    def host(self) -> Host | None: ...
    @property
    def language(self) -> Language | None: ...


current_context: ContextVar[Context | None] = context_variable.current_context
_hosts: WeakKeyDictionary[type[Snapshot], Host] = WeakKeyDictionary()


def current_host() -> Host | None:
    """The application whose request is being handled; None outside any request."""
    context = current_context.get()
    return None if context is None else context.host


def set_host(entity: type[Snapshot], host: Host) -> None:
    """Make `host` the host of a class outside any request."""
    _hosts[entity] = host


def host_of(entity: type[Snapshot]) -> Host:
    """The host of a class in the current context.

    Raises: ConfigurationError, when no application has the class.
    """
    host = current_host()
    if host is not None and host.has(entity):
        return host
    host = _hosts.get(entity)
    if host is None:
        raise ConfigurationError(
            f"{entity.__name__} belongs to no application yet. "
            f"Call create_app() first, or pass create_app(entities=[{entity.__name__}])."
        )
    return host
