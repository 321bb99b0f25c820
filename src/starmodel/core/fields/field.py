"""`Field`, with the arguments of pydantic, SQLModel and StarModel."""

from __future__ import annotations

import types
import typing
from collections.abc import Iterable
from contextvars import ContextVar
from dataclasses import dataclass
from dataclasses import field as dataclass_field
from typing import Annotated, Any, TypeVar, Union, get_args, get_origin

import pydantic
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from starmodel.core.fields.access_rules import FieldAccess, field_access
from starmodel.core.fields.arguments import (
    SQL_ARGUMENTS,
    check_arguments,
    check_default_from,
    old_names,
)

excluding_private: ContextVar[bool] = ContextVar("starmodel_excluding_private", default=False)
"""True while a state is serialised for clients; private fields are dropped at every depth."""


@dataclass(frozen=True, slots=True)
class FieldOptions:
    """The arguments of `Field(...)` for StarModel and SQLModel."""

    private: bool = False
    public: bool = False
    editable: bool | None = None
    signal: bool | None = None
    sync: bool | None = None
    sql: dict[str, Any] = dataclass_field(default_factory=dict)
    renamed_from: tuple[str, ...] = ()
    default_from: str | None = None
    access: FieldAccess | None = None


def Field(  # noqa: N802 - the name users know from pydantic and SQLModel
    default: Any = PydanticUndefined,
    *,
    private: bool = False,
    public: bool = False,
    editable: bool | None = None,
    signal: bool | None = None,
    sync: bool | None = None,
    renamed_from: str | Iterable[str] = (),
    default_from: str | None = None,
    access: Any = None,
    **options: Any,
) -> Any:
    """A pydantic field that also takes SQLModel's arguments and these:

    private: never leaves the server: no signal, page, JSON body, log line or message.
    public:  a secret-looking name that is meant to be seen.
    editable: whether callers may set it (default: yes, unless private, a generated id or
             from the actor, as the owner in the rule of create or update is).
    signal:  whether it is a browser signal (default: scalars only).
    sync:    the browser's value is taken over before an event runs.
    renamed_from: earlier names, whose stored values a migration keeps.
    default_from: "actor", whose id a new record has here.
    access:  an access rule for reading and writing the field, or {"read": rule, "write": rule};
             it restricts further what the rules of the class permit.

    Raises: ConfigurationError, for an argument that none of them has.
    """
    extra = options.pop("schema_extra", None)  # SQLModel's word
    if extra is not None:
        options.setdefault("json_schema_extra", extra)
    sql = {name: options.pop(name) for name in SQL_ARGUMENTS & options.keys()}
    if private:
        options.setdefault("exclude_if", _is_excluded)
    check_arguments(options)
    info = pydantic.Field(default, **options)
    earlier = old_names(renamed_from, "Field(renamed_from=…)")
    check_default_from(default_from)
    info.metadata.append(
        FieldOptions(
            private,
            public,
            editable,
            signal,
            sync,
            sql,
            earlier,
            default_from,
            field_access(access),
        )
    )
    return info


def _is_excluded(value: object) -> bool:
    return excluding_private.get()


T = TypeVar("T")
Private = Annotated[T, Field(private=True)]
"""The type of a value that never leaves the server: `hashed_password: Private[str]`.

For fields of entities and models, and for parameters of events.
"""


def options_of(info: FieldInfo) -> FieldOptions:
    """The merged options of every `Field(...)` of one field; `Annotated` may have several."""
    declared_options = [item for item in info.metadata if isinstance(item, FieldOptions)]
    if len(declared_options) < 2:
        return declared_options[0] if declared_options else FieldOptions()

    def last(name: str) -> Any:
        return next(
            (v for item in declared_options if (v := getattr(item, name)) is not None), None
        )

    return FieldOptions(
        any(item.private for item in declared_options),
        any(item.public for item in declared_options),
        last("editable"),
        last("signal"),
        last("sync"),
        {name: value for item in reversed(declared_options) for name, value in item.sql.items()},
        tuple(dict.fromkeys(name for item in declared_options for name in item.renamed_from)),
        last("default_from"),
        last("access"),
    )


def options_in(annotation: Any) -> FieldOptions:
    """The options of every `Field(...)` in an annotation, as in `Annotated[str, Field(…)]`."""
    metadata_items = []
    pending = [annotation]
    while pending:
        part = pending.pop()
        origin = get_origin(part)
        if origin is typing.Annotated:
            inner, *metadata = get_args(part)
            pending.append(inner)
            for item in metadata:
                metadata_items += item.metadata if isinstance(item, FieldInfo) else [item]
        elif origin is Union or origin is types.UnionType:
            pending.extend(get_args(part))
    options = [item for item in metadata_items if isinstance(item, FieldOptions)]
    return FieldOptions(
        private=any(item.private for item in options), public=any(item.public for item in options)
    )
