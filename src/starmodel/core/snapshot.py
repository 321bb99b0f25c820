"""Snapshots: pydantic models that are sealed at a version, and their one constructor."""

from __future__ import annotations

import copy
import inspect
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Self, TypeVar

from pydantic import BaseModel, GetCoreSchemaHandler
from pydantic_core import CoreSchema, core_schema

from starmodel.core.errors import FrozenEntityError
from starmodel.core.fields.field_types import ATOMS
from starmodel.core.fields.relations import Relation

DRAFT, OWN, STORED = 0, 1, 2  # an instance's mode: open, made by user code, loaded from a store
# The attributes in which pydantic stores the state of a model.
PARTS = ("__dict__", "__pydantic_fields_set__", "__pydantic_extra__", "__pydantic_private__")

NOTHING: frozenset[str] = frozenset()
"""The hidden fields of a viewer who sees everything."""

M = TypeVar("M", bound=BaseModel)
_get, _set = object.__getattribute__, object.__setattr__


def _seal(instance: M) -> M:
    """Seal an instance that has no mode yet; a draft or a stored snapshot keeps its mode."""
    try:
        _get(instance, "_sm_mode")
    except AttributeError:
        _set(instance, "_sm_mode", OWN)
        _set(instance, "_sm_version", 0)
    return instance


class Snapshot(BaseModel):
    """The state of one entity, immutable unless it is the draft of an event.

    `Entity` adds the events. A module that takes any entity, and that
    `Entity` itself imports, annotates against this class.
    """

    if not TYPE_CHECKING:  # checkers refuse two bases with slots, as in (Entity, SQLModel)
        __slots__ = ("_sm_facts", "_sm_hidden", "_sm_lease", "_sm_mode", "_sm_reads", "_sm_version")
    __hash__ = None  # type: ignore[assignment]  # a snapshot is equal by value, so it can't be a key

    if TYPE_CHECKING:
        id: Any = None
        # ClassVar, or type checkers would require them as constructor arguments.
        __entity__: ClassVar[Any]
        _sm_facts: ClassVar[Any]
        _sm_hidden: ClassVar[frozenset[str]]
        _sm_lease: ClassVar[Any]
        _sm_mode: ClassVar[int]
        _sm_reads: ClassVar[set[str]]
        _sm_version: ClassVar[int]

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

    @classmethod
    def model_construct(cls, _fields_set: set[str] | None = None, **values: Any) -> Self:
        return _seal(super().model_construct(_fields_set, **values))

    def model_copy(self, *, update: Mapping[str, Any] | None = None, deep: bool = False) -> Self:
        return super().model_copy(update=update, deep=deep)

    def copy(self, **options: Any) -> Self:
        # pydantic's deprecated method, which leaves the copy mutable.
        return _seal(super().copy(**options))

    def __copy__(self) -> Self:
        return self.__deepcopy__()

    def __deepcopy__(self, memo: dict[int, Any] | None = None) -> Self:
        cls: type[Self] = self.__entity__.cls  # never the class that records reads
        copied = assemble(cls.__new__(cls), *(_copied(getattr(self, part), memo) for part in PARTS))
        # A copy of a stored snapshot is stored; a copy of a draft is sealed.
        _set(copied, "_sm_mode", getattr(self, "_sm_mode", OWN) or OWN)
        return at_version(copied, getattr(self, "_sm_version", 0))

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


S = TypeVar("S", bound=Snapshot)


def _copied(part: Any, memo: dict[int, Any] | None) -> Any:
    """A deep copy of one of the PARTS; a shallow one where every value is an immutable scalar."""
    if part is None:
        return None
    if ATOMS.issuperset(map(type, part.values() if isinstance(part, dict) else part)):
        return part.copy()
    return copy.deepcopy(part, memo)


def assemble(
    instance: M,
    values: dict[str, Any],
    fields_set: set[str],
    extra: dict[str, Any] | None = None,
    private: dict[str, Any] | None = None,
) -> M:
    """Set the state of a model, without validation; any other state that it had is replaced.

    Shapes: the order of arguments is that of PARTS.
    """
    _set(instance, "__dict__", values)
    _set(instance, "__pydantic_fields_set__", fields_set)
    _set(instance, "__pydantic_extra__", extra)
    _set(instance, "__pydantic_private__", private)
    return instance


def construct(
    cls: type[S],
    values: dict[str, Any],
    fields_set: set[str],
    version: int,
    *,
    extra: dict[str, Any] | None = None,
    private: dict[str, Any] | None = None,
    post_init: bool = True,
) -> S:
    """A snapshot as a store holds it at this version, without validation.

    `values` and `fields_set` become the state of the snapshot; they are not copied.
    """
    instance = assemble(cls.__new__(cls), values, fields_set, extra, private)
    if post_init and cls.__pydantic_post_init__:
        instance.model_post_init(None)  # before the seal, so that it may assign fields
    _set(instance, "_sm_mode", STORED)
    _set(instance, "_sm_version", version)
    return instance


def assemble_draft(
    draft: S,
    values: dict[str, Any],
    fields_set: set[str],
    version: int,
    *,
    extra: dict[str, Any] | None,
    private: dict[str, Any] | None,
    lease: Any,
) -> S:
    """`assemble` for a draft, at the version of its snapshot; `lease` is for its containers."""
    _set(draft, "__dict__", values)
    _set(draft, "__pydantic_fields_set__", fields_set)
    _set(draft, "__pydantic_extra__", extra)
    _set(draft, "__pydantic_private__", private)
    _set(draft, "_sm_mode", DRAFT)
    _set(draft, "_sm_version", version)
    _set(draft, "_sm_lease", lease)
    return draft


def set_private(model: BaseModel, private: dict[str, Any]) -> None:
    """Replace the private attributes of a model."""
    _set(model, "__pydantic_private__", private)


def nest(part: BaseModel, source: BaseModel, lease: Any) -> None:
    """Make `made` a nested draft at the version of its source; for a plain model do nothing."""
    try:
        version = _get(source, "_sm_version")
    except AttributeError:
        return
    _set(part, "_sm_version", version)
    _set(part, "_sm_lease", lease)


def open_instance(cls: type[S]) -> S:
    """An instance without state, which validators of the class may assign to."""
    instance = cls.__new__(cls)
    _set(instance, "_sm_mode", DRAFT)
    return instance


def sealed(snapshot: S, version: int) -> S:
    """The snapshot itself, sealed at this version as one that no store holds yet."""
    _set(snapshot, "_sm_mode", OWN)
    _set(snapshot, "_sm_version", version)
    return snapshot


def stored(snapshot: S, version: int) -> S:
    """The snapshot itself, sealed as loaded from a store at this version; for repositories."""
    _set(snapshot, "_sm_mode", STORED)
    _set(snapshot, "_sm_version", version)
    return snapshot


def stored_copy(snapshot: S, version: int) -> S:
    """A deep copy of the snapshot, as loaded from a store at this version."""
    return stored(copy.deepcopy(snapshot), version)


def at_version(snapshot: S, version: int) -> S:
    """The snapshot or draft itself with another version, in the mode that it has."""
    _set(snapshot, "_sm_version", version)
    return snapshot


def as_seen(snapshot: S, hidden: frozenset[str]) -> S:
    """A copy of the snapshot for one viewer, from whom these fields are hidden.

    Code reads all fields of it; what is sent to clients omits the hidden ones.
    """
    cls: type[S] = snapshot.__entity__.cls
    private = snapshot.__pydantic_private__
    seen = assemble(
        cls.__new__(cls), dict(snapshot.__dict__), set(snapshot.__pydantic_fields_set__),
        snapshot.__pydantic_extra__, None if private is None else dict(private),
    )  # fmt: skip
    _set(seen, "_sm_mode", mode_of(snapshot) or OWN)
    _set(seen, "_sm_version", version_of(snapshot))
    _set(seen, "_sm_hidden", hidden)
    return seen


def with_related(snapshot: S, loaded: Mapping[str, Any]) -> S:
    """A copy of a stored snapshot that shares its values, with these relations loaded."""
    cls: type[S] = snapshot.__entity__.cls
    private = snapshot.__pydantic_private__
    made = assemble(
        cls.__new__(cls), {**snapshot.__dict__, **loaded}, set(snapshot.__pydantic_fields_set__),
        snapshot.__pydantic_extra__, None if private is None else dict(private),
    )  # fmt: skip
    return stored(made, snapshot._sm_version)


def hidden_of(snapshot: Snapshot) -> frozenset[str]:
    """The fields that are hidden from the viewer of this snapshot.

    Without a viewer these are all fields with a read rule.
    """
    guarded: frozenset[str] = snapshot.__entity__.guarded
    return getattr(snapshot, "_sm_hidden", guarded) if guarded else guarded


def version_of(snapshot: Snapshot) -> int:
    """The version that a store holds of this snapshot; 0 when it was never stored."""
    return snapshot._sm_version


def mode_of(instance: Snapshot) -> int:
    """DRAFT, OWN or STORED; an entity nested in a draft is a draft."""
    return getattr(instance, "_sm_mode", DRAFT)
