"""What an event returned, sorted into what its caller is to see; plain data that can be kept."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic_core import from_json

from starmodel.app.access.disclosure import Viewer
from starmodel.app.commands.elements import Element
from starmodel.core.entity import Entity
from starmodel.core.events import EventInfo
from starmodel.core.results import Progress, Redirect, Toast
from starmodel.core.values.json_data import json_bytes

# A component, the event that returned it and its name for errors, as a patch of the page.
Place = Callable[[Any, EventInfo, str], Element]


@dataclass(frozen=True, slots=True)
class Reply:
    """All that is addressed to the caller alone.

    Shapes: result is JSON data for an API caller; signals are extra ones
    that the event returned as a dict; shown names the records whose state
    is in them, as (entity name, id) pairs.
    """

    result: Any = None
    elements: list[Element] = field(default_factory=list)
    toasts: list[Toast] = field(default_factory=list)
    redirect: str | None = None
    progress: Progress | None = None
    signals: dict[str, Any] = field(default_factory=dict)
    shown: list[tuple[str, Any]] = field(default_factory=list)

    @property
    def is_empty(self) -> bool:
        """True when there is nothing to tell the caller but that it worked."""
        return self is NO_REPLY or self == NO_REPLY

    def to_json(self) -> str:
        """This reply as text, to be kept with an idempotency marker."""
        if self.is_empty:
            return "{}"
        return json_bytes(dataclasses.asdict(self)).decode()

    @classmethod
    def from_json(cls, text: str) -> Reply:
        """The reply that `to_json` wrote."""
        data = from_json(text)
        if not data:
            return cls()
        data["elements"] = [Element(**item) for item in data["elements"]]
        data["toasts"] = [Toast(**item) for item in data["toasts"]]
        data["progress"] = None  # the event is over
        return cls(**data)


NO_REPLY = Reply()


async def reply_to(
    value: Any, info: EventInfo, place: Place, viewer: Viewer, where: str = "An event"
) -> Reply:
    """Sort one returned or yielded value into what the viewer may be sent.

    Shapes: where names the event in errors.

    Raises: TypeError, for what JSON can't say; ConfigurationError, for a
    component that the page has no place for.
    """
    if value is None:
        return NO_REPLY
    parts: dict[str, Any] = {}
    await _sort(value, info, place, viewer, parts, where)
    return Reply(**parts, shown=viewer.shown)


async def _sort(
    value: Any,
    info: EventInfo,
    place: Place,
    viewer: Viewer,
    parts: dict[str, Any],
    where: str,
) -> None:
    if isinstance(value, Redirect) or type(value).__name__ == "Redirect":
        parts["redirect"] = value.url if isinstance(value, Redirect) else value.loc
    elif isinstance(value, Progress):
        parts["progress"] = value
    elif isinstance(value, Toast):
        parts.setdefault("toasts", []).append(value)
    elif "fh-toast" in str(getattr(value, "attrs", {}).get("class", "")).split():
        kind = value.attrs["class"].rpartition("fh-toast-")[2] or "info"
        parts.setdefault("toasts", []).append(Toast(str(value.children[0].children[0]), kind))
    elif isinstance(value, Entity):
        parts["result"] = await viewer.state_of(value)
    elif _is_component(value):
        parts.setdefault("elements", []).append(place(value, info, where))
    elif isinstance(value, list | tuple) and any(map(_is_result, value)):
        for item in value:
            await _sort(item, info, place, viewer, parts, where)
    elif isinstance(value, Mapping):
        data = await viewer.json_of(value)
        parts["result"] = data
        parts["signals"] = {**parts.get("signals", {}), **data}
    else:
        parts["result"] = await viewer.json_of(value)


def _is_component(value: Any) -> bool:
    if isinstance(value, Entity):  # data, also where a framework can render it
        return False
    return hasattr(value, "__ft__") or hasattr(value, "__html__")


def _is_result(value: Any) -> bool:
    return _is_component(value) or isinstance(value, Redirect | Toast | Progress)
