"""The arguments that `Field` takes."""

from __future__ import annotations

import inspect
from collections.abc import Iterable
from difflib import get_close_matches
from typing import Any

import pydantic

from starmodel.core.errors import ConfigurationError

SQL_ARGUMENTS = frozenset(
    {
        "primary_key", "foreign_key", "ondelete", "unique", "nullable", "index",
        "sa_type", "sa_column", "sa_column_args", "sa_column_kwargs",
    }
)  # fmt: skip
_OWN = (
    "private", "public", "editable", "signal", "sync", "renamed_from", "default_from", "access",
    *sorted(SQL_ARGUMENTS),
)  # fmt: skip
_DEPRECATED = {  # pydantic's own error names what took their place
    "const", "min_items", "max_items", "unique_items", "allow_mutation", "regex", "include",
}  # fmt: skip
_OF_PYDANTIC = frozenset(inspect.signature(pydantic.Field).parameters) - {"extra"} | _DEPRECATED


def check_arguments(names: Iterable[str]) -> None:
    """Accept the arguments of pydantic's `Field`.

    Raises: ConfigurationError, for any other name, with the closest known one.
    """
    unknown = []
    for name in names:
        if name not in _OF_PYDANTIC:
            close = get_close_matches(name, [*_OF_PYDANTIC, *_OWN], 1)
            unknown.append(f"{name!r}" + (f" (did you mean {close[0]!r}?)" if close else ""))
    if unknown:
        raise ConfigurationError(
            f"Field() got the unknown argument {', '.join(unknown)}. It takes those of pydantic "
            f"and of SQLModel, and {', '.join(_OWN[:8])}; other data goes into "
            "json_schema_extra={…}."
        )


def check_default_from(given: Any) -> None:
    """Raises: ConfigurationError, for anything but "actor" and None."""
    if given not in (None, "actor"):
        raise ConfigurationError(f"Field(default_from={given!r}): expected 'actor'.")


def old_names(given: Any, where: str) -> tuple[str, ...]:
    """The earlier names of a field or class, given as one name or as several.

    Shapes: a class of a plugin may be named with it ("audit.Note").
    Raises: ConfigurationError, for what can't be a name.
    """
    names: tuple[Any, ...] = (given,)
    if isinstance(given, Iterable) and not isinstance(given, str):
        names = tuple(given)
    if not all(map(_is_name, names)):
        raise ConfigurationError(
            f"{where} is {given!r}; expected the earlier name, or a list of earlier names."
        )
    return names


def _is_name(name: Any) -> bool:
    return isinstance(name, str) and all(part.isidentifier() for part in name.split("."))
