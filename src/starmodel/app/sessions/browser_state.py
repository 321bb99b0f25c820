"""The states of browser stores that a request brought, and what became of them."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
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
class BrowserState:
    """The states of browser stores in one request, and their changes.

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

    def check(self, entity: type[Entity], id: Any) -> None:
        """Raises: ConfigurationError, unless this request has the state of that instance."""
        if id != self.visitor or entity.__entity__.name not in self.names:
            raise no_browser_state(entity)

    def take(self) -> dict[str, Kept]:
        """What changed since the last call, by class."""
        names, self.changed = sorted(self.changed), set()
        return {name: self.known[name] for name in names}


def no_browser_state(entity: type[Entity]) -> ConfigurationError:
    """The error for work on a state that is in no request."""
    name = entity.__name__
    return ConfigurationError(
        f"{name} lives in the visitor's browser, and what runs here has no request that brought "
        f"its state. An event gets it by naming it as a parameter ({name.lower()}: {name}); "
        "an @on handler, a task, a script or a route of your own that changes something can't."
    )


NO_BROWSER_STATE = BrowserState()
"""The browser state of code without such a request: every instance is refused."""
