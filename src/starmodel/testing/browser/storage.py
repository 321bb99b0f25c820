"""localStorage and sessionStorage of a visitor, as the page's JavaScript module uses them."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Protocol

from starmodel.testing.browser.datastar.signals import SignalTree
from starmodel.testing.browser.document.dom import by_id

if TYPE_CHECKING:
    from bs4 import Tag

Entry = dict[str, Any]


class LocalStorage:
    """One visitor's localStorage, and the open tabs that receive its `storage` events.

    Shapes: entries are by owner and class name.
    """

    def __init__(self) -> None:
        self.entries: dict[tuple[str, str], Entry] = {}
        self.tabs: list[BrowserStates] = []


class StoringPage(Protocol):
    """A page that renders browser states."""

    signals: SignalTree

    @property
    def soup(self) -> Tag: ...
    @property
    def tokens(self) -> list[str]: ...
    def render_states(self, url: str, payload: dict[str, Any]) -> None: ...


class BrowserStates:
    """The browser states of one tab: restored on load, sent with events, synchronised by tabs."""

    def __init__(self, page: StoringPage, local: LocalStorage) -> None:
        self._page, self._local = page, local
        self._session: dict[tuple[str, str], Entry] = {}
        self._description: dict[str, Any] = {"types": {}}
        self._received: dict[str, dict[str, Any]] = {}
        local.tabs.append(self)

    def load(self) -> None:
        """Parse the page's description of its browser stores, and restore their signals."""
        script = by_id(self._page.soup, "starmodel-states")
        self._description = {"types": {}} if script is None else json.loads(script.get_text())
        self._received = {}
        fallback = by_id(self._page.soup, "starmodel-noscript")
        if fallback is not None:
            fallback.decompose()
        if script is None:
            return
        self._adopt(self._description["owner"], self._description["before"])
        for name in self._description["types"]:
            self._restore(name)

    def refresh(self) -> None:
        """Request the live views that render a stored state."""
        names = self._description.get("shown", [])
        if self._page.tokens and any(map(self._entry, names)):
            payload = {"_browser": self._payload(names)}
            self._page.render_states(self._description["url"], payload)

    def event_payload(self, names: Iterable[str]) -> dict[str, Any]:
        """The states and edited signals that an event on these classes sends."""
        names, signals = list(names), dict[str, Any]()
        for name in names:
            signals |= self._edited_signals(name)
        return {**self._payload(names), "signals": signals}

    def update(self, data: dict[str, str]) -> None:
        """Apply a `datastar-browser-state` event."""
        name, signals = data["name"], json.loads(data["signals"])
        if "state" in data:
            area, key = self._area(name), (self._description["owner"], name)
            area.pop(key, None)
            if data["state"]:
                area[key] = {"state": data["state"], "signals": signals}
        self._set_signals(name, signals)
        if "state" in data and area is self._local.entries:
            for other in self._local.tabs:
                if other is not self:
                    other.on_storage(self._description["owner"], name)

    def on_storage(self, owner: str, name: str) -> None:
        """Handle a `storage` event: another tab has written a state."""
        if owner == self._description.get("owner") and name in self._description["types"]:
            self._restore(name)
            self.refresh()

    def clear(self) -> None:
        """Delete the states of the current owner."""
        for area in (self._local.entries, self._session):
            for key in [key for key in area if key[0] == self._description.get("owner")]:
                del area[key]

    def close(self) -> None:
        """Delete the sessionStorage of a closed tab."""
        self._session.clear()
        if self in self._local.tabs:
            self._local.tabs.remove(self)

    def _adopt(self, owner: str, previous: str) -> None:
        """Delete the states of other owners, except the previous one's, which change owner."""
        for area in (self._local.entries, self._session):
            for entry_owner, name in list(area):
                if entry_owner != owner:
                    entry = area.pop((entry_owner, name))
                    if entry_owner == previous:
                        area.setdefault((owner, name), entry)

    def _area(self, name: str) -> dict[tuple[str, str], Entry]:
        is_local = self._description["types"][name]["local"]
        return self._local.entries if is_local else self._session

    def _entry(self, name: str) -> Entry | None:
        return self._area(name).get((self._description["owner"], name))

    def _payload(self, names: Iterable[str]) -> dict[str, Any]:
        states = {n: entry["state"] for n in names if (entry := self._entry(n))}
        return {"owner": self._description["owner"], "states": states, "page": self._page.tokens}

    def _restore(self, name: str) -> None:
        entry = self._entry(name)
        if entry:
            self._set_signals(name, entry["signals"])

    def _set_signals(self, name: str, signals: dict[str, Any]) -> None:
        received = self._received.get(name, {})
        for key, value in signals.items():
            if key not in received or received[key] != value:
                self._page.signals.set(self._path(name, key), value)
        self._received[name] = dict(signals)

    def _edited_signals(self, name: str) -> dict[str, Any]:
        """The bound signals whose value differs from the stored state."""
        received, edited = self._received.get(name, {}), SignalTree()
        for key in self._description["types"][name]["synced"]:
            path = self._path(name, key)
            if self._page.signals.has(path):
                value = self._page.signals.get(path)
                if key not in received or received[key] != value:
                    edited.set(path, value)
        return edited.tree

    def _path(self, name: str, key: str) -> str:
        return ".".join([*self._description["types"][name]["at"], key])
