"""localStorage and sessionStorage of a visitor, as the page's own module uses them."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Protocol

from starmodel.testing.browser.dom import by_id
from starmodel.testing.browser.signals import SignalTree

if TYPE_CHECKING:
    from bs4 import Tag

Entry = dict[str, Any]


class Storage:
    """One visitor's localStorage, and the open tabs that follow it.

    Shapes: entries are by owner and class.
    """

    def __init__(self) -> None:
        self.entries: dict[tuple[str, str], Entry] = {}
        self.followers: list[KeptStates] = []


class Kept(Protocol):
    """What the states need of their page."""

    signals: SignalTree

    @property
    def soup(self) -> Tag: ...

    def show_states(self, url: str, sent: dict[str, Any]) -> None: ...
    @property
    def tokens(self) -> list[str]: ...


class KeptStates:
    """The states of browser stores in one tab: restored, sent along, followed."""

    def __init__(self, page: Kept, local: Storage) -> None:
        self._page, self._local = page, local
        self._session: dict[tuple[str, str], Entry] = {}
        self._about: dict[str, Any] = {"types": {}}
        self._known: dict[str, dict[str, Any]] = {}
        local.followers.append(self)

    def load(self) -> None:
        """Read what a new page says of its stores, and restore what is kept for its visitor."""
        told = by_id(self._page.soup, "starmodel-states")
        self._about = {"types": {}} if told is None else json.loads(told.get_text())
        self._known = {}
        excuse = by_id(self._page.soup, "starmodel-excuse")
        if excuse is not None:
            excuse.decompose()
        if told is None:
            return
        owner, before = self._about["owner"], self._about["before"]
        for area in (self._local.entries, self._session):
            for whose, name in list(area):
                if whose != owner:
                    entry = area.pop((whose, name))
                    if whose == before:
                        area.setdefault((owner, name), entry)
        for name in self._about["types"]:
            self._restore(name)

    def refresh(self) -> None:
        """Ask the server for the parts that show a state, when there is one."""
        names = self._about.get("shown", [])
        if self._page.tokens and any(map(self._entry, names)):
            self._page.show_states(self._about["url"], {"_browser": self._carried(names)})

    def sent(self, names: Iterable[str]) -> dict[str, Any]:
        """What an event that needs these classes is sent besides its arguments."""
        names, signals = list(names), dict[str, Any]()
        for name in names:
            signals |= self._typed(name)
        return {**self._carried(names), "signals": signals}

    def take(self, data: dict[str, str]) -> None:
        """What a reply says of one class."""
        name, signals = data["name"], json.loads(data["signals"])
        if "state" in data:
            area, key = self._area(name), (self._about["owner"], name)
            area.pop(key, None)
            if data["state"]:
                area[key] = {"state": data["state"], "signals": signals}
        self._put(name, signals)
        if "state" in data and area is self._local.entries:
            for other in self._local.followers:
                if other is not self:
                    other.follow(self._about["owner"], name)

    def follow(self, owner: str, name: str) -> None:
        """Another tab has stored something."""
        if owner == self._about.get("owner") and name in self._about["types"]:
            self._restore(name)
            self.refresh()

    def forget(self) -> None:
        for area in (self._local.entries, self._session):
            for key in [key for key in area if key[0] == self._about.get("owner")]:
                del area[key]

    def leave(self) -> None:
        """The tab is closed: its own storage goes with it."""
        self._session.clear()
        if self in self._local.followers:
            self._local.followers.remove(self)

    def _area(self, name: str) -> dict[tuple[str, str], Entry]:
        return self._local.entries if self._about["types"][name]["local"] else self._session

    def _entry(self, name: str) -> Entry | None:
        return self._area(name).get((self._about["owner"], name))

    def _carried(self, names: Iterable[str]) -> dict[str, Any]:
        states = {n: entry["state"] for n in names if (entry := self._entry(n))}
        return {"owner": self._about["owner"], "states": states, "page": self._page.tokens}

    def _restore(self, name: str) -> None:
        entry = self._entry(name)
        if entry:
            self._put(name, entry["signals"])

    def _put(self, name: str, signals: dict[str, Any]) -> None:
        known = self._known.get(name, {})
        fresh = {k: v for k, v in signals.items() if k not in known or known[k] != v}
        for key, value in fresh.items():
            self._page.signals.set(self._path(name, key), value)
        self._known[name] = dict(signals)

    def _typed(self, name: str) -> dict[str, Any]:
        """The bound values that differ from what is stored."""
        known, tree = self._known.get(name, {}), SignalTree()
        for key in self._about["types"][name]["synced"]:
            path = self._path(name, key)
            if self._page.signals.has(path):
                value = self._page.signals.get(path)
                if key not in known or known[key] != value:
                    tree.set(path, value)
        return tree.tree

    def _path(self, name: str, key: str) -> str:
        return ".".join([*self._about["types"][name]["at"], key])
