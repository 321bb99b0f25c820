"""The states of browser stores that a request brought, and what became of them."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from starmodel.core.entity import Entity
from starmodel.core.errors import ConfigurationError


class Kept(NamedTuple):
    """The newest state of one class in this request.

    Shapes: snapshot is None when nothing is stored (any more); text is what
    the browser is to store.
    """

    snapshot: Entity | None
    text: str = ""


@dataclass(slots=True)
class Carried:
    """What one request knows of its visitor's browser; it is gone when the request is.

    Shapes: visitor is the id of the visitor's instances; names are the
    classes whose state belongs to this request; texts have what was
    stored, by class; page are the tokens of what the page shows.
    """

    visitor: str = ""
    names: Collection[str] = ()
    texts: Mapping[str, Any] = field(default_factory=dict)
    page: Sequence[str] = ()
    known: dict[str, Kept] = field(default_factory=dict)
    changed: set[str] = field(default_factory=set)

    def refuse(self, entity: type[Entity], id: Any) -> None:
        """Raise, unless this request carries that very state."""
        if id != self.visitor or entity.__name__ not in self.names:
            raise not_carried(entity)

    def take(self) -> dict[str, Kept]:
        """What changed since the last call, by class."""
        names, self.changed = sorted(self.changed), set()
        return {name: self.known[name] for name in names}


def not_carried(entity: type[Entity]) -> ConfigurationError:
    """The refusal to work on a state that no request brought."""
    name = entity.__name__
    return ConfigurationError(
        f"{name} lives in the visitor's browser, and what runs here has no request that brought "
        f"its state. An event gets it by naming it as a parameter ({name.lower()}: {name}); "
        "an @on handler, a task, a script or a route of your own that changes something can't."
    )


NOTHING = Carried()
"""What code without such a request has: every state is refused."""

carried: ContextVar[Carried | None] = ContextVar("starmodel_carried", default=None)
"""None while a page is made: its request brings no state, and the page begins with defaults."""
