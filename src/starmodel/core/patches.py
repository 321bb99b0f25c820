"""The difference between two snapshots, and nothing about any wire format."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic import BaseModel


@dataclass(frozen=True, slots=True)
class Patch:
    """What was set and what was unset between two states; changed fields only.

    Shapes: set maps a field to its whole new value; unset names the
    fields that are no longer there. A field set to None is in `set`.
    """

    set: dict[str, Any] = field(default_factory=dict)
    unset: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.set or self.unset)

    @property
    def fields(self) -> frozenset[str]:
        """The names of all fields that the patch touches."""
        return frozenset(self.set).union(self.unset)


def same(a: Any, b: Any) -> bool:
    """True when two values are equal and of equal types at every depth.

    `1`, `1.0` and `True` are different values here; NaN equals NaN.
    """
    if a is b:
        return True
    kind = type(a)
    if kind is not type(b):
        return False
    if kind is list or kind is tuple:
        return len(a) == len(b) and all(map(same, a, b))
    if kind is dict:
        return (
            len(a) == len(b)
            and all(map(same, a, b))  # an other order of keys is another value
            and all(same(value, b[key]) for key, value in a.items())
        )
    if isinstance(a, BaseModel):
        return same(values_of(a), values_of(b))
    if kind is float:
        return bool(a == b) or (a != a and b != b)
    return bool(a == b)


def values_of(state: Any) -> dict[str, Any]:
    """The stored fields of a model (extras included), or the mapping as a dict."""
    if isinstance(state, BaseModel):
        values = state.__dict__
        fields = {name: values[name] for name in type(state).__pydantic_fields__ if name in values}
        return fields | (state.__pydantic_extra__ or {})
    return dict(state)


def diff(old: Any, new: Any) -> Patch:
    """The patch that turns `old` into `new`; empty when nothing changed.

    Shapes: old and new are entities of one class or mappings.

    >>> diff({"a": 1, "b": 2}, {"a": 1, "b": None})
    Patch(set={'b': None}, unset=())
    """
    before, after = values_of(old), values_of(new)
    return Patch(
        {
            name: value
            for name, value in after.items()
            if name not in before or not same(before[name], value)
        },
        tuple(name for name in before if name not in after),
    )


def apply(patch: Patch, state: Mapping[str, Any] | BaseModel) -> Any:
    """`state` with the patch applied: a validated snapshot for an entity, else a new dict.

    >>> apply(diff({"a": {}}, {"a": {"x": 1}}), {"a": {}})
    {'a': {'x': 1}}
    """
    values = {k: v for k, v in values_of(state).items() if k not in patch.unset} | patch.set
    if isinstance(state, BaseModel):
        return type(state).__pydantic_validator__.validate_python(
            values, by_name=True, by_alias=False
        )
    return values
