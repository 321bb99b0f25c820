"""What a draft holds at one moment, and the way back to it."""

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
    """The values of a draft as they were when this was made.

    Lists, dicts, sets and nested models get their old contents back in
    place, so what an outer event holds of them stays part of the draft.
    """

    def __init__(self, draft: BaseModel) -> None:
        self._noted: list[tuple[Any, Any]] = []
        self._note(draft)

    def restore(self) -> None:
        """Put the draft back."""
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
        """The value itself with its contents noted, or a copy where they can't be put back."""
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
