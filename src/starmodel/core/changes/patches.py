"""The difference between two snapshots, and nothing about any wire format."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from datetime import datetime, time
from decimal import Decimal
from types import MappingProxyType
from typing import Any, NamedTuple

from pydantic import BaseModel

from starmodel.core.changes.copies import revalidated
from starmodel.core.values.models import values_of


class Patch(NamedTuple):
    """The diff between two snapshots: the changed fields only.

    Shapes: set maps a field to its whole new value; unset names the
    fields that are no longer there. A field set to None is in `set`.
    """

    set: Mapping[str, Any] = MappingProxyType({})
    unset: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.set or self.unset)

    @property
    def fields(self) -> frozenset[str]:
        """The names of all fields that the patch touches."""
        return frozenset(self.set).union(self.unset) if self.unset else frozenset(self.set)


_MISSING = object()


def same(a: Any, b: Any) -> bool:
    """True when two values are equal and of equal types at every depth.

    Strict equality by type: `1`, `1.0` and `True` differ; NaN equals NaN.
    """
    if a is b:
        return True
    kind = type(a)
    if kind is not type(b):
        return False
    if kind is str or kind is int or kind is bool:
        return bool(a == b)
    if issubclass(kind, list | tuple | deque):
        return len(a) == len(b) and all(map(same, a, b))
    if issubclass(kind, dict):
        return (
            len(a) == len(b)
            and all(map(same, a, b))  # an other order of keys is another value
            and all(map(same, a.values(), b.values()))
        )
    if issubclass(kind, BaseModel):
        return same(values_of(a), values_of(b))
    if issubclass(kind, set | frozenset):
        return len(a) == len(b) and set(map(_key, a)) == set(map(_key, b))
    if kind is float:
        return bool(a == b) or (a != a and b != b)
    if kind is Decimal:
        return bool(a.as_tuple() == b.as_tuple())  # 1.0 and 1.00 are rendered differently
    if kind is datetime or kind is time:
        return bool(a == b) and bool(a.utcoffset() == b.utcoffset())
    return bool(a == b)


def _key(item: Any) -> Any:
    """A key by which set members are equal exactly when `same` is true."""
    if isinstance(item, tuple | frozenset):
        return type(item), type(item)(map(_key, item)) if type(item) in (tuple, frozenset) else item
    offset = item.utcoffset() if isinstance(item, datetime) else None
    return type(item), "nan" if item != item else item, offset


def diff(old: Any, new: Any) -> Patch:
    """The patch that turns `old` into `new`; empty when nothing changed.

    Shapes: old and new are entities of one class or mappings.

    >>> diff({"a": 1, "b": 2}, {"a": 1, "b": None})
    Patch(set={'b': None}, unset=())
    """
    before, after = values_of(old), values_of(new)
    changed = {}
    for name, value in after.items():
        known = before.get(name, _MISSING)
        if known is not value and not same(known, value):
            changed[name] = value
    if before.keys() <= after.keys():
        return Patch(changed)
    return Patch(changed, tuple(name for name in before if name not in after))


def apply(patch: Patch, state: Mapping[str, Any] | BaseModel) -> Any:
    """`state` with the patch applied: a validated snapshot for an entity, else a new dict.

    >>> apply(diff({"a": {}}, {"a": {"x": 1}}), {"a": {}})
    {'a': {'x': 1}}
    """
    values = {k: v for k, v in values_of(state).items() if k not in patch.unset} | dict(patch.set)
    if isinstance(state, BaseModel):
        values = revalidated(values)  # shares nothing with the state nor with the patch
        return type(state).__pydantic_validator__.validate_python(
            values, by_name=True, by_alias=False
        )
    return values
