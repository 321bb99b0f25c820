"""The metaclass of entities; its stub adds what type checkers need."""

from __future__ import annotations

from pydantic import BaseModel

EntityMeta = type(BaseModel)
