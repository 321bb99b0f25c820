"""`Entity`: an immutable snapshot of typed fields whose events run on drafts."""

from __future__ import annotations

import copy
import inspect
import os
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Self, TypeVar

from pydantic import BaseModel, GetCoreSchemaHandler, ValidationError
from pydantic_core import CoreSchema, core_schema

from starmodel.core.changes.drafts import DRAFT, OWN, PARTS, STORED, Facts, Lease, revalidated
from starmodel.core.changes.patches import values_of
from starmodel.core.classes.built_in import BUILT_IN
from starmodel.core.classes.checks import check_names
from starmodel.core.classes.setup import EntityInfo, define, take_id
from starmodel.core.current_app import ObjectsOf, host_of
from starmodel.core.errors import FrozenEntityError
from starmodel.core.events import ActionFactory, Event
from starmodel.core.fields.entity_config import EntityConfig
from starmodel.core.fields.field import ATOMS, Field, leaving
from starmodel.core.fields.relations import Relation, take_relations
from starmodel.core.signals import Signal
from starmodel.core.values.json_data import bytes_text, model_data

if TYPE_CHECKING:
    from pydantic import PrivateAttr
    from sqlmodel.main import SQLModelMetaclass
    from typing_extensions import dataclass_transform

    @dataclass_transform(kw_only_default=True, field_specifiers=(Field, PrivateAttr))
    class EntityMeta(SQLModelMetaclass):
        """For type checkers only: any `…_signal` of the class is a signal."""

        model_config: Any  # SQLModel's metaclass declares its own keys alone

        def __getattr__(cls, name: str) -> Signal: ...

else:
    EntityMeta = type(BaseModel)

T = TypeVar("T")
_get, _set = object.__getattribute__, object.__setattr__


_random: list[str] = []
if hasattr(os, "register_at_fork"):  # a child must not hand out its parent's numbers
    os.register_at_fork(after_in_child=_random.clear)


def _draw_random_parts() -> str:
    """Fill `_random` with the last two groups of many ids, because each call of the system costs.

    Returns one more, which no other thread can take.
    """
    text = os.urandom(8 * 256).hex()
    # The 8 says which variant of UUID this is.
    parts = [f"8{text[at : at + 3]}-{text[at + 3 : at + 15]}" for at in range(0, 4096, 16)]
    one = parts.pop()
    _random.extend(parts)
    return one


def new_id() -> str:
    """A UUIDv7 as text: unique everywhere, ordered by time of making."""
    milliseconds, rest = divmod(time.time_ns(), 1_000_000)
    fraction = (rest << 12) // 1_000_000  # so that those of one unit of work are ordered too
    when = f"{milliseconds:012x}"
    try:
        random_part = _random.pop()
    except IndexError:
        random_part = _draw_random_parts()
    return f"{when[:8]}-{when[8:]}-7{fraction:03x}-{random_part}"


def _copied(part: Any, memo: dict[int, Any] | None) -> Any:
    """A deep copy of one of the PARTS; where all is scalar there is nothing deep."""
    if part is None:
        return None
    if ATOMS.issuperset(map(type, part.values() if isinstance(part, dict) else part)):
        return part.copy()
    return copy.deepcopy(part, memo)


def _seal(entity: T) -> T:
    try:
        _get(entity, "_sm_mode")  # a draft, or a loaded one, stays what it is
    except AttributeError:
        _set(entity, "_sm_mode", OWN)
        _set(entity, "_sm_version", 0)
    return entity


class Entity(BaseModel, metaclass=EntityMeta):
    """One class for state, behaviour, store, routes and pages.

    A committed entity is an immutable snapshot. State changes only inside
    an `@event`, which runs on a draft: when it raises, nothing changed.

    >>> class Light(Entity):
    ...     on: bool = False
    >>> Light().evolve(on=True).on
    True
    """

    # Any: SQLModel's own key set is another type. Its keys are checked at definition.
    model_config: ClassVar[Any] = EntityConfig(
        ignored_types=(Event, Relation), validate_default=False
    )
    if not TYPE_CHECKING:  # checkers refuse two bases with slots, as in (Entity, SQLModel)
        __slots__ = ("_sm_facts", "_sm_lease", "_sm_mode", "_sm_reads", "_sm_version")
    __hash__ = None  # type: ignore[assignment]  # a snapshot is equal by value, so it can't be a key
    __entity__: ClassVar[EntityInfo]
    objects: ClassVar[ObjectsOf] = ObjectsOf()

    if TYPE_CHECKING:
        # ClassVar, or type checkers would ask for them at construction.
        _sm_facts: ClassVar[Any]
        _sm_lease: ClassVar[Lease | None]
        _sm_mode: ClassVar[int]
        _sm_reads: ClassVar[set[str]]
        _sm_version: ClassVar[int]

    if TYPE_CHECKING:
        id: Any = Field(default_factory=new_id)  # an application may declare any type
    else:
        id: str = Field(default_factory=new_id)

    # pydantic asks for this name; `__pydantic_base_init__` makes SQLModel table classes validate.
    def __init__(self, /, **data: Any) -> None:
        self.__pydantic_validator__.validate_python(data, self_instance=self)

    __init__.__pydantic_base_init__ = True  # type: ignore[attr-defined]

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        check_names(cls)
        take_id(cls, Entity)
        take_relations(cls)

    @classmethod
    def __pydantic_init_subclass__(cls, **kwargs: Any) -> None:
        super().__pydantic_init_subclass__(**kwargs)
        define(cls, Entity)

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        schema = handler(source)
        try:
            definition: dict[str, Any] = handler.resolve_ref_schema(schema)  # type: ignore[assignment]
        except LookupError:  # a field of the class's own type: the outer call seals the definition
            return schema
        if definition.get("function", {}).get("function") is not _seal:
            inner: Any = definition.copy()
            ref = inner.pop("ref", None)
            definition.clear()
            definition |= core_schema.no_info_after_validator_function(_seal, inner, ref=ref)
        return schema

    if not TYPE_CHECKING:  # which take SQLModel's, whose result is a SQLModel, for another method

        @classmethod
        def model_validate(cls, obj: Any, **options: Any) -> Self:
            # SQLModel's own would not validate table classes.
            if options.pop("update", None):
                raise TypeError(
                    f"{cls.__name__}.model_validate(update=…): use evolve(…) on the result."
                )
            return cls.__pydantic_validator__.validate_python(obj, **options)

    @classmethod
    def model_construct(cls, _fields_set: set[str] | None = None, **values: Any) -> Self:
        return _seal(super().model_construct(_fields_set, **values))

    def model_copy(self, *, update: Mapping[str, Any] | None = None, deep: bool = False) -> Self:
        return super().model_copy(update=update, deep=deep)

    def copy(self, **options: Any) -> Self:
        # pydantic's deprecated way, which would leave the copy open.
        return _seal(super().copy(**options))

    def __copy__(self) -> Self:
        return self.__deepcopy__()

    def __deepcopy__(self, memo: dict[int, Any] | None = None) -> Self:
        cls = self.__entity__.cls
        made: Self = cls.__new__(cls)  # type: ignore[assignment]  # never the watched class
        for part in PARTS:
            _set(made, part, _copied(getattr(self, part), memo))
        # What was loaded stays loaded; a copy of a draft is a snapshot.
        _set(made, "_sm_mode", getattr(self, "_sm_mode", OWN) or OWN)
        _set(made, "_sm_version", getattr(self, "_sm_version", 0))
        return made

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
            _get(self, "__dict__")[name] = value
            self.__pydantic_fields_set__.add(name)
        elif isinstance(inspect.getattr_static(cls, name, None), property | Relation):
            _set(self, name, value)
        elif self.__pydantic_extra__ is not None:
            self.__pydantic_extra__[name] = value
        else:
            raise AttributeError(
                f"{cls.__name__} has no field {name!r}; its fields are "
                f"{', '.join(cls.__pydantic_fields__)}."
            )

    def __delattr__(self, name: str) -> None:
        if name in type(self).__pydantic_fields__:
            raise FrozenEntityError(f"{type(self).__name__}.{name} is a field and stays one.")
        if not name.startswith("_") and getattr(self, "_sm_mode", DRAFT) != DRAFT:
            raise FrozenEntityError(
                f"{type(self).__name__}.{name} can't be deleted: a committed entity is a snapshot. "
                "Change it in an @event method."
            )
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
        values = revalidated(values_of(self) | changes)
        made = cls.__pydantic_validator__.validate_python(values, by_name=True, by_alias=False)
        _set(made, "_sm_version", getattr(self, "_sm_version", 0))
        return made  # type: ignore[no-any-return]

    def emit(self, fact: Any) -> None:
        """Collect a fact (a dataclass or model); it is published after the commit.

        Never published when the event fails. Raises: FrozenEntityError, outside an event.
        """
        _facts_of(self, "emit").emitted.append(fact)

    async def save(self) -> None:
        """Ask that this draft be stored at its commit, where `auto_persist` is off."""
        _facts_of(self, "save").save = True

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
        return {name: state[name] for name in self.__entity__.signals if name in state}


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
    if entity.__entity__.atomic:  # so there is nothing nested
        return _json_state(entity)
    token = leaving.set(True)  # private fields of nested models stay out too
    try:
        return _json_state(entity)
    finally:
        leaving.reset(token)


def _json_state(entity: Entity) -> dict[str, Any]:
    info = entity.__entity__
    private: Any = info.private or None
    try:
        state: dict[str, Any] = model_data(entity, private)
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError):
        if entity._sm_mode != STORED or _is_valid(entity):
            raise
        state = model_data(entity, private, computed_or_none=True)
    for name in info.bytes_fields:
        value = entity.__dict__.get(name)
        if type(value) is bytes and state.get(name) == value.decode("utf-8", "replace"):
            state[name] = bytes_text(value)  # which tells it from the text of a data URL
    return state


def _is_valid(entity: Entity) -> bool:
    """False for a stored row that somebody else wrote and that does not fit its class."""
    cls = entity.__entity__.cls
    try:
        values = revalidated(values_of(entity))
        cls.__pydantic_validator__.validate_python(values, by_name=True, by_alias=False)
    except ValidationError:
        return False
    return True


def _facts_of(draft: Entity, method: str) -> Facts:
    facts: Facts | None = getattr(draft, "_sm_facts", None)
    if getattr(draft, "_sm_mode", DRAFT) != DRAFT or facts is None:
        raise FrozenEntityError(
            f"{type(draft).__name__}.{method}() works on the `self` of an event, where there is "
            "something to commit. From other code dispatch an event."
        )
    return facts
