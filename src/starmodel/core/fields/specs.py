"""The fields of an entity class, worked out once: private, editable, a signal, its input."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, replace
from typing import Any

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from starmodel.core.errors import ConfigurationError
from starmodel.core.fields.access_rules import owner_fields
from starmodel.core.fields.annotations import type_name
from starmodel.core.fields.field import FieldOptions, options_of
from starmodel.core.fields.field_types import is_atomic, plain_types
from starmodel.core.fields.privacy import is_private, looks_secret, undeclared_secrets
from starmodel.core.fields.transitions import Transitions, transitions_of
from starmodel.core.fields.widgets import UI, ui_of
from starmodel.core.translations import translated


@dataclass(frozen=True, slots=True)
class FieldSpec:
    """The properties of one field of an entity type, collected at its definition."""

    name: str
    info: FieldInfo
    options: FieldOptions
    private: bool
    editable: bool
    signal: bool
    atomic: bool
    ui: UI = UI()  # noqa: RUF009 - frozen, so it can be shared
    transitions: Transitions | None = None

    @property
    def title(self) -> str:
        """The label in generated pages, in the visitor's language; see `source_title`."""
        return translated(self.source_title)

    @property
    def source_title(self) -> str:
        """The title of the field, or its name in words, before translation.

        A foreign key is labelled as its relation: "Customer" for `customer_id`.
        """
        name = self.name.removesuffix("_id") if self.is_foreign_key else self.name
        return self.info.title or name.replace("_", " ").capitalize()

    @property
    def is_foreign_key(self) -> bool:
        """Whether the field declares a foreign key by `foreign_key=`, as SQLModel does too."""
        declared = [self.options.sql.get("foreign_key")]
        declared += [getattr(each, "foreign_key", None) for each in self.info.metadata]
        return any(isinstance(each, str) for each in declared)


def field_specs(cls: type[BaseModel]) -> dict[str, FieldSpec]:
    """The `FieldSpec` of each field of the class.

    Raises: ConfigurationError, when a secret-looking name is neither private nor public.
    """
    specs = {}
    listed = _editable(cls)
    owners = _owner_fields(cls)
    for name, info in cls.__pydantic_fields__.items():
        options = options_of(info)
        private = is_private(info)
        if looks_secret(name) and not private and not options.public:
            raise ConfigurationError(
                f"{cls.__name__}.{name} looks like a secret but is neither private nor public. "
                f"Write {name}: Private[…], which is Field(private=True), or "
                "… = Field(public=True) if visitors may see it."
            )
        undeclared = [] if private else undeclared_secrets(info.annotation)
        if undeclared:
            raise ConfigurationError(
                f"{cls.__name__}.{name}.{undeclared[0]} looks like a secret but is neither private "
                "nor public. Declare it in its model with Field(private=True), or "
                "Field(public=True) if visitors may see it."
            )
        if name in owners and options.editable is None and _holds_id(info.annotation):
            has_rule = options.access is not None and options.access.write is not None
            options = replace(options, default_from="actor", editable=has_rule or None)
        editable = options.editable
        if editable is None:
            editable = name in listed and (name != "id" or info.is_required())
            editable = editable and options.default_from is None
        if options.default_from is not None and not _holds_id(info.annotation):
            raise ConfigurationError(
                f"{cls.__name__}.{name} has default_from='actor' and the type "
                f"{type_name(info.annotation)}; expected str, int or UUID, which the id of an "
                "actor can be."
            )
        if options.access is not None:
            _check_access(f"{cls.__name__}.{name}", name, private)
        atomic = is_atomic(info.annotation)
        signal = atomic if options.signal is None else options.signal
        specs[name] = FieldSpec(
            name, info, options, private, editable and not private, signal and not private, atomic,
            ui_of(info.annotation, info.metadata),
            transitions_of(f"{cls.__name__}.{name}", info.annotation, info.metadata),
        )  # fmt: skip
    _check_old_names(cls.__name__, specs)
    return specs


def _check_access(where: str, name: str, private: bool) -> None:
    """Refuse rules of a field that nobody sees, or everybody needs. Raises: ConfigurationError."""
    if private:
        raise ConfigurationError(
            f"{where} has access rules and is private, which nobody may read or write. Remove one."
        )
    if name == "id":
        raise ConfigurationError(
            f"{where} is in every URL of its record, so it can't have access rules. Set the rules "
            "of the class in model_config['access']."
        )


def _owner_fields(cls: type[BaseModel]) -> frozenset[str]:
    """The fields that new records have from their author, as an access rule names them."""
    config: Any = cls.model_config
    listed = config.get("editable", True)
    explicit = frozenset() if isinstance(listed, bool) else frozenset(listed)
    return owner_fields(config.get("access")) - explicit - {"id"}


def _holds_id(annotation: Any) -> bool:
    return plain_types(annotation) in ([str], [int], [uuid.UUID])


def _check_old_names(owner: str, specs: dict[str, FieldSpec]) -> None:
    """Refuse an earlier name that another field has, or had. Raises: ConfigurationError."""
    claimed: dict[str, str] = {}
    for name, spec in specs.items():
        for old in spec.options.renamed_from:
            if old in specs:
                raise ConfigurationError(
                    f"{owner}.{name} is renamed_from {old!r}, and {owner} still has a field {old}. "
                    f"Remove {old}, or remove renamed_from."
                )
            if claimed.setdefault(old, name) != name:
                raise ConfigurationError(
                    f"{owner}.{claimed[old]} and {owner}.{name} are both renamed_from {old!r}. "
                    "Only one of them can have its values; remove renamed_from from the other."
                )


def _editable(cls: type[BaseModel]) -> frozenset[str]:
    fields = frozenset(cls.__pydantic_fields__)
    config: Any = cls.model_config.get("editable", True)
    if isinstance(config, bool):
        return fields if config else frozenset()
    if isinstance(config, str) or not fields.issuperset(config):
        raise ConfigurationError(
            f"{cls.__name__}.model_config['editable'] is {config!r}; expected True, False, or a "
            f"list of some of the fields {', '.join(cls.__pydantic_fields__)}."
        )
    return frozenset(config)
