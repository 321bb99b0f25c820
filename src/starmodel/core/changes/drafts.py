"""Drafts: the private mutable copy an event runs on, and its way back to a snapshot."""

from __future__ import annotations

import copy
import enum
from collections import deque
from typing import TYPE_CHECKING, Any, TypeVar

from pydantic import BaseModel, ValidationError

from starmodel.core.errors import InvalidStateError, StaleDraftError
from starmodel.core.fields.field import ATOMS
from starmodel.core.fields.nested import all_models, is_private_path
from starmodel.core.sentences import PRIVATE_PROBLEM, sentence
from starmodel.core.values.bounds import BoundsError, check_numbers
from starmodel.texts.catalogue import Message

if TYPE_CHECKING:
    from starmodel.core.entity import Entity

E = TypeVar("E", bound="Entity")
M = TypeVar("M", bound=BaseModel)
_get = object.__getattribute__  # on a watched draft it reads without recording
_set = object.__setattr__

PARTS = ("__dict__", "__pydantic_fields_set__", "__pydantic_extra__", "__pydantic_private__")
_SHORT = 2**63  # integers below it have few digits
DRAFT, OWN, STORED = 0, 1, 2  # an instance's mode: open, made by user code, loaded from a store


class Facts:
    """What one run collects: facts to publish after the commit, and the wish to be stored."""

    __slots__ = ("emitted", "save")

    def __init__(self) -> None:
        self.emitted: list[Any] = []
        self.save = False


class Lease:
    """How long the containers of one draft may be changed: until the next `yield`."""

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
    # A copy belongs to whoever made it: an ordinary container with no lease.
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
    made: Any
    if kind is list or kind is LeasedList:
        made = [copy_value(item, lease) for item in value]
        made = LeasedList(made) if lease else made
    elif kind is dict or kind is LeasedDict:
        made = {key: copy_value(item, lease) for key, item in value.items()}
        made = LeasedDict(made) if lease else made
    elif kind is set or kind is LeasedSet:
        made = {copy_value(item) for item in value}
        made = LeasedSet(made) if lease else made
    elif kind is tuple:
        return tuple(copy_value(item, lease) for item in value)
    elif isinstance(value, enum.Enum | type):
        return value
    elif isinstance(value, BaseModel):
        return copy_model(value, lease)
    else:
        return copy.deepcopy(value)
    if lease:
        made._lease = lease
    return made


def copy_model(model: M, lease: Lease | None = None) -> M:
    """A nested model copied field by field."""
    made = type(model).__new__(type(model))
    _set(made, "__dict__", {k: copy_value(v, lease) for k, v in model.__dict__.items()})
    _set(made, "__pydantic_fields_set__", set(model.__pydantic_fields_set__))
    _set(made, "__pydantic_extra__", copy_value(model.__pydantic_extra__, lease))
    _set(made, "__pydantic_private__", copy_value(model.__pydantic_private__))
    try:
        version = _get(model, "_sm_version")
    except AttributeError:
        return made
    _set(made, "_sm_version", version)  # an entity inside another one's draft is a draft too
    _set(made, "_sm_lease", lease)
    return made


def field_values(model: BaseModel) -> dict[str, Any]:
    """The values of the declared fields, to be read only; a watched draft records no reading."""
    values: dict[str, Any] = _get(model, "__dict__")
    fields = type(model).__pydantic_fields__
    if values.keys() == fields.keys():
        return values
    return {name: values[name] for name in fields if name in values}  # no cached properties


def refill(draft: Entity, source: Entity, lease: Lease | None = None) -> None:
    """Give the draft its own copy of the source's values."""
    values = field_values(source)
    if ATOMS.issuperset(map(type, values.values())):
        fresh = values.copy()
    else:
        fresh = {name: copy_value(value, lease) for name, value in values.items()}
    extra, private = source.__pydantic_extra__, source.__pydantic_private__
    _set(draft, "__dict__", fresh)
    _set(draft, "__pydantic_fields_set__", source.__pydantic_fields_set__.copy())
    _set(draft, "__pydantic_extra__", None if extra is None else copy_value(extra, lease))
    _set(draft, "__pydantic_private__", None if private is None else copy_value(private))
    _set(draft, "_sm_version", source._sm_version)
    _set(draft, "_sm_lease", lease)


def open_draft(snapshot: E, facts: Facts, lease: Lease | None = None) -> E:
    """A mutable copy of the snapshot; sharing nothing that can change.

    With a lease the draft also remembers which fields were read
    (`reads_of`), which is what a rebase needs to know.
    """
    cls = type(snapshot)
    draft = cls.__new__(cls)
    refill(draft, snapshot, lease)
    _set(draft, "_sm_facts", facts)
    _set(draft, "_sm_mode", DRAFT)
    if lease:
        _set(draft, "_sm_reads", set())
        _set(draft, "__class__", cls.__entity__.watched)
    return draft


def reads_of(draft: Entity) -> set[str]:
    """The fields read from a leased draft so far; emptied by `forget_reads`."""
    return draft._sm_reads


def returned_state(draft: E, result: Any) -> E | None:
    """The next state of the draft's entity, when that is what its event returned.

    Another record of the class is an ordinary result. A snapshot that was
    made without naming an id is meant for this entity and gets its id.
    """
    cls = draft.__entity__.cls
    if not isinstance(result, cls) or result.__entity__.cls is not cls:
        return None
    if result.id == draft.id:
        return result  # type: ignore[return-value]  # checked above
    if "id" in result.__pydantic_fields_set__:
        return None
    return result.evolve(id=draft.id)  # type: ignore[return-value]


def close_draft(draft: E) -> E:
    """The validated snapshot that the draft has become; the draft itself stays as it is.

    Nested models are validated too, by their own classes. Validators run
    at every commit, so they must be idempotent.

    Raises: InvalidStateError, naming each field that its validator refused.
    """
    cls: type[E] = draft.__entity__.cls  # type: ignore[assignment]  # never the watched class
    values, extra = field_values(draft).copy(), draft.__pydantic_extra__
    if extra:
        values |= extra
    made = validated(cls, values)
    _check_numbers(cls, made)
    _set(made, "_sm_mode", OWN)
    _set(made, "_sm_version", draft._sm_version)
    if draft.__pydantic_private__:
        _set(made, "__pydantic_private__", copy_value(draft.__pydantic_private__))
    return made


def validated(cls: type[E], values: dict[str, Any]) -> E:
    """A snapshot of these values. Raises: InvalidStateError, naming each field that is refused."""
    where = ""
    try:
        if not cls.__entity__.atomic:
            for where, value in values.items():
                values[where] = revalidated(value)
            where = ""
        blank = cls.__new__(cls)
        _set(blank, "_sm_mode", DRAFT)  # open to the class's own validators
        made: E = cls.__pydantic_validator__.validate_python(
            values, self_instance=blank, by_name=True, by_alias=False
        )
    except ValidationError as error:
        raise _invalid(cls, where, error) from error
    return made


def _check_numbers(cls: type[Entity], made: Entity) -> None:
    """Refuse numbers that could be stored but not written out. Raises: InvalidStateError."""
    values: dict[str, Any] = _get(made, "__dict__")
    name = ""
    try:
        for name in cls.__entity__.numeric:
            value = values[name]
            if type(value) is not int or not -_SHORT < value < _SHORT:
                check_numbers(value)
        extra = made.__pydantic_extra__ or {}
        for name in extra:
            check_numbers(extra[name])
    except BoundsError as error:
        told = f"{cls.__name__}: {name} {error}"
        if name in cls.__entity__.private:
            shown = f"{cls.__name__}: {PRIVATE_PROBLEM}"
            raise InvalidStateError(told, {"": PRIVATE_PROBLEM}, shown=shown) from error
        raise InvalidStateError(
            told, {name: Message("value.out_of_bounds", problem=error.args[0])}
        ) from error


def _invalid(cls: type[Entity], where: str, error: ValidationError) -> InvalidStateError:
    """The refusal of a state; what is wrong with a private field is in its message only.

    Shapes: where is the field in which a nested model was refused, or "".
    """
    models: list[Any] = [cls]
    if where:
        nested = all_models(
            [cls.__pydantic_fields__[where].annotation] if where in cls.__pydantic_fields__ else []
        )
        models = [model for model in nested if model.__name__ == error.title] or list(nested)
    is_closed = where in cls.__entity__.private
    fields: dict[str, str] = {}
    told: list[str] = []
    shown: list[str] = []
    for item in error.errors(include_url=False):
        name = where or (str(item["loc"][0]) if item["loc"] else "")
        told.append(f"{name}: {item['msg']}" if name else item["msg"])
        if is_closed or is_private_path(models, item["loc"]):
            name = where if where and not is_closed else ""
            fields.setdefault(name, PRIVATE_PROBLEM)
            shown.append(PRIVATE_PROBLEM)
        else:
            fields[name] = sentence(item)
            shown.append(told[-1])
    prefix = f"{cls.__name__}: "
    return InvalidStateError(
        prefix + "; ".join(told), fields, shown=prefix + "; ".join(dict.fromkeys(shown))
    )


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
        made: Any = copy.copy(value)
        for key, item in value.items() if isinstance(value, dict) else enumerate(value):
            made[key] = revalidated(item)
        return made
    return copy_value(value)


def _revalidated_model(model: BaseModel) -> BaseModel:
    cls = type(model)
    inner = {
        name: revalidated(value)
        for name, value in model.__dict__.items()
        if name in cls.__pydantic_fields__
    } | revalidated(model.__pydantic_extra__ or {})
    made: BaseModel = cls.__pydantic_validator__.validate_python(
        inner["root"] if cls.__pydantic_root_model__ else inner, by_name=True, by_alias=False
    )
    if model.__pydantic_private__:
        _set(made, "__pydantic_private__", copy_value(model.__pydantic_private__))
    return made
