"""A browser's own storage, and the entities of a page that live in it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any

from starmodel.testing.dom import by_id
from starmodel.testing.signals import SignalTree

if TYPE_CHECKING:
    from bs4 import BeautifulSoup

Area = dict[str, str]


class BrowserStores:
    """The states that one page keeps: in `local`, which tabs share, and in `session`, its own.

    Shapes: what is stored is the server's own text beside the signals that
    show it, under a name that only the owner's pages use.
    """

    def __init__(self, local: Area) -> None:
        self.local, self.session = local, Area()
        self._about: dict[str, Any] = {}
        self._types: dict[str, Any] = {}
        self._signals = SignalTree()
        self._known: dict[str, dict[str, Any]] = {}

    @property
    def url(self) -> str:
        """Where the page tells the server what it has."""
        return str(self._about["url"])

    def start(self, soup: BeautifulSoup, signals: SignalTree) -> None:
        """Take over what a new page says of them, and put what is stored into its signals."""
        told = by_id(soup, "starmodel-states")
        self._about = {} if told is None else json.loads(told.get_text())
        self._types, self._signals = self._about.get("types", {}), signals
        self._known = {}
        self._adopt()
        self.restore(self._types)

    def restore(self, names: Iterable[str]) -> None:
        """Show what is stored."""
        for name in names:
            if entry := self._read(name):
                self._put(name, entry["signals"])

    def shared(self) -> list[str]:
        """The classes whose state other tabs share."""
        return [name for name, type in self._types.items() if type["local"]]

    def carried(self, names: Iterable[str] | None = None) -> dict[str, Any]:
        """What a request brings along; of all classes that have something, without names."""
        entries = {name: self._read(name) for name in (self._types if names is None else names)}
        states = {name: entry["state"] for name, entry in entries.items() if entry}
        return {"owner": self._about.get("owner", ""), "states": states}

    def typed(self, names: Iterable[str]) -> dict[str, Any]:
        """The signals that were bound and changed since the server gave them."""
        made: dict[str, Any] = {}
        for name in names:
            at, given = self._types[name]["at"], self._known.get(name, {})
            for field in self._types[name]["synced"]:
                path = ".".join([*at, field])
                if self._signals.has(path) and self._signals.get(path) != given.get(field):
                    tree = SignalTree()
                    tree.tree = made
                    tree.set(path, self._signals.get(path))
        return made

    def keep(self, name: str, state: str | None, signals: dict[str, Any]) -> None:
        """Store and show what the server made of a state; None leaves what is stored."""
        if state:
            entry = {"state": state, "signals": signals}
            self._area(name)[self._key(name)] = json.dumps(entry)
        elif state is not None:
            self._area(name).pop(self._key(name), None)
        self._put(name, signals)

    def forget(self) -> None:
        """Remove all that belongs to this page's visitor."""
        self._remove(lambda owner: owner in (self._about.get("owner"), self._about.get("before")))

    def connected(self) -> None:
        """Remove what others have left: the server knows this visitor now."""
        if self._about:
            self._remove(lambda owner: owner != self._about["owner"])

    def _put(self, name: str, signals: dict[str, Any]) -> None:
        known = self._known.get(name, {})
        fresh = {k: v for k, v in signals.items() if k not in known or known[k] != v}
        for field, value in fresh.items():
            self._signals.set(".".join([*self._types[name]["at"], field]), value)
        self._known[name] = dict(signals)

    def _adopt(self) -> None:
        """What somebody had before signing in goes with them."""
        for area, key, owner, name in list(self._entries()):
            if owner == self._about["before"] != self._about["owner"]:
                area.setdefault(self._key(name), area[key])
                del area[key]

    def _remove(self, unwanted: Callable[[str], bool]) -> None:
        for area, key, owner, _ in list(self._entries()):
            if unwanted(owner):
                del area[key]

    def _entries(self) -> Iterator[tuple[Area, str, str, str]]:
        if not self._about:
            return
        prefix = f"starmodel:{self._about['app']}:"
        for area in (self.local, self.session):
            for key in list(area):
                if key.startswith(prefix):
                    owner, _, name = key.removeprefix(prefix).partition(":")
                    yield area, key, owner, name

    def _read(self, name: str) -> dict[str, Any] | None:
        text = self._area(name).get(self._key(name))
        return None if text is None else json.loads(text)

    def _area(self, name: str) -> Area:
        return self.local if self._types[name]["local"] else self.session

    def _key(self, name: str) -> str:
        return f"starmodel:{self._about['app']}:{self._about['owner']}:{name}"
