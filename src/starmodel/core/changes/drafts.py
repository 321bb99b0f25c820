"""Drafts: the private mutable copy that an event runs on, and its validation as a snapshot."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from pydantic import ValidationError

from starmodel.core.changes.copies import Lease, copy_value, revalidated
from starmodel.core.errors import InvalidStateError
from starmodel.core.fields.field_types import ATOMS
from starmodel.core.fields.nested import all_models, is_private_path
from starmodel.core.sentences import PRIVATE_PROBLEM, sentence
from starmodel.core.snapshot import DRAFT, OWN, Snapshot, at_version, set_private
from starmodel.core.values.bounds import BoundsError, check_numbers
from starmodel.core.values.models import field_values, values_of
from starmodel.texts.catalogue import Message

S = TypeVar("S", bound=Snapshot)
_get = object.__getattribute__  # on a draft that records reads it records none
_set = object.__setattr__

_SHORT = 2**63  # integers below it have few digits


class Facts:
    """The effects of one run: facts to publish after the commit, and whether `save` was called."""

    __slots__ = ("emitted", "save")

    def __init__(self) -> None:
        self.emitted: list[Any] = []
        self.save = False


def reset_draft(draft: Snapshot, source: Snapshot, lease: Lease | None = None) -> None:
    """Replace the state of a draft by a copy of the source's state and version."""
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
    _set(draft, "_sm_mode", DRAFT)
    _set(draft, "_sm_version", source._sm_version)
    _set(draft, "_sm_lease", lease)


def open_draft(snapshot: S, facts: Facts, lease: Lease | None = None) -> S:
    """A mutable copy of the snapshot that shares no mutable value with it.

    With a lease the draft also records which fields are read (`reads_of`),
    for a rebase after a version conflict.
    """
    cls = type(snapshot)
    draft = cls.__new__(cls)
    reset_draft(draft, snapshot, lease)
    _set(draft, "_sm_facts", facts)
    if lease:
        _set(draft, "_sm_reads", set())
        _set(draft, "__class__", cls.__entity__.recording_cls)
    return draft


def reads_of(draft: Snapshot) -> set[str]:
    """The fields read from a leased draft so far."""
    return draft._sm_reads


def returned_state(draft: S, result: Any) -> S | None:
    """The next state of the draft's entity, when its event returned one; else None.

    Another record of the class is an ordinary result. A snapshot that was
    constructed without an id gets the id of this entity.
    """
    cls: type[S] = draft.__entity__.cls
    if not isinstance(result, cls) or result.__entity__.cls is not cls:
        return None
    if result.id == draft.id:
        return result
    return None if "id" in result.__pydantic_fields_set__ else evolved(result, {"id": draft.id})


def evolved(snapshot: S, changes: Mapping[str, Any]) -> S:
    """A new validated snapshot with these fields changed, at the same version.

    Raises: TypeError, for an unknown field; pydantic's ValidationError, for a wrong value.
    """
    cls: type[S] = snapshot.__entity__.cls
    unknown = changes.keys() - cls.__pydantic_fields__.keys()
    if unknown and cls.model_config.get("extra") != "allow":
        raise TypeError(
            f"{cls.__name__}.evolve() got {', '.join(sorted(unknown))}; "
            f"the fields are {', '.join(cls.__pydantic_fields__)}."
        )
    values = revalidated({**values_of(snapshot), **changes})
    made: S = cls.__pydantic_validator__.validate_python(values, by_name=True, by_alias=False)
    return at_version(made, getattr(snapshot, "_sm_version", 0))


def close_draft(draft: S) -> S:
    """The validated snapshot of a draft's state; the draft itself does not change.

    Nested models are validated too, by their own classes. Validators run
    at every commit, so they must be idempotent.

    Raises: InvalidStateError, naming each field that its validator refused.
    """
    cls: type[S] = draft.__entity__.cls  # never the class that records reads
    values, extra = field_values(draft).copy(), draft.__pydantic_extra__
    if extra:
        values |= extra
    made = validated(cls, values)
    _check_numbers(cls, made)
    if draft.__pydantic_private__:
        set_private(made, copy_value(draft.__pydantic_private__))
    _set(made, "_sm_mode", OWN)
    _set(made, "_sm_version", draft._sm_version)
    return made


def validated(cls: type[S], values: dict[str, Any]) -> S:
    """A snapshot of these values. Raises: InvalidStateError, naming each field that is refused."""
    where = ""
    try:
        if not cls.__entity__.atomic:
            for where, value in values.items():
                values[where] = revalidated(value)
            where = ""
        made = cls.__new__(cls)
        _set(made, "_sm_mode", DRAFT)  # so that validators of the class may assign to it
        made = cls.__pydantic_validator__.validate_python(
            values, self_instance=made, by_name=True, by_alias=False
        )
    except ValidationError as error:
        raise _invalid(cls, where, error) from error
    return made


def _check_numbers(cls: type[Snapshot], made: Snapshot) -> None:
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


def _invalid(cls: type[Snapshot], where: str, error: ValidationError) -> InvalidStateError:
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
