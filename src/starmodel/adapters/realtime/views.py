"""How viewers are shown an entity: as signals, or as a rendered part of the page."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from starmodel.adapters.realtime.datastar import (
    patch_elements,
    patch_state,
    signals_of,
)
from starmodel.app.elements import Element
from starmodel.app.live import LiveView
from starmodel.app.messages import Changed
from starmodel.core.entity import Entity, stored

REMOVED = b'event: datastar-patch-elements\ndata: elements <p id="starmodel-status" role="status">'


@dataclass(frozen=True, slots=True)
class SignalsView:
    """The entity's signals under one namespace."""

    namespace: str
    names: tuple[str, ...]
    declared: frozenset[str] = frozenset()

    def encode(self, message: Changed, *, full: bool) -> bytes:
        if message.state is None:
            return removed(message)
        names = self.names if full else [n for n in self.names if n in message.fields]
        signals = signals_of(names, message.state, self.declared)
        version = f"{self.namespace or message.entity} {message.version}"
        return patch_state(self.namespace, signals, version=version)


@dataclass(frozen=True, slots=True)
class PartView:
    """A live view, rendered from the message's public state alone."""

    view: LiveView
    root_path: str
    render: Callable[[Any, str], str]

    def encode(self, message: Changed, *, full: bool) -> bytes:
        if message.state is None:
            return b""
        entity = entity_of(self.view.entity, message)
        return patch_elements(Element(self.render(self.view.render(entity), self.root_path)))


def removed(message: Changed) -> bytes:
    """The notice that an entity is gone; what was typed stays on the page."""
    what = "was removed" if message.kind == "deleted" else "has expired"
    return REMOVED + f"This {message.entity} {what}.</p>\n\n".encode()


def entity_of(cls: type[Entity], message: Changed) -> Entity:
    """A snapshot with the message's public fields; private ones have their defaults."""
    from starmodel.app.scopes import default_snapshot

    made = default_snapshot(cls, message.id)
    state = message.state or {}
    values = {n: v for n, v in state.items() if n in cls.__pydantic_fields__}
    validated = cls.__pydantic_validator__.validate_python(
        {**made.__dict__, **values}, by_name=True, by_alias=False
    )
    return stored(validated, message.version)
