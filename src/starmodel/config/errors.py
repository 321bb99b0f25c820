"""Error messages of invalid settings; secret values are never included."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, Literal, get_args, get_origin

from starmodel.core.errors import ConfigurationError

if TYPE_CHECKING:
    from pydantic import ValidationError
    from pydantic.fields import FieldInfo

    from starmodel.config.precedence import Sources

DEFAULT = "the default"


def check_names(sources: Sources, fields: Mapping[str, FieldInfo]) -> None:
    """Raises: ConfigurationError, one for all unknown names in all sources."""
    # Values are omitted: an unknown name may be a misspelt secret key.
    problems = [
        _unknown(name, origin, fields, is_table=name in source.tables)
        for source in sources
        for name, origin in source.origins.items()
        if name not in fields
    ]
    if problems:
        allowed = f"Settings are: {', '.join(sorted(fields))}."
        raise ConfigurationError("\n".join([*problems, allowed]))


def _unknown(name: str, origin: str, fields: Mapping[str, FieldInfo], *, is_table: bool) -> str:
    if is_table:
        envs = _choices(fields["env"])
        allowed = " and ".join(f"[starmodel.{env}]" for env in envs)
        hint = _hint(name, envs)
        return f"Unknown profile {name!r} (from {origin}). Profiles are {allowed}.{hint}"
    return f"Unknown setting {name!r} (from {origin}).{_hint(name, fields)}"


def validation_error(
    error: ValidationError, origins: Mapping[str, str], fields: Mapping[str, FieldInfo]
) -> ConfigurationError:
    """Convert a pydantic error: the name, value, origin and allowed values of each setting."""
    messages = []
    for problem in error.errors(include_url=False):
        message = problem["msg"].removeprefix("Value error, ")
        if not problem["loc"]:
            messages.append(message)
            continue
        name, *path = problem["loc"]
        field = fields[str(name)]
        location = f"{name}{''.join(f'[{part}]' for part in path)}"
        value = repr(problem["input"]) if field.repr else "a hidden value"
        message = message.replace("Input should", "must").rstrip(".")
        messages.append(
            f"Setting {location!r} cannot be {value} (from {origins.get(str(name), DEFAULT)}): "
            f"{message}.{_hint(problem['input'], _choices(field))}"
        )
    return ConfigurationError("\n".join(messages))


def _choices(field: FieldInfo) -> tuple[str, ...]:
    return get_args(field.annotation) if get_origin(field.annotation) is Literal else ()


def _hint(word: Any, choices: Iterable[str]) -> str:
    """` Did you mean 'production'?` for `prod`; "" without a close match."""
    if not isinstance(word, str) or not word:
        return ""
    folded = {choice.casefold(): choice for choice in choices}
    short = word.casefold()
    near = [c for c in folded if c.startswith(short)] or get_close_matches(short, folded, n=1)
    return f" Did you mean {folded[near[0]]!r}?" if near else ""
