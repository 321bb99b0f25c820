"""The description of a failed event for logs and for the developer's error page."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from starmodel.app.commands.command import Command
from starmodel.core.classes.registry import EntityType

Recorded = Callable[[Command], Mapping[str, Any]]


class EventCall(NamedTuple):
    """A request for an event. Shapes: command is None when its arguments were invalid."""

    entity_type: EntityType
    event: Any  # an Event; type checkers would see the descriptor that it is on a class
    id: str
    command: Command | None

    def details(self, recorded: Recorded) -> dict[str, str]:
        """Entity, event and each argument by name, secrets removed."""
        arguments = {name: repr(value) for name, value in self._given(recorded).items()}
        id = f" {self.id}" if self.id else ""
        return {"Entity": f"{self.entity_type.name}{id}", "Event": self.event.name, **arguments}

    def text(self, recorded: Recorded) -> str:
        """The same in one line: "Product:42.adjust_stock(delta=-1)"."""
        given = ", ".join(f"{name}={value!r}" for name, value in self._given(recorded).items())
        id = f":{self.id}" if self.id else ""
        return f"{self.entity_type.name}{id}.{self.event.name}({given})"

    def _given(self, recorded: Recorded) -> Mapping[str, Any]:
        return {} if self.command is None else recorded(self.command)


def text_of(command: Command, recorded: Recorded) -> str:
    """`EventCall.text` for a command."""
    id = str(command.id or "")
    return EventCall(command.entity_type, command.event, id, command).text(recorded)
