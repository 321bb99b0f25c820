"""Replies: the return value of an event by kind, as serialisable data."""

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
from starmodel.core.events.results import Download, Progress, Redirect, Toast
from starmodel.core.values.json_data import exact_json

# Renders a component of an event as a DOM patch; the string names the event in errors.
Place = Callable[[Any, EventInfo, str], Element]


@dataclass(frozen=True, slots=True)
class Reply:
    """The part of an outcome that only the caller receives.

    Shapes: result is JSON data for API clients; signals are the items of a
    returned dict; shown lists the records whose state they contain, as
    (entity name, id, hidden fields). download is a file that is sent with this reply only;
    file_url is the one-time address from which a page fetches it.
    """

    result: Any = None
    elements: list[Element] = field(default_factory=list)
    toasts: list[Toast] = field(default_factory=list)
    redirect: str | None = None
    progress: Progress | None = None
    signals: dict[str, Any] = field(default_factory=dict)
    shown: list[tuple[str, Any, list[str]]] = field(default_factory=list)
    download: Download | None = None
    file_url: str = ""

    @property
    def is_empty(self) -> bool:
        """True for an event that returned None."""
        return self is NO_REPLY or self == NO_REPLY

    def to_json(self) -> str:
        """Serialise the reply for the idempotency marker."""
        if self.is_empty:
            return "{}"
        stored = dataclasses.asdict(dataclasses.replace(self, download=None, file_url=""))
        return exact_json(stored).decode()

    @classmethod
    def from_json(cls, text: str) -> Reply:
        """Parse the output of `to_json`."""
        data = from_json(text)
        if not data:
            return cls()
        data["elements"] = [Element(**item) for item in data["elements"]]
        data["toasts"] = [Toast(**item) for item in data["toasts"]]
        data["progress"] = None  # the event has finished
        return cls(**data)


NO_REPLY = Reply()


async def reply_to(
    value: Any, info: EventInfo, place: Place, viewer: Viewer, where: str = "An event"
) -> Reply:
    """Build the reply for one returned or yielded value, restricted by the viewer's access.

    Shapes: where names the event in errors.

    Raises: TypeError, for a value that JSON cannot represent;
    ConfigurationError, for a component without a target in the page.
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
    elif isinstance(value, Download):
        parts["download"] = value
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
    if isinstance(value, Entity):  # serialised, even if a framework can render it
        return False
    return hasattr(value, "__ft__") or hasattr(value, "__html__")


def _is_result(value: Any) -> bool:
    return _is_component(value) or isinstance(value, Redirect | Toast | Progress | Download)
