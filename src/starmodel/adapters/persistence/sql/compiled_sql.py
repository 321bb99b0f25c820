"""SQL text with the order of its parameters."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy.engine import Dialect
from sqlalchemy.sql import ClauseElement

Row = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class CompiledSql:
    """SQL text, the order of its parameters, and the values of the constant ones."""

    sql: str
    names: tuple[str, ...]
    constants: dict[str, Any]

    def params(self, given: Mapping[str, Any]) -> Row:
        """Return the parameter values in order."""
        known = {**self.constants, **given}
        return tuple(map(known.__getitem__, self.names))


def compile_sql(statement: ClauseElement, dialect: Dialect) -> CompiledSql:
    """Compile a Core statement for one dialect."""
    compiled: Any = statement.compile(dialect=dialect)
    return CompiledSql(str(compiled), tuple(compiled.positiontup or ()), dict(compiled.params))
