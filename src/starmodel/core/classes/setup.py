"""What happens when an entity class is defined: it is checked, described, and put on the list."""

from __future__ import annotations

import copy
import inspect
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from starmodel.core.classes import registry
from starmodel.core.classes.browser_stores import check_browser_store
from starmodel.core.classes.checks import RESERVED, check_fields, reserved_error
from starmodel.core.classes.fast_tables import take_over
from starmodel.core.errors import ConfigurationError
from starmodel.core.events import ActionFactory, Event, declared_here
from starmodel.core.fields.entity_config import check_config
from starmodel.core.fields.field import (
    FieldSpec,
    field_specs,
    is_atomic,
    is_secret,
    plain_types,
    tell_sqlmodel,
)
from starmodel.core.fields.relations import own_annotations
from starmodel.core.signals import Signal
from starmodel.core.values.bounds import may_hold_numbers
from starmodel.core.values.json_data import holds_bytes
from starmodel.core.values.signal_names import signal_name

if TYPE_CHECKING:
    from starmodel.core.entity import Entity

_get = object.__getattribute__


@dataclass(frozen=True)
class EntityInfo:
    """What a class says of itself, worked out once at its definition.

    Shapes: watched is the same class with reads recorded, for drafts of
    events that await; computed names the public computed fields; spec is
    that of the module at the definition, a new one when it is loaded again.
    """

    cls: type[Entity]
    fields: dict[str, FieldSpec]
    events: dict[str, Event[Any, Any, Any]]
    computed: tuple[str, ...]
    spec: Any = None

    @cached_property
    def touched(self) -> str:
        """The field that says when the record last changed, kept by the commit; "" for none."""
        return getattr(self.cls, "__touched__", "")

    @cached_property
    def atomic(self) -> bool:
        """True when every field is declared as an immutable scalar."""
        return all(spec.atomic for spec in self.fields.values()) and not self.cls.model_config.get(
            "extra"
        )

    @cached_property
    def bytes_fields(self) -> tuple[str, ...]:
        """The public fields whose values may be bytes."""
        return tuple(
            name
            for name, spec in self.fields.items()
            if not spec.private and bytes in plain_types(spec.info.annotation)
        )

    @cached_property
    def holds_bytes(self) -> bool:
        """True when a field may have bytes in it, however deep."""
        return any(holds_bytes(spec.info.annotation) for spec in self.fields.values())

    @cached_property
    def numeric(self) -> tuple[str, ...]:
        """The fields whose values may be, or contain, integers or Decimals."""
        return tuple(n for n, spec in self.fields.items() if may_hold_numbers(spec.info.annotation))

    @cached_property
    def private(self) -> frozenset[str]:
        """The fields that never leave the server."""
        hidden = set(self.cls.__pydantic_computed_fields__).difference(self.computed)
        return frozenset(name for name, spec in self.fields.items() if spec.private) | hidden

    @cached_property
    def signals(self) -> tuple[str, ...]:
        """The public fields that are signals in the browser."""
        computed = self.cls.__pydantic_computed_fields__
        return tuple(name for name, spec in self.fields.items() if spec.signal) + tuple(
            name for name in self.computed if is_atomic(computed[name].return_type)
        )

    @cached_property
    def namespace(self) -> str:
        """Where the signals of the class stand in the browser: "Counter", or "" for the top."""
        return signal_prefix(self.cls).rstrip(".")

    @cached_property
    def watched(self) -> type[Entity]:
        """A subclass that pydantic never sees, only for `__class__` of drafts."""
        return _watched(self.cls)


def take_id(cls: type[Any], base: type[Any]) -> None:
    """Let the `id` that another base declares, such as a table's, win over Entity's own."""
    for other in cls.__mro__:
        if other is not base and "id" in own_annotations(other):
            if not issubclass(other, base):
                declared: Any = other
                field = copy.copy(declared.__pydantic_fields__["id"])
                cls.__annotations__ = {**own_annotations(cls), "id": field.annotation}
                type.__setattr__(cls, "id", field)
            return


def define(cls: type[Entity], base: type[Entity]) -> None:
    """Check the class, set its signals, and put it on the list of defined entities."""
    name = cls.__name__
    check_config(name, cls.model_config)
    fields = cls.__pydantic_fields__
    events, declared = _events(cls), declared_here(cls)
    for key in fields:
        if key in events or key in declared:
            raise ConfigurationError(
                f"{name}.{key} is both a field and an event. Rename one of them."
            )
    taken = [key for key in RESERVED if key in fields or _redefined(cls, base, key)]
    taken += [key for key in events if key.startswith("model_")]
    if taken:
        raise reserved_error(name, taken)
    if getattr(cls, "__sqlmodel_relationships__", None):
        names = ", ".join(cls.__sqlmodel_relationships__)
        raise ConfigurationError(
            f"{name}.{names} is a Relationship of SQLModel, which needs an ORM session. "
            "Use starmodel's: from starmodel import Relationship."
        )
    take_over(cls)
    tell_sqlmodel(cls)
    computed = tuple(
        key
        for key, item in cls.__pydantic_computed_fields__.items()
        if not is_secret(item.return_type)
    )
    check_fields(cls, base)
    module = sys.modules.get(cls.__module__)
    about = EntityInfo(cls, field_specs(cls), events, computed, getattr(module, "__spec__", None))
    _check_shown(about)
    check_browser_store(cls, cls.model_config.get("store") or "")
    setter = type.__setattr__
    setter(cls, "__entity__", about)
    prefix = signal_prefix(cls)
    _check_signals(about, prefix)
    for key in about.signals:
        for alias in (f"{key}_signal", f"S{key}"):
            other = inspect.getattr_static(cls, alias, None)
            if alias not in fields and (other is None or isinstance(other, Signal)):
                setter(cls, alias, Signal(prefix + key, key))
    registry.define(cls)


def _check_signals(about: EntityInfo, prefix: str) -> None:
    """Refuse names that lead out of a page's signals. Raises: ConfigurationError."""
    name = about.cls.__name__
    for part in prefix.rstrip(".").split(".") if prefix else ():
        if signal_name(part, local=True) != part or not part:
            raise ConfigurationError(
                f"{name} has its signals under {prefix.rstrip('.')!r}, and {part!r} can't be the "
                "name of a signal. Set model_config['namespace'] to another word."
            )
    for key in about.signals:
        if signal_name(key) != key:
            raise ConfigurationError(
                f"{name}.{key} can't be a signal: every JavaScript object has a property of that "
                "name. Rename the field, or declare it with Field(signal=False)."
            )


def _check_shown(about: EntityInfo) -> None:
    """Refuse what pages can't show or ask for. Raises: ConfigurationError, naming what they can."""
    config = about.cls.model_config
    public = [name for name, spec in about.fields.items() if not spec.private]
    single = [name for name in public if about.fields[name].atomic]
    sets: Any = config.get("fieldsets") or {}
    for key, named, known in (
        ("list_display", config.get("list_display"), [*public, *about.computed]),
        ("search_fields", config.get("search_fields"), single),
        ("list_filter", config.get("list_filter"), single),
        ("fieldsets", [name for names in sets.values() for name in names], public),
    ):
        unknown = [name for name in named or () if name not in known]
        if unknown or isinstance(named, str):
            raise ConfigurationError(
                f"{about.cls.__name__}.model_config[{key!r}] names "
                f"{', '.join(map(repr, unknown)) or repr(named)}; expected some of "
                f"{', '.join(known)}."
            )


def _events(cls: type[Entity]) -> dict[str, Event[Any, Any, Any]]:
    """The events of the class and of its bases, without those that something else replaced."""
    events: dict[str, Event[Any, Any, Any]] = {}
    for base in reversed(cls.__mro__):
        for key, value in vars(base).items():
            if isinstance(value, Event):
                events[key] = value
            else:
                events.pop(key, None)
    for key, info in cls.__pydantic_fields__.items():
        # pydantic takes an event of the same name as a field for the field's default.
        if isinstance(info.default, Event):
            events[key] = info.default
        elif isinstance(info.default, ActionFactory):
            events[key] = info.default.event
    return events


def _redefined(cls: type[Entity], base: type[Entity], name: str) -> bool:
    before_base = cls.__mro__[: cls.__mro__.index(base)]
    return any(name in vars(earlier) for earlier in before_base)


def signal_prefix(cls: type[Entity]) -> str:
    """What stands before a field in its signal's path: "Counter.", or nothing."""
    config = cls.model_config
    if config.get("use_namespace", True):
        return f"{config.get('namespace') or cls.__name__}."
    return ""


def _watched(cls: type[Entity]) -> type[Entity]:
    """`cls` with reads of fields recorded, made without running pydantic's metaclass."""
    fields = frozenset(cls.__pydantic_fields__)
    read = cls.__getattribute__

    def recording(self: Any, name: str) -> Any:
        if name in fields:
            note(self, (name,))
            values = _get(self, "__dict__")
            if name in values:  # a mapped attribute of a table class would ask for `__dict__`
                return values[name]
        elif name == "__dict__":  # a dump, a comparison, an iteration
            note(self, fields)
        return read(self, name)

    def note(draft: Any, names: Iterable[str]) -> None:
        try:
            _get(draft, "_sm_reads").update(names)
        except AttributeError:
            return  # a snapshot that an event made with `type(self)(…)`

    body = {
        "__getattribute__": recording,
        "__class__": property(lambda self: cls),
        "__slots__": (),
        "__module__": cls.__module__,
        "__qualname__": cls.__qualname__,
    }
    return type.__new__(type(cls), cls.__name__, (cls,), body)
