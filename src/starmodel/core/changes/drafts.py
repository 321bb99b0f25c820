"""Drafts: the private mutable copy that an event runs on, and its validation as a snapshot."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from pydantic import ValidationError

from starmodel.core.changes.copies import Lease, copy_value, revalidated
from starmodel.core.errors import InvalidStateError
from starmodel.core.fields.field_types import ATOMS
from starmodel.core.fields.nested import all_models, is_private_path
from starmodel.core.snapshot import (
    Snapshot,
    assemble_draft,
    at_version,
    open_instance,
    sealed,
    set_private,
)
from starmodel.core.values.bounds import BoundsError, check_numbers
from starmodel.core.values.models import field_values, values_of
from starmodel.core.values.validation_messages import PRIVATE_PROBLEM, sentence
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
    assemble_draft(
        draft,
        fresh,
        source.__pydantic_fields_set__.copy(),
        source._sm_version,
        extra=None if extra is None else copy_value(extra, lease),
        private=None if private is None else copy_value(private),
        lease=lease,
    )


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
    """The fields that the event has read from a leased draft, for the rebase after a conflict."""
    return draft._sm_reads


def returned_state(draft: S, result: Any) -> S | None:
    """The snapshot that a functional event returned; None for any other return value.

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
    result: S = cls.__pydantic_validator__.validate_python(values, by_name=True, by_alias=False)
    return at_version(result, getattr(snapshot, "_sm_version", 0))


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
    snapshot = validated(cls, values)
    _check_numbers(cls, snapshot)
    if draft.__pydantic_private__:
        set_private(snapshot, copy_value(draft.__pydantic_private__))
    return sealed(snapshot, draft._sm_version)


def validated(cls: type[S], values: dict[str, Any]) -> S:
    """A snapshot of these values. Raises: InvalidStateError, naming each field that is refused."""
    where = ""
    try:
        if not cls.__entity__.atomic:
            for where, value in values.items():
                values[where] = revalidated(value)
            where = ""
        snapshot: S = cls.__pydantic_validator__.validate_python(
            values, self_instance=open_instance(cls), by_name=True, by_alias=False
        )
    except ValidationError as error:
        raise _invalid(cls, where, error) from error
    return snapshot


def _check_numbers(cls: type[Snapshot], snapshot: Snapshot) -> None:
    """Validate numbers against the bounds of serialisation. Raises: InvalidStateError."""
    values: dict[str, Any] = _get(snapshot, "__dict__")
    name = ""
    try:
        for name in cls.__entity__.numeric:
            value = values[name]
            if type(value) is not int or not -_SHORT < value < _SHORT:
                check_numbers(value)
        extra = snapshot.__pydantic_extra__ or {}
        for name in extra:
            check_numbers(extra[name])
    except BoundsError as error:
        detail = f"{cls.__name__}: {name} {error}"
        if name in cls.__entity__.private:
            public = f"{cls.__name__}: {PRIVATE_PROBLEM}"
            raise InvalidStateError(detail, {"": PRIVATE_PROBLEM}, shown=public) from error
        raise InvalidStateError(
            detail,
            {name: Message("value.out_of_bounds", problem=error.args[0])},
            entity=cls.__entity__.name,
        ) from error


def _invalid(cls: type[Snapshot], where: str, error: ValidationError) -> InvalidStateError:
    """The validation error; errors of private fields are in its log message only.

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
    details: list[str] = []
    public: list[str] = []
    for item in error.errors(include_url=False):
        name = where or (str(item["loc"][0]) if item["loc"] else "")
        details.append(f"{name}: {item['msg']}" if name else item["msg"])
        if is_closed or is_private_path(models, item["loc"]):
            name = where if where and not is_closed else ""
            fields.setdefault(name, PRIVATE_PROBLEM)
            public.append(PRIVATE_PROBLEM)
        else:
            fields[name] = sentence(item)
            public.append(details[-1])
    prefix = f"{cls.__name__}: "
    return InvalidStateError(
        prefix + "; ".join(details),
        fields,
        shown=prefix + "; ".join(dict.fromkeys(public)),
        entity=cls.__entity__.name,
    )
