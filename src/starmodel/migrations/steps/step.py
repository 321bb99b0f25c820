"""The base class of steps."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import NamedTuple

from starmodel.migrations.schema.definitions import Schema


class Position(NamedTuple):
    """Where a migration stands between two of its steps.

    Shapes: before and target are the snapshots before and after the whole
    migration; current is what the steps so far have made of `before`.
    """

    before: Schema
    current: Schema
    target: Schema


class StepError(Exception):
    """A step names what its snapshots lack. The message names the step and the remedy."""


class Step(ABC):
    """One change of a migration. It names entities and fields, and the snapshots define them."""

    @abstractmethod
    def describe(self) -> str:
        """Return what it does, as a sentence in the imperative without its full stop."""

    def apply(self, position: Position) -> Schema:
        """Return the schema after this step. Raises: StepError."""
        return position.current
