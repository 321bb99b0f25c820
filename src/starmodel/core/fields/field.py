"""`Field` with what StarModel and SQL need to know, and what each field of a class means."""

from __future__ import annotations

import datetime
import decimal
import enum
import functools
import ipaddress
import operator
import pathlib
import re
import sys
import types
import typing
import uuid
from contextvars import ContextVar
from dataclasses import dataclass
from dataclasses import field as dataclass_field
from typing import Annotated, Any, TypeVar, Union, get_args, get_origin

import pydantic
from pydantic import Secret, SecretBytes, SecretStr
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from starmodel.core.errors import ConfigurationError
from starmodel.core.fields.arguments import SQL_ARGUMENTS, check_arguments
from starmodel.core.fields.widgets import UI, wishes

SECRET_NAME = re.compile(
    r"(^|_)(password|passwd|secret|token|api_?key|hash)(s?\d*(_|$)|ed_)", re.IGNORECASE
)
ATOMS: frozenset[type] = frozenset({
    int, float, str, bool, bytes, type(None), decimal.Decimal, uuid.UUID,
    datetime.datetime, datetime.date, datetime.time, datetime.timedelta,
})  # fmt: skip
SCALARS: tuple[type, ...] = (
    *ATOMS, enum.Enum, pathlib.PurePath, ipaddress.IPv4Address, ipaddress.IPv6Address,
)  # fmt: skip
# pydantic's annotations for immutable scalars that are no subclasses of one; known by name,
# because importing them takes longer than all of this module.
PYDANTIC_SCALARS = frozenset(
    {
        "EmailStr", "AnyUrl", "AwareDatetime", "NaiveDatetime",
        "PastDate", "FutureDate", "PastDatetime", "FutureDatetime",
    }
)  # fmt: skip
# Those of them that say more than what kind of value it is.
RULED: dict[str, type] = {
    "EmailStr": str,
    "PastDate": datetime.date, "FutureDate": datetime.date,
    "PastDatetime": datetime.datetime, "FutureDatetime": datetime.datetime,
}  # fmt: skip

leaving: ContextVar[bool] = ContextVar("starmodel_leaving", default=False)
"""True while a state is made for the outside, where no private field may be, however deep."""


@dataclass(frozen=True, slots=True)
class FieldOptions:
    """What a `Field(...)` said to StarModel rather than to pydantic."""

    private: bool = False
    public: bool = False
    editable: bool | None = None
    signal: bool | None = None
    sync: bool | None = None
    sql: dict[str, Any] = dataclass_field(default_factory=dict)


def Field(  # noqa: N802 - the name users know from pydantic and SQLModel
    default: Any = PydanticUndefined,
    *,
    private: bool = False,
    public: bool = False,
    editable: bool | None = None,
    signal: bool | None = None,
    sync: bool | None = None,
    **options: Any,
) -> Any:
    """A pydantic field that also takes SQLModel's arguments and these:

    private: never leaves the server: no signal, page, JSON body, log line or message.
    public:  a secret-looking name that is meant to be seen.
    editable: whether generated forms may set it (default: yes, unless private or a generated id).
    signal:  whether it is a browser signal (default: scalars only).
    sync:    the browser's value is taken over before an event runs.

    Raises: ConfigurationError, for an argument that none of them has.
    """
    extra = options.pop("schema_extra", None)  # SQLModel's word
    if extra is not None:
        options.setdefault("json_schema_extra", extra)
    sql = {name: options.pop(name) for name in SQL_ARGUMENTS & options.keys()}
    if private:
        options.setdefault("exclude_if", _is_leaving)
    check_arguments(options)
    info = pydantic.Field(default, **options)
    info.metadata.append(FieldOptions(private, public, editable, signal, sync, sql))
    return info


def _is_leaving(value: object) -> bool:
    return leaving.get()


T = TypeVar("T")
Private = Annotated[T, Field(private=True)]
"""The type of a value that never leaves the server: `hashed_password: Private[str]`.

For fields of entities and models, and for parameters of events.
"""


@dataclass(frozen=True, slots=True)
class FieldSpec:
    """One field of an entity class, worked out once."""

    name: str
    info: FieldInfo
    options: FieldOptions
    private: bool
    editable: bool
    signal: bool
    atomic: bool
    ui: UI = UI()  # noqa: RUF009 - frozen, so it can be shared

    @property
    def title(self) -> str:
        """The label people read: the field's title, or its name in words."""
        return self.info.title or self.name.replace("_", " ").capitalize()


def options_of(info: FieldInfo) -> FieldOptions:
    """What all `Field(...)` of one field said together; in `Annotated` there may be several."""
    said = [item for item in info.metadata if isinstance(item, FieldOptions)]
    if len(said) < 2:
        return said[0] if said else FieldOptions()

    def last(name: str) -> Any:
        return next((v for item in said if (v := getattr(item, name)) is not None), None)

    return FieldOptions(
        any(item.private for item in said),
        any(item.public for item in said),
        last("editable"),
        last("signal"),
        last("sync"),
        {name: value for item in reversed(said) for name, value in item.sql.items()},
    )


def declared(annotation: Any) -> FieldOptions:
    """What each `Field(...)` in an annotation, as in `Annotated[str, Field(…)]`, said to us."""
    said = []
    pending = [annotation]
    while pending:
        part = pending.pop()
        origin = get_origin(part)
        if origin is typing.Annotated:
            inner, *metadata = get_args(part)
            pending.append(inner)
            for item in metadata:
                said += item.metadata if isinstance(item, FieldInfo) else [item]
        elif origin is Union or origin is types.UnionType:
            pending.extend(get_args(part))
    options = [item for item in said if isinstance(item, FieldOptions)]
    return FieldOptions(
        private=any(item.private for item in options), public=any(item.public for item in options)
    )


def plain_types(annotation: Any) -> list[Any]:
    """The members of a union without None; `Annotated`, aliases and `Literal` looked through.

    >>> plain_types(int | None), plain_types(typing.Literal["a", 2])
    ([<class 'int'>], [<class 'str'>, <class 'int'>])
    """
    alias = getattr(annotation, "__supertype__", None) or getattr(annotation, "__value__", None)
    if alias is not None and not isinstance(annotation, type):
        return plain_types(alias)
    origin = get_origin(annotation)
    if origin is typing.Annotated:
        return plain_types(get_args(annotation)[0])
    if origin is Union or origin is types.UnionType:
        return [t for arg in get_args(annotation) for t in plain_types(arg)]
    if origin is typing.Literal:
        return list(dict.fromkeys(type(value) for value in get_args(annotation)))
    if annotation is type(None):
        return []
    return [annotation]


def accepts_none(annotation: Any) -> bool:
    """True when the type allows None.

    >>> accepts_none(int | None), accepts_none(Any), accepts_none(list[None])
    (True, True, False)
    """
    if annotation in (Any, object, None, type(None)):
        return True
    alias = getattr(annotation, "__supertype__", None) or getattr(annotation, "__value__", None)
    if alias is not None and not isinstance(annotation, type):
        return accepts_none(alias)
    origin = get_origin(annotation)
    if origin is typing.Annotated:
        return accepts_none(get_args(annotation)[0])
    if origin is Union or origin is types.UnionType:
        return any(map(accepts_none, get_args(annotation)))
    return origin is typing.Literal and None in get_args(annotation)


def loosened(annotation: Any) -> Any:
    """What values of a type are like, its rules aside; None is always among them.

    >>> loosened(typing.Literal["a", 2]), loosened(pydantic.FutureDate)
    (None | str | int, None | datetime.date)
    """
    kinds = (
        RULED.get(kind.__name__, kind)
        if isinstance(kind, type) and _is_pydantic_scalar(kind)
        else kind
        for kind in plain_types(annotation)
    )
    return functools.reduce(operator.or_, kinds, None)


def choice_of(annotation: Any, text: Any) -> Any:
    """The enum member or literal whose value is written like this; else the text itself.

    >>> choice_of(typing.Literal[1, "b"] | None, "1"), choice_of(int, "1")
    (1, '1')
    """
    if not isinstance(text, str):
        return text
    if get_origin(annotation) is typing.Literal:
        return next((value for value in get_args(annotation) if str(value) == text), text)
    if isinstance(annotation, type) and issubclass(annotation, enum.Enum):
        return next((member for member in annotation if str(member.value) == text), text)
    if get_origin(annotation) in (Union, types.UnionType, typing.Annotated):
        found = (choice_of(arg, text) for arg in get_args(annotation))
        return next((value for value in found if value is not text), text)
    return text


def is_atomic(annotation: Any) -> bool:
    """True when every value of the type is immutable and a scalar."""
    return all(
        isinstance(t, type) and (issubclass(t, SCALARS) or _is_pydantic_scalar(t))
        for t in plain_types(annotation)
    )


def _is_pydantic_scalar(kind: type) -> bool:
    return any(
        base.__name__ in PYDANTIC_SCALARS and base.__module__.startswith("pydantic.")
        for base in kind.__mro__
    )


def is_secret(annotation: Any, _seen: tuple[Any, ...] = ()) -> bool:
    """True when the type, or one that it contains, is one of pydantic's secrets."""
    if annotation in _seen:  # an alias that names itself, such as pydantic's JsonValue
        return False
    kinds = (SecretStr, SecretBytes, Secret)
    return any(
        (isinstance(t, type) and issubclass(t, kinds))
        or get_origin(t) is Secret
        or any(is_secret(arg, (*_seen, annotation)) for arg in get_args(t))
        for t in plain_types(annotation)
    )


def is_private(info: FieldInfo) -> bool:
    """True for a field, of an entity or of a model in it, that never leaves the server."""
    return options_of(info).private or info.exclude is True or is_secret(info.annotation)


def looks_secret(name: str) -> bool:
    """True for names such as `password`, `api_key2` and `accessToken`.

    >>> [looks_secret(name) for name in ("hashed_password", "accessToken", "secretary")]
    [True, True, False]
    """
    return SECRET_NAME.search(re.sub(r"(?<=[a-z\d])(?=[A-Z])", "_", name)) is not None


def undeclared_secrets(annotation: Any, _seen: tuple[Any, ...] = ()) -> list[str]:
    """The fields of models in a type that look secret and say neither private nor public.

    Shapes: "login.password", from the outermost model inwards.
    """
    found: list[str] = []
    for kind in plain_types(annotation):
        for arg in get_args(kind):
            found += undeclared_secrets(arg, _seen)
        if not isinstance(kind, type) or kind in _seen or hasattr(kind, "__entity__"):
            continue
        if not issubclass(kind, pydantic.BaseModel):
            continue
        for name, info in kind.__pydantic_fields__.items():
            if looks_secret(name) and not is_private(info) and not options_of(info).public:
                found.append(name)
            inner = undeclared_secrets(info.annotation, (*_seen, kind))
            found += [f"{name}.{part}" for part in inner]
    return found


def field_specs(cls: type[pydantic.BaseModel]) -> dict[str, FieldSpec]:
    """What each field of the class means.

    Raises: ConfigurationError, when a field looks secret and says neither private nor public.
    """
    specs = {}
    listed = _editable(cls)
    for name, info in cls.__pydantic_fields__.items():
        options = options_of(info)
        private = is_private(info)
        if looks_secret(name) and not private and not options.public:
            raise ConfigurationError(
                f"{cls.__name__}.{name} looks like a secret but is neither private nor public. "
                f"Write {name}: Private[…], which is Field(private=True), or "
                "… = Field(public=True) if visitors may see it."
            )
        unsaid = [] if private else undeclared_secrets(info.annotation)
        if unsaid:
            raise ConfigurationError(
                f"{cls.__name__}.{name}.{unsaid[0]} looks like a secret but is neither private nor "
                "public. Declare it in its model with Field(private=True), or Field(public=True) "
                "if visitors may see it."
            )
        editable = options.editable
        if editable is None:
            editable = name in listed and (name != "id" or info.is_required())
        atomic = is_atomic(info.annotation)
        signal = atomic if options.signal is None else options.signal
        specs[name] = FieldSpec(
            name, info, options, private, editable and not private, signal and not private, atomic,
            wishes(info.annotation, info.metadata),
        )  # fmt: skip
    return specs


def _editable(cls: type[pydantic.BaseModel]) -> frozenset[str]:
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


def tell_sqlmodel(cls: type[pydantic.BaseModel]) -> None:
    """Hand our fields' SQL arguments to SQLModel before it makes the columns of a table class.

    Runs only when the user's own bases have imported SQLModel, so nothing is imported here.
    Fields that SQL has no type for (lists, dicts, models) become JSON columns.
    """
    sqlmodel, sqlalchemy = sys.modules.get("sqlmodel.main"), sys.modules.get("sqlalchemy")
    if sqlmodel is None or sqlalchemy is None or not issubclass(cls, sqlmodel.SQLModel):
        return
    declares_key = any(
        getattr(item, "primary_key", False) is True or options_of(info).sql.get("primary_key")
        for name, info in cls.__pydantic_fields__.items()
        if name != "id"
        for item in info.metadata or (None,)
    )
    for name, info in cls.__pydantic_fields__.items():
        if any(isinstance(item, sqlmodel.FieldInfoMetadata) for item in info.metadata):
            continue
        arguments = dict(options_of(info).sql)
        if name == "id" and not declares_key:
            arguments.setdefault("primary_key", True)
        if "sa_type" not in arguments and "sa_column" not in arguments:
            try:
                sqlmodel.get_sqlalchemy_type(info)
            except (ValueError, TypeError):
                arguments["sa_type"] = sqlalchemy.JSON
        if arguments:
            info.metadata.append(sqlmodel.FieldInfoMetadata(**arguments))
