"""The signal tree of one page."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

from starmodel.core.signals import Signal
from starmodel.core.values.signal_names import keys_of
from starmodel.testing.errors import NotOnPageError


class SignalTree:
    """Signals and computed signals by dotted path. A missing signal reads as ""."""

    def __init__(self) -> None:
        self.tree: dict[str, Any] = {}
        self._computed: dict[str, Callable[[], Any]] = {}

    def get(self, path: str) -> Any:
        """The value of a signal, "" when missing; `.length` is that of a list or text."""
        return "" if (found := self.find(path)) is _MISSING else found

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
        """Define a computed signal; `value` is a callback that runs on every read."""
        self._computed[path] = value

    def merge(self, patch: dict[str, Any], *, only_missing: bool = False) -> None:
        """Apply a JSON merge patch: null deletes a key, lists are replaced."""
        _merge(self.tree, patch, only_missing)

    def paths(self) -> list[str]:
        """The dotted path of every signal, computed signals included."""
        return [*_leaves(self.tree, ""), *self._computed]

    def matching(self, predicate: Callable[[str], bool]) -> dict[str, Any]:
        """A copy of the signals whose path satisfies the predicate, as a request payload."""
        return _filtered(self.tree, "", predicate)


class PageSignals:
    """`page.signals`: the signals by dotted path or by `Counter.count_signal`."""

    def __init__(self, tree: SignalTree, url: str) -> None:
        self._tree, self._url = tree, url

    def __getitem__(self, path: str | Signal) -> Any:
        name = path.path if isinstance(path, Signal) else path
        found = self._tree.find(name)
        if found is _MISSING:
            existing = ", ".join(self._tree.paths()) or "none"
            raise NotOnPageError(
                f"{self._url} has no signal {name!r}; it has {existing}. A field becomes a signal "
                "when its entity is put into the page, unless it holds a list, a dict or a long "
                "text."
            )
        return keys_of(copy.deepcopy(found))

    def __contains__(self, path: object) -> bool:
        return self._tree.has(path.path if isinstance(path, Signal) else str(path))

    def __repr__(self) -> str:
        return f"<signals of {self._url}: {self._tree.tree}>"


class _Missing:
    pass


_MISSING = _Missing()


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
    paths = []
    for key, value in tree.items():
        path = f"{prefix}{key}"
        paths += _leaves(value, f"{path}.") if isinstance(value, dict) and value else [path]
    return paths


def _filtered(
    tree: dict[str, Any], prefix: str, predicate: Callable[[str], bool]
) -> dict[str, Any]:
    filtered = {}
    for key, value in tree.items():
        path = f"{prefix}{key}"
        if isinstance(value, dict) and not predicate(path):
            if inner := _filtered(value, f"{path}.", predicate):
                filtered[key] = inner
        elif predicate(path):
            filtered[key] = copy.deepcopy(value)
    return filtered
