"""`Entity`: an immutable snapshot of typed fields whose events run on drafts."""

from __future__ import annotations

import os
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar, Self, TypeVar

from pydantic import BaseModel, GetCoreSchemaHandler
from pydantic_core import CoreSchema, core_schema

from starmodel.core import registry
from starmodel.core.built_in import BUILT_IN
from starmodel.core.drafts import DRAFT, OWN, STORED, copy_model
from starmodel.core.entity_config import EntityConfig, check_config
from starmodel.core.errors import ConfigurationError, FrozenEntityError
from starmodel.core.events import ActionFactory, Event
from starmodel.core.fields import Field, FieldSpec, field_specs, tell_sqlmodel
from starmodel.core.host import ObjectsOf, host_of
from starmodel.core.patches import values_of
from starmodel.core.signals import Signal

if TYPE_CHECKING:
    from pydantic._internal._model_construction import ModelMetaclass

    class EntityMeta(ModelMetaclass):
        """For type checkers only: any `…_signal` of the class is a signal."""

        def __getattr__(cls, name: str) -> Signal: ...

else:
    EntityMeta = type(BaseModel)

T = TypeVar("T")
RESERVED = ("objects", "do", "get", "evolve", "emit", "save", "signals")
_set = object.__setattr__


def new_id() -> str:
    """A UUIDv7 as text: unique everywhere, ordered by time of making."""
    number = (time.time_ns() // 1_000_000) << 80 | int.from_bytes(os.urandom(10), "big")
    number = number & ~(0xF << 76) | 7 << 76
    return str(uuid.UUID(int=number & ~(0x3 << 62) | 2 << 62))


def _seal(entity: T) -> T:
    _set(entity, "_sm_mode", OWN)
    if not hasattr(entity, "_sm_version"):
        _set(entity, "_sm_version", 0)
    return entity


@dataclass(frozen=True)
class EntityInfo:
    """What a class says of itself, worked out once at its definition.

    Shapes: watched is the same class with reads recorded, for drafts of
    events that await; computed names pydantic's computed fields.
    """

    cls: type[Entity]
    fields: dict[str, FieldSpec]
    events: dict[str, Event[Any, Any, Any]]
    computed: tuple[str, ...]

    @cached_property
    def atomic(self) -> bool:
        """True when no field can hold anything mutable."""
        return all(spec.atomic for spec in self.fields.values()) and not self.cls.model_config.get(
            "extra"
        )

    @cached_property
    def private(self) -> frozenset[str]:
        """The fields that never leave the server."""
        return frozenset(name for name, spec in self.fields.items() if spec.private)

    @cached_property
    def signals(self) -> tuple[str, ...]:
        """The public fields that are signals in the browser."""
        return tuple(name for name, spec in self.fields.items() if spec.signal) + self.computed

    @cached_property
    def watched(self) -> type[Entity]:
        """A subclass that pydantic never sees, only for `__class__` of drafts."""
        return _watched(self.cls)


class Entity(BaseModel, metaclass=EntityMeta):
    """One class for state, behaviour, store, routes and pages.

    A committed entity is an immutable snapshot. State changes only inside
    an `@event`, which runs on a draft: when it raises, nothing changed.

    >>> class Light(Entity):
    ...     on: bool = False
    >>> Light().evolve(on=True).on
    True
    """

    model_config: ClassVar[EntityConfig] = EntityConfig(
        ignored_types=(Event,), validate_default=False
    )
    __slots__ = ("_sm_facts", "_sm_mode", "_sm_reads", "_sm_version")
    __hash__ = None  # type: ignore[assignment]  # a snapshot is equal by value, so it can't be a key
    __entity__: ClassVar[EntityInfo]
    objects: ClassVar[ObjectsOf] = ObjectsOf()

    if TYPE_CHECKING:
        _sm_facts: Any
        _sm_mode: int
        _sm_reads: set[str]
        _sm_version: int

    id: str = Field(default_factory=new_id)

    # pydantic asks for this name; `__pydantic_base_init__` makes SQLModel table classes validate.
    def __init__(self, /, **data: Any) -> None:
        self.__pydantic_validator__.validate_python(data, self_instance=self)

    __init__.__pydantic_base_init__ = True  # type: ignore[attr-defined]

    @classmethod
    def __pydantic_init_subclass__(cls, **kwargs: Any) -> None:
        super().__pydantic_init_subclass__(**kwargs)
        _define(cls)

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_after_validator_function(_seal, handler(source))

    @classmethod
    def model_validate(cls, obj: Any, **options: Any) -> Self:
        # SQLModel's own would not validate table classes.
        options.pop("update", None)
        return cls.__pydantic_validator__.validate_python(obj, **options)  # type: ignore[no-any-return]

    @classmethod
    def model_construct(cls, _fields_set: set[str] | None = None, **values: Any) -> Self:
        return _seal(super().model_construct(_fields_set, **values))

    def model_copy(self, *, update: Mapping[str, Any] | None = None, deep: bool = False) -> Self:
        return super().model_copy(update=update, deep=deep)

    def __copy__(self) -> Self:
        return self.__deepcopy__()

    def __deepcopy__(self, memo: dict[int, Any] | None = None) -> Self:
        made: Self = copy_model(self)
        _set(made, "_sm_version", self._sm_version)
        return _seal(made)

    def __setstate__(self, state: dict[Any, Any]) -> None:
        super().__setstate__(state)
        _seal(self)

    def __setattr__(self, name: str, value: Any) -> None:
        cls = type(self)
        if name.startswith("_"):
            super().__setattr__(name, value)
        elif getattr(self, "_sm_mode", DRAFT) != DRAFT:
            raise FrozenEntityError(
                f"{cls.__name__}.{name} can't be assigned: a committed entity is a snapshot. "
                f"Change it in an @event method, or make a new one with evolve({name}=…)."
            )
        elif name in cls.__pydantic_fields__:
            self.__dict__[name] = value
            self.__pydantic_fields_set__.add(name)
        elif isinstance(getattr(cls, name, None), property):
            _set(self, name, value)
        elif cls.model_config.get("extra") == "allow":
            (self.__pydantic_extra__ or {}).__setitem__(name, value)
        else:
            raise AttributeError(
                f"{cls.__name__} has no field {name!r}; its fields are "
                f"{', '.join(cls.__pydantic_fields__)}."
            )

    def __delattr__(self, name: str) -> None:
        if name in type(self).__pydantic_fields__:
            raise FrozenEntityError(f"{type(self).__name__}.{name} is a field and stays one.")
        super().__delattr__(name)

    def evolve(self, **changes: Any) -> Self:
        """A new validated snapshot with these fields changed; this one stays as it is.

        Raises: TypeError, for an unknown field; pydantic's ValidationError, for a wrong value.
        """
        cls = self.__entity__.cls
        unknown = changes.keys() - cls.__pydantic_fields__.keys()
        if unknown and cls.model_config.get("extra") != "allow":
            raise TypeError(
                f"{cls.__name__}.evolve() got {', '.join(sorted(unknown))}; "
                f"the fields are {', '.join(cls.__pydantic_fields__)}."
            )
        from starmodel.core.drafts import copy_value

        values = {k: copy_value(v) for k, v in values_of(self).items()} | changes
        made = cls.__pydantic_validator__.validate_python(values, by_name=True, by_alias=False)
        _set(made, "_sm_version", self._sm_version)
        return made  # type: ignore[no-any-return]

    def emit(self, fact: Any) -> None:
        """Collect a fact (a dataclass or model); it is published after the commit.

        Never published when the event fails. Raises: FrozenEntityError, outside an event.
        """
        if getattr(self, "_sm_mode", DRAFT) != DRAFT:
            raise FrozenEntityError(
                f"{type(self).__name__}.emit() works inside an event, where there is something "
                "to commit."
            )
        self._sm_facts.emitted.append(fact)

    async def save(self) -> None:
        """Ask that this draft be stored at its commit, where `auto_persist` is off."""
        if getattr(self, "_sm_mode", DRAFT) != DRAFT:
            raise FrozenEntityError(
                f"{type(self).__name__}.save() works inside an event; from other code "
                "dispatch an event instead."
            )
        self._sm_facts.save = True

    @classmethod
    async def get(cls, request: Any) -> Self:
        """The instance that the request's visitor means by this class."""
        return await host_of(cls).own(cls, request)  # type: ignore[no-any-return]

    @property
    def do(self) -> Do:
        """Actions on this very record: `product.do.adjust_stock(-1)`."""
        return Do(self)

    @property
    def signals(self) -> dict[str, Any]:
        """The public values of the fields that are signals, as JSON data."""
        state = public_state(self)
        return {name: state[name] for name in self.__entity__.signals}


class Do:
    """The events of one record, each as a factory of actions."""

    __slots__ = ("_entity",)

    def __init__(self, entity: Entity) -> None:
        self._entity = entity

    def __getattr__(self, name: str) -> ActionFactory[...]:
        info = self._entity.__entity__
        event = info.events.get(name) or BUILT_IN.get(name)
        if event is None:
            raise AttributeError(
                f"{info.cls.__name__} has no event {name!r}; it has "
                f"{', '.join([*info.events, *BUILT_IN])}."
            )
        return ActionFactory(info.cls, event, self._entity.id)


def version_of(entity: Entity) -> int:
    """The version this snapshot was stored at; 0 when it never was."""
    return entity._sm_version


def stored(entity: Entity, version: int) -> Entity:
    """Mark a snapshot as loaded from a store, at a version; for repositories."""
    _set(entity, "_sm_mode", STORED)
    _set(entity, "_sm_version", version)
    return entity


def public_state(entity: Entity) -> dict[str, Any]:
    """All that may leave the server: public and computed fields as JSON data."""
    private: Any = entity.__entity__.private
    return entity.__pydantic_serializer__.to_python(  # type: ignore[no-any-return]
        entity, mode="json", exclude=private or None, warnings=False
    )


def _watched(cls: type[Entity]) -> type[Entity]:
    """`cls` with reads of fields recorded, made without running pydantic's metaclass."""
    fields = frozenset(cls.__pydantic_fields__)
    read = object.__getattribute__

    def recording(self: Any, name: str) -> Any:
        if name in fields:
            read(self, "_sm_reads").add(name)
        return read(self, name)

    body = {
        "__getattribute__": recording,
        "__slots__": (),
        "__module__": cls.__module__,
        "__qualname__": cls.__qualname__,
    }
    return type.__new__(type(cls), cls.__name__, (cls,), body)


def _define(cls: type[Entity]) -> None:
    """Check the class, set its signals, and put it on the list of defined entities."""
    name = cls.__name__
    check_config(name, cls.model_config)
    fields = cls.__pydantic_fields__
    events: dict[str, Event[Any, Any, Any]] = {}
    for base in reversed(cls.__mro__):
        for key, value in vars(base).items():
            if isinstance(value, Event):
                events[key] = value
            elif key in events:
                del events[key]
    for key, info in fields.items():
        if isinstance(info.default, Event) or key in events:
            raise ConfigurationError(
                f"{name}.{key} is both a field and an event. Rename one of them."
            )
    taken = [key for key in RESERVED if key in fields or _redefined(cls, key)]
    if taken:
        raise ConfigurationError(
            f"{name} uses the reserved name {', '.join(map(repr, taken))}. "
            f"Reserved on every entity are {', '.join(RESERVED)}, and what pydantic reserves "
            "(model_…)."
        )
    tell_sqlmodel(cls)
    specs = field_specs(cls)
    setter = type.__setattr__
    about = EntityInfo(cls, specs, events, tuple(cls.__pydantic_computed_fields__))
    setter(cls, "__entity__", about)
    prefix = signal_prefix(cls)
    for key in about.signals:
        for alias in (f"{key}_signal", f"S{key}"):
            if alias not in fields and alias not in events:
                setter(cls, alias, Signal(prefix + key, key))
    registry.define(cls)


def _redefined(cls: type[Entity], name: str) -> bool:
    return any(
        name in vars(base)
        for base in cls.__mro__
        if issubclass(base, Entity) and base is not Entity and base.__module__ != __name__
    )


def signal_prefix(cls: type[Entity]) -> str:
    """What stands before a field in its signal's path: "Counter.", or nothing."""
    config = cls.model_config
    if config.get("use_namespace", True):
        return f"{config.get('namespace') or cls.__name__}."
    return ""
