"""Actions (what a click will dispatch), records (the request to run one event), outcomes."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, NamedTuple

from pydantic_core import from_json

from starmodel.core.current_app import host_of
from starmodel.core.snapshot import Snapshot
from starmodel.core.values.json_data import exact_json, json_data

_PLAIN = (str, int, float, bool, type(None))
_TYPES: dict[str, Any] = {
    "id": str,
    "entity": str,
    "event": str,
    "args": dict,
    "actor": str | None,
    "session": str | None,
    "at": float | int,
    "version": int,
}


@dataclass(frozen=True, slots=True)
class Action:
    """One event of one entity with its arguments, as serialisable data.

    Rendered in a page it becomes what a click will send; given to
    `dispatch` it is run by code.

    Shapes: id is the record's id, or None for the visitor's own instance.
    """

    entity: type[Snapshot]
    event: str
    args: dict[str, Any] = field(default_factory=dict)
    id: Any = None

    def __html__(self) -> str:
        return host_of(self.entity).render_action(self)

    def __str__(self) -> str:
        return self.__html__()


def plain(value: Any) -> Any:
    """The value as JSON data; secrets are masked by pydantic's own serialisation."""
    return value if type(value) in _PLAIN else json_data(value, fallback=repr)


class CommandRecord(NamedTuple):
    """The request to run one event once: what is queued, stored and replayed.

    Shapes: entity is "Product:42", or "Counter" for the visitor's own;
    args are JSON data by parameter name; actor and session are ids.
    Units: at is seconds since the epoch; version is what the event read, 0 if unknown.
    """

    id: str
    entity: str
    event: str
    args: dict[str, Any]
    actor: str | None
    session: str | None
    at: float
    version: int = 0

    def reading(self, version: int) -> CommandRecord:
        """This record with the version that its event reads."""
        return CommandRecord(
            self.id, self.entity, self.event, self.args, self.actor, self.session, self.at, version
        )

    def to_json(self) -> str:
        """Serialise the record as a JSON object."""
        return exact_json(self._asdict()).decode()

    @classmethod
    def from_json(cls, text: str | bytes) -> CommandRecord:
        """Parse the output of `to_json`. Raises: ValueError, for any other text."""
        data = from_json(text)
        if not isinstance(data, dict) or data.keys() != _TYPES.keys():
            raise ValueError(f"Not a command record; expected the keys {', '.join(_TYPES)}.")
        for name, entity_type in _TYPES.items():
            if not isinstance(data[name], entity_type):
                raise ValueError(f"Not a command record; its {name} is {data[name]!r}.")
        return cls(**data)
