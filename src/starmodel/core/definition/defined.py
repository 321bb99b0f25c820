"""The entity classes that are defined at module level, in order of definition."""

from __future__ import annotations

import sys
from typing import Any

from starmodel.core.errors import ConfigurationError
from starmodel.core.snapshot import Snapshot

_defined: dict[tuple[str, str], type[Snapshot]] = {}


def remember(cls: type[Snapshot]) -> None:
    """Add a class defined at module level; a redefinition in the same module replaces it."""
    if "<locals>" not in cls.__qualname__ and not cls.__name__.startswith("_"):
        key = (cls.__module__, cls.__qualname__)
        if key in _defined:
            _check_redefinition(cls, _defined[key])
        _defined[key] = cls


def defined_classes() -> list[type[Any]]:
    """The classes defined at module level, in order of definition."""
    return list(_defined.values())


def _check_redefinition(cls: type[Any], known: type[Any]) -> None:
    """Reject a second class of one name in one module, unless the module was reloaded.

    Raises: ConfigurationError.
    """
    module = sys.modules.get(cls.__module__)
    if module is None or known is cls:
        return
    spec = getattr(module, "__spec__", None)
    is_script = cls.__module__ == "__main__" and hasattr(module, "__file__")
    # importlib.reload gives the module a new spec; consoles and notebooks have none.
    loaded_again = spec is not known.__entity__.spec if spec is not None else not is_script
    # What the module's name is bound to is the earlier class until the new one is complete.
    if not loaded_again and vars(module).get(cls.__name__) is known:
        raise ConfigurationError(
            f"{cls.__module__} defines {cls.__qualname__} twice; the second class would silently "
            "replace the first. Rename one of them."
        )
