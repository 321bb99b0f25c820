"""Encoders of change messages as JSON data, in the form of the JSON API."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from starmodel.app.live.live_list import ListChanged, ListClosed
from starmodel.app.ports.messages import Changed
from starmodel.app.queries.listing import Listing, Window
from starmodel.core.commands import plain
from starmodel.core.entity import Entity
from starmodel.core.public_state import public_state
from starmodel.core.snapshot import version_of


@dataclass(frozen=True, slots=True)
class EntityView:
    """Encodes the public fields of an entity. A patch replaces whole fields."""

    def encode(self, message: Changed, *, full: bool) -> Sequence[dict[str, Any]]:
        state, version = message.state, message.version
        if state is None:
            return [{"type": message.kind, "topic": message.topic, "version": version}]
        hidden = message.hidden
        if hidden:
            state = {name: value for name, value in state.items() if name not in hidden}
        # After its expiry an instance has the default of each field, unnamed extra ones included.
        if full or message.kind == "expired":
            return [
                {"type": "snapshot", "topic": message.topic, "version": version, "state": state}
            ]
        return [
            {
                "type": "patch",
                "version": version,
                "base": message.base,
                "set": {name: state[name] for name in message.fields if name in state},
                "unset": [n for n in message.fields if n not in state and n not in hidden],
            }
        ]


@dataclass(frozen=True, slots=True)
class ListView:
    """Encodes the window of a list. A patch has the members that changed, and whole rows."""

    listing: Listing

    def encode(self, message: ListChanged | ListClosed, *, full: bool) -> Sequence[dict[str, Any]]:
        if isinstance(message, ListClosed):
            return [{"type": "closed", "topic": message.topic, "version": message.version}]
        window, before = message.state, message.before
        if full or before is None:
            items = [public_state(entity) for entity in window.entities]
            head = {"type": "snapshot", "topic": message.topic, "version": message.version}
            return [{**head, "items": items, "page": self.listing.page, **self._counts(window)}]
        sent = {entity.id: version_of(entity) for entity in before.entities}
        changed = [e for e in window.entities if sent.pop(e.id, None) != version_of(e)]
        patch = {
            "type": "patch",
            "version": message.version,
            "base": message.base,
            "items": [public_state(entity) for entity in changed],
            "removed": [plain(id) for id in sent],
        }
        order = _ids(window.entities)
        if order != _ids(before.entities):
            patch["order"] = order
        counts = self._counts(before)
        patch |= {name: n for name, n in self._counts(window).items() if counts.get(name) != n}
        return [patch]

    def _counts(self, window: Window) -> dict[str, int | None]:
        total = {} if window.total is None else {"total": window.total}
        return {"next": self.listing.page + 1 if window.more else None, **total}


def _ids(entities: Sequence[Entity]) -> list[Any]:
    return [plain(entity.id) for entity in entities]
