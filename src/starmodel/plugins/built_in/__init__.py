"""The features of StarModel that are plugins; each uses only what any plugin may use."""

from __future__ import annotations

import importlib
from functools import partial
from typing import Any

from starmodel.plugins.discovery import BUILT_IN, Candidate

_CLASSES = {
    "assets": "Assets",
    "auth": "Auth",
    "browser_state": "BrowserState",
    "crud": "Crud",
    "dev_sign_in": "DevSignIn",
    "health": "Health",
    "mail": "Mail",
}
_OFF = frozenset({"auth"})
_ESSENTIAL = {"assets": "Every page loads its scripts and its style sheet from it."}


def built_in_candidates() -> list[Candidate]:
    """The built-in plugins; none is imported."""
    return [
        Candidate(
            name,
            BUILT_IN,
            partial(_load, name, cls),
            is_on=name not in _OFF,
            why_essential=_ESSENTIAL.get(name, ""),
        )
        for name, cls in _CLASSES.items()
    ]


def _load(name: str, cls: str) -> Any:
    return getattr(importlib.import_module(f"{__name__}.{name}"), cls)
