"""The check of the declared steps of a choice field, at the commit that changes it."""

from __future__ import annotations

import enum
from typing import Any

from starmodel.core.errors import InvalidStateError
from starmodel.core.snapshot import Snapshot
from starmodel.core.translations import translated
from starmodel.core.values.words import title_of
from starmodel.texts.catalogue import Message


def check_transitions(before: Snapshot, after: Snapshot) -> None:
    """Return when each change of a state is a declared step. Raises: InvalidStateError."""
    info = after.__entity__
    refused: dict[str, str] = {}
    for name, rule in info.transitions.items():
        was, now = getattr(before, name), getattr(after, name)
        if not rule.permits(was, now):
            refused[name] = Message("value.transition", before=_label(was), after=_label(now))
    if refused:
        told = "; ".join(f"{name}: {text}" for name, text in refused.items())
        raise InvalidStateError(f"{info.name}: {told}", refused, entity=info.name)


def _label(state: Any) -> str:
    return translated(title_of(state.name.lower() if isinstance(state, enum.Enum) else str(state)))
