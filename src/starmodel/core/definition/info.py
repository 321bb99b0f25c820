"""`EntityInfo`: fields, events and signals of an entity class, worked out once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal

from starmodel.core.definition.constructor import argument_names
from starmodel.core.events import Event
from starmodel.core.fields.access_rules import AccessRule
from starmodel.core.fields.arguments import old_names
from starmodel.core.fields.field_types import is_atomic, plain_types
from starmodel.core.fields.relations import relations_of
from starmodel.core.fields.specs import FieldSpec
from starmodel.core.fields.transitions import Transitions
from starmodel.core.snapshot import Snapshot
from starmodel.core.values.bounds import may_hold_numbers
from starmodel.core.values.json_data import holds_bytes

_get = object.__getattribute__


@dataclass(frozen=True)
class EntityInfo:
    """The fields, events and computed fields of an entity class, collected at its definition.

    Shapes: computed names the public computed fields; related_computed has those that read
    relations, with their names: they are no part of the entity's state; spec is the import
    spec of the module at the definition, another one after a reload.
    """

    cls: type[Snapshot]
    fields: dict[str, FieldSpec]
    events: dict[str, Event[Any, Any, Any]]
    computed: tuple[str, ...]
    spec: Any = None
    related_computed: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @cached_property
    def name(self) -> str:
        """The name in records, topics and URLs: "Note", of a plugin's class "audit.Note"."""
        return entity_name(self.cls)

    @cached_property
    def renamed_from(self) -> tuple[str, ...]:
        """The earlier names of the class, with its plugin; a base's are the base's alone."""
        given: Any = self.cls.model_config.get("renamed_from")
        inherited = [getattr(base, "model_config", {}) for base in self.cls.__mro__[1:]]
        if given is None or any(config.get("renamed_from") == given for config in inherited):
            return ()
        plugin = self.cls.model_config.get("plugin")
        names = old_names(given, f"{self.cls.__name__}.model_config['renamed_from']")
        return tuple(f"{plugin}.{old}" if plugin and "." not in old else old for old in names)

    @cached_property
    def transitions(self) -> Mapping[str, Transitions]:
        """The declared steps of choice fields, by field."""
        found = ((name, spec.transitions) for name, spec in self.fields.items())
        return {name: rule for name, rule in found if rule is not None}

    @cached_property
    def conditional(self) -> tuple[Event[Any, Any, Any], ...]:
        """The events that the state of an entity makes possible or visible."""
        return tuple(event for event in self.events.values() if event.info.is_conditional)

    @cached_property
    def updated_at_field(self) -> str:
        """The field that each commit sets to the time of the change; "" for none."""
        return getattr(self.cls, "__updated_at_field__", "")

    @cached_property
    def arguments(self) -> frozenset[str] | None:
        """The names that the constructor takes; None where the class decides itself."""
        return argument_names(self.cls)

    @cached_property
    def references(self) -> dict[str, str]:
        """The foreign key of each relation to one record that its type alone declares."""
        return {
            name: relation.foreign_key
            for name, relation in relations_of(self.cls).items()
            if relation.is_implied and relation.foreign_key
        }

    @cached_property
    def atomic(self) -> bool:
        """True when every field is declared as an immutable scalar."""
        return all(spec.atomic for spec in self.fields.values()) and not self.cls.model_config.get(
            "extra"
        )

    @cached_property
    def bytes_fields(self) -> tuple[str, ...]:
        """The public fields with a bytes type."""
        return tuple(
            name
            for name, spec in self.fields.items()
            if not spec.private and bytes in plain_types(spec.info.annotation)
        )

    @cached_property
    def holds_bytes(self) -> bool:
        """True when the type of a field contains bytes, recursively."""
        return any(holds_bytes(spec.info.annotation) for spec in self.fields.values())

    @cached_property
    def numeric(self) -> tuple[str, ...]:
        """The fields whose types contain integers or Decimals, which are validated for size."""
        return tuple(n for n, spec in self.fields.items() if may_hold_numbers(spec.info.annotation))

    @cached_property
    def private(self) -> frozenset[str]:
        """The private fields, which are never serialised for clients."""
        hidden = set(self.cls.__pydantic_computed_fields__).difference(self.computed)
        return frozenset(name for name, spec in self.fields.items() if spec.private) | hidden

    @cached_property
    def read_rules(self) -> Mapping[str, AccessRule]:
        """The read rules of single fields, by field."""
        return {name: rule for name, rule in _rules(self.fields, "read") if rule is not None}

    @cached_property
    def write_rules(self) -> Mapping[str, AccessRule]:
        """The write rules of single fields, by field."""
        return {name: rule for name, rule in _rules(self.fields, "write") if rule is not None}

    @cached_property
    def guarded(self) -> frozenset[str]:
        """The fields with a read rule of their own."""
        return frozenset(self.read_rules)

    @cached_property
    def signals(self) -> tuple[str, ...]:
        """The public fields that are signals in the browser."""
        computed = self.cls.__pydantic_computed_fields__
        return tuple(name for name, spec in self.fields.items() if spec.signal) + tuple(
            name for name in self.computed if is_atomic(computed[name].return_type)
        )

    @cached_property
    def declared_signals(self) -> frozenset[str]:
        """The fields declared with `Field(signal=True)`."""
        return frozenset(name for name, spec in self.fields.items() if spec.options.signal)

    @cached_property
    def namespace(self) -> str:
        """The namespace of the class's signals: "Counter", or "" for the top level."""
        return signal_prefix(self.cls).rstrip(".")

    @cached_property
    def recording_cls(self) -> type[Snapshot]:
        """A subclass that records reads of fields, for `__class__` of drafts of async events."""
        return _recording(self.cls)


def _rules(
    fields: Mapping[str, FieldSpec], need: Literal["read", "write"]
) -> Iterator[tuple[str, AccessRule | None]]:
    for name, spec in fields.items():
        if spec.options.access is not None:
            yield name, getattr(spec.options.access, need)


def entity_name(cls: type[Snapshot]) -> str:
    """The name of a class, after that of its plugin if it has one."""
    plugin = cls.model_config.get("plugin")
    return f"{plugin}.{cls.__name__}" if plugin else cls.__name__


def signal_prefix(cls: type[Snapshot]) -> str:
    """The prefix of the paths of a class's signals: "Counter.", or "" for the top level."""
    config = cls.model_config
    if config.get("use_namespace", True):
        return f"{config.get('namespace') or entity_name(cls)}."
    return ""


def _recording(cls: type[Snapshot]) -> type[Snapshot]:
    """A subclass of `cls` that records reads of fields, made without pydantic's metaclass."""
    fields = frozenset(cls.__pydantic_fields__)
    read = cls.__getattribute__

    def recording(self: Any, name: str) -> Any:
        if name in fields:
            note(self, (name,))
            values = _get(self, "__dict__")
            if name in values:  # a mapped attribute of a table class would read `__dict__`
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
