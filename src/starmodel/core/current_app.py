"""How a class finds the application that runs it.

An entity class depends on no store and no server. `objects`, `get`,
`dispatch` and rendered actions call the *host*: the application whose
request is being handled, else the one that registered the class last.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, Protocol, TypeVar
from weakref import WeakKeyDictionary

from starmodel.core.errors import ConfigurationError

if TYPE_CHECKING:
    from starmodel.core.commands import Action
    from starmodel.core.entity import Entity


E = TypeVar("E", bound="Entity")


class Objects(Protocol[E]):
    """The records of one class, for trusted code."""

    async def get(self, id: Any, *, load: str | Sequence[str] = ()) -> E:
        """The record, with these relations loaded. Raises: NotFoundError."""

    async def find(self, id: Any, *, load: str | Sequence[str] = ()) -> E | None:
        """The record, with these relations loaded; or None."""

    async def list(self, **filters: Any) -> list[E]:
        """The records that match, such as `price__lt=5`; also search, order, limit, load, …"""

    def stream(self, **filters: Any) -> AsyncGenerator[E, None]:
        """The records that match, read some at a time; also search, order, batch, load."""

    async def count(self, **filters: Any) -> int:
        """How many records match."""

    async def create(self, **values: Any) -> E:
        """Store a new record by its `create` event."""


class ObjectsOf:
    """`Product.objects`, found in the application that answers for the class."""

    def __get__(self, instance: Any, owner: type[E]) -> Objects[E]:
        return host_of(owner).objects(owner)  # type: ignore[no-any-return]


class Host(Protocol):
    """The part of an application that entity classes call."""

    def objects(self, entity: type[Entity]) -> Any: ...
    async def own(self, entity: type[Entity], request: Any) -> Any: ...
    def render_action(self, action: Action) -> str: ...
    def has(self, entity: type[Entity]) -> bool: ...
    def show(self, entity: Entity, view: str = "") -> str: ...
    def live_part(self, view: Any, entity: Entity) -> Any: ...
    def namespace(self, entity: Entity) -> str: ...


class Context(Protocol):
    """The part of the current context that the domain reads."""

    @property
    def host(self) -> Host | None: ...


current_context: ContextVar[Context | None] = ContextVar("starmodel_context", default=None)
_hosts: WeakKeyDictionary[type[Entity], Host] = WeakKeyDictionary()


def current_host() -> Host | None:
    """The application whose request is being handled; None outside any request."""
    context = current_context.get()
    return None if context is None else context.host


def adopt(entity: type[Entity], host: Host) -> None:
    """Make `host` the application that answers for a class outside any request."""
    _hosts[entity] = host


def host_of(entity: type[Entity]) -> Host:
    """The application that answers for a class here and now.

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
