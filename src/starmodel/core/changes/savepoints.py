"""Savepoints of drafts, for the rollback of nested events."""

from __future__ import annotations

import copy
import enum
from typing import Any

from pydantic import BaseModel

from starmodel.core.changes.copies import LeasedDict, LeasedList, LeasedSet
from starmodel.core.fields.field_types import ATOMS
from starmodel.core.snapshot import PARTS, assemble

_get = object.__getattribute__


class Savepoint:
    """A savepoint of a draft.

    Rollback restores lists, dicts, sets and nested models in place, so references
    that an outer event has remain valid.
    """

    def __init__(self, draft: BaseModel) -> None:
        self._noted: list[tuple[Any, Any]] = []
        self._note(draft)

    def restore(self) -> None:
        """Roll the draft back."""
        for target, contents in self._noted:
            if isinstance(target, BaseModel):
                assemble(target, *map(copy.copy, contents))
            elif isinstance(target, list):
                list.__setitem__(target, slice(None), contents)
            else:
                base: Any = dict if isinstance(target, dict) else set
                base.clear(target)
                base.update(target, contents)

    def _note(self, value: Any) -> Any:
        """The value with its contents; a copy for a type that can't be restored in place."""
        kind = type(value)
        if kind in ATOMS or isinstance(value, enum.Enum | type):
            return value
        if kind is tuple:
            return tuple(self._note(item) for item in value)
        if kind is list or kind is LeasedList:
            self._noted.append((value, [self._note(item) for item in value]))
        elif kind is dict or kind is LeasedDict:
            self._noted.append((value, {key: self._note(item) for key, item in value.items()}))
        elif kind is set or kind is LeasedSet:
            self._noted.append((value, set(value)))
        elif isinstance(value, BaseModel):
            self._noted.append((value, [self._note_part(_get(value, part)) for part in PARTS]))
        else:
            return copy.deepcopy(value)
        return value

    def _note_part(self, part: Any) -> Any:
        if isinstance(part, dict):
            return {name: self._note(value) for name, value in part.items()}
        return copy.copy(part)
