"""Deep copies of values: shared with nothing, leased to a draft, or validated again."""

from __future__ import annotations

import copy
import enum
from collections import deque
from typing import Any, TypeVar

from pydantic import BaseModel

from starmodel.core.errors import StaleDraftError
from starmodel.core.fields.field_types import ATOMS
from starmodel.core.snapshot import assemble, nest, set_private

M = TypeVar("M", bound=BaseModel)


class Lease:
    """The period in which containers of a draft are mutable: until the next `yield`."""

    __slots__ = ("over",)

    def __init__(self) -> None:
        self.over = False

    def check(self) -> None:
        if self.over:
            raise StaleDraftError(
                "This list, dict or set was taken from `self` before a yield, where its values "
                "were committed. Read it from `self` again after the yield."
            )


def _leased(base: type, names: str) -> type:
    def guard(name: str) -> Any:
        method = getattr(base, name)

        def call(self: Any, *args: Any, **kwargs: Any) -> Any:
            self._lease.check()
            return method(self, *args, **kwargs)

        return call

    body: dict[str, Any] = {name: guard(name) for name in names.split() if hasattr(base, name)}
    # Copies of leased containers are plain containers without a lease.
    body["__reduce_ex__"] = lambda self, protocol: (base, (base(self),))
    return type(f"Leased{base.__name__.capitalize()}", (base,), {"__slots__": ("_lease",), **body})


_COMMON = "__delitem__ __setitem__ __iadd__ __ior__ __imul__ __iand__ __isub__ __ixor__ clear pop "
LeasedList = _leased(list, _COMMON + "append extend insert remove reverse sort")
LeasedDict = _leased(dict, _COMMON + "popitem setdefault update")
LeasedSet = _leased(
    set,
    _COMMON + "add discard remove update difference_update intersection_update"
    " symmetric_difference_update",
)


def copy_value(value: Any, lease: Lease | None = None) -> Any:
    """A deep copy that shares nothing mutable; containers answer to `lease` when there is one."""
    kind = type(value)
    if kind in ATOMS:
        return value
    copied: Any
    if kind is list or kind is LeasedList:
        copied = [copy_value(item, lease) for item in value]
        copied = LeasedList(copied) if lease else copied
    elif kind is dict or kind is LeasedDict:
        copied = {key: copy_value(item, lease) for key, item in value.items()}
        copied = LeasedDict(copied) if lease else copied
    elif kind is set or kind is LeasedSet:
        copied = {copy_value(item) for item in value}
        copied = LeasedSet(copied) if lease else copied
    elif kind is tuple:
        return tuple(copy_value(item, lease) for item in value)
    elif isinstance(value, enum.Enum | type):
        return value
    elif isinstance(value, BaseModel):
        return copy_model(value, lease)
    else:
        return copy.deepcopy(value)
    if lease:
        copied._lease = lease
    return copied


def copy_model(model: M, lease: Lease | None = None) -> M:
    """A recursive copy of a nested model; a nested entity becomes a draft."""
    copied = assemble(
        type(model).__new__(type(model)),
        {name: copy_value(value, lease) for name, value in model.__dict__.items()},
        set(model.__pydantic_fields_set__),
        copy_value(model.__pydantic_extra__, lease),
        copy_value(model.__pydantic_private__),
    )
    nest(copied, model, lease)
    return copied


def revalidated(value: Any) -> Any:
    """A deep copy in which each nested model went through its own validator again."""
    kind = type(value)
    if kind in ATOMS:
        return value
    if kind is list or kind is LeasedList:
        return [revalidated(item) for item in value]
    if kind is dict or kind is LeasedDict:
        return {key: revalidated(item) for key, item in value.items()}
    if kind is tuple:
        return tuple(revalidated(item) for item in value)
    if isinstance(value, BaseModel):
        return _revalidated_model(value)
    if isinstance(value, dict | deque | list):  # defaultdict, OrderedDict and the like
        copied: Any = copy.copy(value)
        for key, item in value.items() if isinstance(value, dict) else enumerate(value):
            copied[key] = revalidated(item)
        return copied
    return copy_value(value)


def _revalidated_model(model: BaseModel) -> BaseModel:
    cls = type(model)
    inner = {
        name: revalidated(value)
        for name, value in model.__dict__.items()
        if name in cls.__pydantic_fields__
    } | revalidated(model.__pydantic_extra__ or {})
    validated: BaseModel = cls.__pydantic_validator__.validate_python(
        inner["root"] if cls.__pydantic_root_model__ else inner, by_name=True, by_alias=False
    )
    if model.__pydantic_private__:
        set_private(validated, copy_value(model.__pydantic_private__))
    return validated
