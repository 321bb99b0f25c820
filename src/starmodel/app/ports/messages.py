"""Messages of the event bus: plain data that any process can decode."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from functools import lru_cache
from types import MappingProxyType
from typing import Any, Literal, NamedTuple
from uuid import UUID

from pydantic import BaseModel, PydanticUserError, TypeAdapter
from pydantic_core import PydanticSerializationError

from starmodel.app.ports.repository import Change
from starmodel.core._compat import has_decorators
from starmodel.core.classes.registry import EntityType
from starmodel.core.commands import plain
from starmodel.core.entity import Entity
from starmodel.core.fields.annotations import resolved_hints
from starmodel.core.fields.field import excluding_private, options_in
from starmodel.core.fields.field_types import plain_types
from starmodel.core.public_state import changed_computed, public_state
from starmodel.core.snapshot import NOTHING
from starmodel.core.values.json_data import json_data, model_data

Kind = Literal["created", "updated", "deleted", "expired", "closed", "reopened"]


class Changed(NamedTuple):
    """The commit of one entity.

    Shapes: state is the public fields as JSON data, None after a removal;
    fields names the public and computed fields that changed; before has their previous
    values, of scalar fields only. `base` is the version that was replaced.
    kinds "closed" and "reopened" are never published: they end one viewer's updates of
    an entity after a loss of read access, and resume them. hidden are the fields that one
    viewer may not read, and emptied those of them that it may have read before; both are
    never published.
    """

    entity: str
    id: Any
    kind: Kind
    version: int
    base: int
    state: dict[str, Any] | None
    fields: tuple[str, ...] = ()
    before: Mapping[str, Any] = MappingProxyType({})
    hidden: frozenset[str] = NOTHING
    emptied: frozenset[str] = NOTHING

    @property
    def topic(self) -> str:
        """The subscription topic: "Product:42"."""
        return f"{self.entity}:{self.id}"


@dataclass(frozen=True, slots=True)
class Emitted:
    """A fact that an event emitted, as data. Shapes: name is the fact's class name."""

    name: str
    data: Any
    entity: str
    command: str


@dataclass(frozen=True, slots=True)
class SessionEnded:
    """A visitor signed in or out, or an actor was disabled: access decisions are void.

    Shapes: visitor is `Session.key`.
    """

    visitor: str


Message = Changed | Emitted | SessionEnded
"""Everything that is published."""


def fact_data(fact: Any) -> Any:
    """A fact as JSON data, without private fields at any depth.

    Raises: TypeError, for anything but a dataclass or pydantic model, and for a
    value that has no JSON form.
    """
    is_model = isinstance(fact, BaseModel)
    if not is_model and (not dataclasses.is_dataclass(fact) or isinstance(fact, type)):
        raise TypeError(
            f"emit() got {fact!r}; a fact is an instance of a dataclass or of a pydantic model."
        )
    token = excluding_private.set(True)
    try:
        return model_data(fact) if is_model else _dataclass_data(fact)
    except ValueError as error:  # a ValueError is a validation failure of the event
        raise TypeError(
            f"The fact {type(fact).__name__} can't be published, so nothing is stored: {error}. "
            "Give its fields types that have a JSON form."
        ) from error
    finally:
        excluding_private.reset(token)


def _dataclass_data(fact: Any) -> Any:
    """A dataclass serialised by its annotations, which mark private fields; else by its values."""
    cls: Any = type(fact)
    serializer = _serializer(cls)
    if serializer is not None:
        try:
            return serializer.dump_python(fact, mode="json", by_alias=False, warnings=False)
        except ValueError:  # such as bytes that are no UTF-8
            pass
    hints, _ = resolved_hints(cls)
    names = [field.name for field in dataclasses.fields(fact)]
    public = [name for name in names if not options_in(hints.get(name)).private]
    return json_data({name: getattr(fact, name) for name in public})


@lru_cache(maxsize=256)
def _serializer(cls: Any) -> TypeAdapter[Any] | None:
    try:
        return TypeAdapter(cls)
    except (PydanticUserError, NameError, TypeError):
        return None  # a field of a type without a pydantic schema


_JSON_TYPES = frozenset({str, int, float, bool, type(None), Decimal, date, datetime, time, UUID})


@lru_cache(maxsize=1024)
def always_has_json(cls: type[Entity]) -> bool:
    """True when `changed_message` can't fail for the class: scalars of built-in types only.

    False for every class whose own code takes part in validation or serialisation, because it
    may make a value without a JSON form.
    """
    config = cls.model_config
    return (
        cls.__entity__.atomic
        and not cls.__pydantic_computed_fields__
        and not has_decorators(cls)
        and not config.get("json_encoders")
        and cls.model_post_init is BaseModel.model_post_init
        and "__get_pydantic_core_schema__" not in vars(cls)
        and all(
            _JSON_TYPES.issuperset(plain_types(info.annotation))
            and not any(hasattr(item, "__get_pydantic_core_schema__") for item in info.metadata)
            for info in cls.__pydantic_fields__.values()
        )
    )


def closed(message: Changed) -> Changed:
    """The message for a viewer who may not read the entity any more."""
    return Changed(message.entity, message.id, "closed", message.version, message.base, None)


_KINDS: dict[str, Kind] = {"insert": "created", "update": "updated", "delete": "deleted"}


def changed_message(entity_type: EntityType, change: Change, base: Entity) -> Changed:
    """The message of one committed change. Raises: TypeError, for a value without a JSON form."""
    info, values, patch = entity_type.cls.__entity__, base.__dict__, change.patch
    names = (*patch.set, *patch.unset)
    if info.private:
        names = tuple([name for name in names if name not in info.private])
    try:
        state = None if change.snapshot is None else public_state(change.snapshot, NOTHING)
    except PydanticSerializationError as error:
        raise TypeError(
            f"{entity_type.name} can't be shown, so it is not stored: {error}. "
            "Give the field a type that has a JSON form, a serializer, or Field(private=True)."
        ) from error
    computed = info.computed
    if computed and state is not None and change.kind == "update":
        computed = changed_computed(base, state)
    before: dict[str, Any] = {}
    for name in names:
        if name in values and info.fields[name].atomic:
            before[name] = plain(values[name])
    return Changed(
        entity_type.name,
        change.id,
        _KINDS[change.kind],
        change.version,
        change.base,
        state,
        names + computed,
        before,
    )
