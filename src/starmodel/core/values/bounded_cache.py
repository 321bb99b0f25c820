"""Caches bounded in bytes, for keys that come from requests."""

from __future__ import annotations

import sys
import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any, Generic, TypeVar

K = TypeVar("K")
V = TypeVar("V")
MB = 1024 * 1024
ENTRY_BYTES = 200  # the overhead of one entry besides key and value
LARGEST_SHARE = 8  # one entry takes at most an eighth, so that none empties the cache
_MISSING: Any = object()


def size_of(value: Any) -> int:
    """The approximate size of a value in bytes, with the contents of containers.

    Shapes: an object may have its size in an attribute `nbytes`; else `sys.getsizeof` counts.
    """
    if isinstance(value, str | bytes | int | float | None):
        return sys.getsizeof(value)
    if isinstance(value, Mapping):  # a read-only view of a dict too
        inside = sum(size_of(key) + size_of(inner) for key, inner in value.items())
        return sys.getsizeof(value) + inside
    if isinstance(value, tuple | list | set | frozenset):
        return sys.getsizeof(value) + sum(map(size_of, value))
    if isinstance(value, type):
        return 0
    return int(getattr(value, "nbytes", 0)) or sys.getsizeof(value)


class BoundedCache(OrderedDict[K, V], Generic[K, V]):
    """A dict that drops its oldest entries beyond `max_bytes`; `put` stores, `get` reads.

    First in, first out: reading is a plain dict lookup and does not update
    the order. An entry larger than an eighth of max_bytes is not stored.

    Units: nbytes is the sum of the sizes as `size_of` estimates them.
    """

    def __init__(self, max_bytes: int) -> None:
        super().__init__()
        self.max_bytes, self.nbytes = max_bytes, 0
        self._largest = max_bytes // LARGEST_SHARE
        self._sizes: dict[K, int] = {}
        self._lock = threading.Lock()

    def put(self, key: K, value: V, nbytes: int | None = None) -> V:
        """Store the value, unless it is too large, and return it.

        Units: nbytes is the size of key and value, computed when it is None.
        """
        size = ENTRY_BYTES + (size_of(key) + size_of(value) if nbytes is None else nbytes)
        with self._lock:
            self._drop(key)
            if size > self._largest:
                return value
            super().__setitem__(key, value)
            self._sizes[key] = size
            self.nbytes += size
            while self.nbytes > self.max_bytes:
                self._drop(next(iter(self)))
        return value

    def discard(self, key: K) -> None:
        """Remove the entry, when there is one."""
        with self._lock:
            self._drop(key)

    def _drop(self, key: K) -> None:
        size = self._sizes.pop(key, None)
        if size is not None:
            self.nbytes -= size
            super().__delitem__(key)

    def __setitem__(self, key: K, value: V) -> None:
        raise TypeError("Store with put(), which counts the bytes.")

    def __delitem__(self, key: K) -> None:
        raise TypeError("Remove with discard(), which counts the bytes.")


def cached(max_bytes: int) -> Callable[[Callable[..., V]], Callable[..., V]]:
    """A decorator that caches return values by positional arguments, within `max_bytes`."""

    def remembering(make: Callable[..., V]) -> Callable[..., V]:
        cache: BoundedCache[tuple[Any, ...], V] = BoundedCache(max_bytes)

        @wraps(make)
        def remembered(*args: Any) -> V:
            found: V = cache.get(args, _MISSING)
            return cache.put(args, make(*args)) if found is _MISSING else found

        remembered.cache = cache  # type: ignore[attr-defined]
        return remembered

    return remembering
