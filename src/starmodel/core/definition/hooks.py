"""Hooks for entity classes that the metaclass of another library makes, such as table classes."""

from __future__ import annotations

import importlib
from functools import cache
from typing import Any

from pydantic import BaseModel

# The module that names the hooks of each library; it is imported for the first such class.
_HOOKS_MODULE = "starmodel.class_hooks"


class ClassHooks:
    """The hooks of an adapter for entity classes of one library; they do nothing by default."""

    def fields_collected(self, cls: type[Any]) -> None:
        """Runs when pydantic has collected the fields, before the library's metaclass reads them.

        Raises: ConfigurationError, for a class that can't work.
        """

    def default_store(self, cls: type[Any]) -> str | None:
        """The default store of a class; None for the application's default."""
        return None

    def registered(self, cls: type[Any]) -> None:
        """Runs when an application registers the class."""


def hooks_of(cls: type[Any]) -> list[ClassHooks]:
    """The hooks of the libraries that the bases of a class are from.

    None for a class whose metaclass is pydantic's: no adapter is imported for it.
    """
    if type(cls) is type(BaseModel):
        return []
    libraries = {base.__module__.partition(".")[0] for base in cls.__mro__}
    names: dict[str, str] = importlib.import_module(_HOOKS_MODULE).HOOKS
    return [_hooks(name) for library, name in names.items() if library in libraries]


@cache
def _hooks(name: str) -> ClassHooks:
    module, _, attribute = name.partition(":")
    hooks: ClassHooks = getattr(importlib.import_module(module), attribute)()
    return hooks
