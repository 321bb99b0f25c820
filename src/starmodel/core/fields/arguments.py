"""The arguments that `Field` takes."""

from __future__ import annotations

import inspect
from collections.abc import Iterable
from difflib import get_close_matches

import pydantic

from starmodel.core.errors import ConfigurationError

SQL_ARGUMENTS = frozenset(
    {
        "primary_key", "foreign_key", "ondelete", "unique", "nullable", "index",
        "sa_type", "sa_column", "sa_column_args", "sa_column_kwargs",
    }
)  # fmt: skip
_OWN = ("private", "public", "editable", "signal", "sync", *sorted(SQL_ARGUMENTS))
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
            f"and of SQLModel, and {', '.join(_OWN[:5])}; other data goes into "
            "json_schema_extra={…}."
        )
