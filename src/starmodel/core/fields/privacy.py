"""Private fields, and secret-looking names that must be declared private or public."""

from __future__ import annotations

import re
from typing import Any, get_args, get_origin

from pydantic import BaseModel, Secret, SecretBytes, SecretStr
from pydantic.fields import FieldInfo

from starmodel.core.fields.field import options_of
from starmodel.core.fields.field_types import plain_types

SECRET_NAME = re.compile(
    r"(^|_)(password|passwd|secret|token|api_?key|hash)(s?\d*(_|$)|ed_)", re.IGNORECASE
)


def is_secret(annotation: Any, _seen: tuple[Any, ...] = ()) -> bool:
    """True when the type, or one that it contains, is one of pydantic's secrets."""
    if annotation in _seen:  # a recursive type alias such as pydantic's JsonValue
        return False
    kinds = (SecretStr, SecretBytes, Secret)
    return any(
        (isinstance(t, type) and issubclass(t, kinds))
        or get_origin(t) is Secret
        or any(is_secret(arg, (*_seen, annotation)) for arg in get_args(t))
        for t in plain_types(annotation)
    )


def is_private(info: FieldInfo) -> bool:
    """True for a private field of an entity or nested model."""
    return options_of(info).private or info.exclude is True or is_secret(info.annotation)


def looks_secret(name: str) -> bool:
    """True for names such as `password`, `api_key2` and `accessToken`.

    >>> [looks_secret(name) for name in ("hashed_password", "accessToken", "secretary")]
    [True, True, False]
    """
    return SECRET_NAME.search(re.sub(r"(?<=[a-z\d])(?=[A-Z])", "_", name)) is not None


def undeclared_secrets(annotation: Any, _seen: tuple[Any, ...] = ()) -> list[str]:
    """The fields of models in a type with secret-looking names, neither private nor public.

    Shapes: "login.password", from the outermost model inwards.
    """
    found: list[str] = []
    for kind in plain_types(annotation):
        for arg in get_args(kind):
            found += undeclared_secrets(arg, _seen)
        if not isinstance(kind, type) or kind in _seen or hasattr(kind, "__entity__"):
            continue
        if not issubclass(kind, BaseModel):
            continue
        for name, info in kind.__pydantic_fields__.items():
            if looks_secret(name) and not is_private(info) and not options_of(info).public:
                found.append(name)
            inner = undeclared_secrets(info.annotation, (*_seen, kind))
            found += [f"{name}.{part}" for part in inner]
    return found
