"""The signals of one page: a tree that patches are merged into."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

from starmodel.core.signals import Signal
from starmodel.core.values.signal_names import keys_of
from starmodel.testing.problems import NotOnPageError


class SignalTree:
    """Values by dotted path, and those computed from others. A missing one reads as ""."""

    def __init__(self) -> None:
        self.tree: dict[str, Any] = {}
        self._computed: dict[str, Callable[[], Any]] = {}

    def get(self, path: str) -> Any:
        """The value at a path, "" when there is none; `.length` counts."""
        return _MISSING_TEXT if (found := self.find(path)) is _MISSING else found

    def has(self, path: str) -> bool:
        return self.find(path) is not _MISSING

    def find(self, path: str) -> Any:
        if path in self._computed:
            return self._computed[path]()
        value: Any = self.tree
        for part in path.split("."):
            if isinstance(value, dict) and part in value:
                value = value[part]
            elif part == "length" and isinstance(value, str | list):
                value = len(value)
            elif isinstance(value, list) and part.isdigit() and int(part) < len(value):
                value = value[int(part)]
            else:
                return _MISSING
        return value

    def set(self, path: str, value: Any) -> None:
        *branch, leaf = path.split(".")
        tree = self.tree
        for part in branch:
            if not isinstance(tree.get(part), dict):
                tree[part] = {}
            tree = tree[part]
        tree[leaf] = value

    def compute(self, path: str, value: Callable[[], Any]) -> None:
        """Let the path read as what `value` gives at that moment."""
        self._computed[path] = value

    def merge(self, patch: dict[str, Any], *, only_missing: bool = False) -> None:
        """Merge as Datastar does: objects key by key, null deletes, lists are replaced."""
        _merge(self.tree, patch, only_missing)

    def paths(self) -> list[str]:
        """Every path that holds a value."""
        return [*_leaves(self.tree, ""), *self._computed]

    def sent(self, wanted: Callable[[str], bool]) -> dict[str, Any]:
        """A copy of the signals whose path is wanted, as a request carries them."""
        return _pruned(self.tree, "", wanted)


class SignalsSeen:
    """`page.signals`: what the page holds now, by dotted path or by `Counter.count_signal`."""

    def __init__(self, tree: SignalTree, where: str) -> None:
        self._tree, self._where = tree, where

    def __getitem__(self, path: str | Signal) -> Any:
        name = path.path if isinstance(path, Signal) else path
        found = self._tree.find(name)
        if found is _MISSING:
            there = ", ".join(self._tree.paths()) or "none"
            raise NotOnPageError(
                f"{self._where} has no signal {name!r}; it has {there}. A field becomes a signal "
                "when its entity is put into the page, unless it holds a list, a dict or a long "
                "text."
            )
        return keys_of(copy.deepcopy(found))

    def __contains__(self, path: object) -> bool:
        return self._tree.has(path.path if isinstance(path, Signal) else str(path))

    def __repr__(self) -> str:
        return f"<signals of {self._where}: {self._tree.tree}>"


class _Missing:
    pass


_MISSING, _MISSING_TEXT = _Missing(), ""


def _merge(tree: dict[str, Any], patch: dict[str, Any], only_missing: bool) -> None:
    for key, value in patch.items():
        if value is None:
            if not only_missing:
                tree.pop(key, None)
        elif isinstance(value, dict):
            if not isinstance(tree.get(key), dict):
                if only_missing and key in tree:
                    continue
                tree[key] = {}
            _merge(tree[key], value, only_missing)
        elif not (only_missing and key in tree):
            tree[key] = value


def _leaves(tree: dict[str, Any], prefix: str) -> list[str]:
    made = []
    for key, value in tree.items():
        path = f"{prefix}{key}"
        made += _leaves(value, f"{path}.") if isinstance(value, dict) and value else [path]
    return made


def _pruned(tree: dict[str, Any], prefix: str, wanted: Callable[[str], bool]) -> dict[str, Any]:
    made = {}
    for key, value in tree.items():
        path = f"{prefix}{key}"
        if isinstance(value, dict) and not wanted(path):
            if inner := _pruned(value, f"{path}.", wanted):
                made[key] = inner
        elif wanted(path):
            made[key] = copy.deepcopy(value)
    return made
