"""Compiles orders and pagination cursors to SQL, with the semantics of `ordering`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any

from sqlalchemy import Integer, String, and_, bindparam, case, cast, false, or_
from sqlalchemy.dialects.postgresql import ENUM
from sqlalchemy.sql import ColumnElement
from sqlalchemy.types import NullType, TypeEngine

from starmodel.adapters.persistence.sql.compiled_sql import Row
from starmodel.adapters.persistence.sql.dialects.dialect import SqlDialect
from starmodel.adapters.persistence.sql.schema.entity_table import StoredField
from starmodel.app.ports.ordering import Order, Position, ranks, with_id


@dataclass(frozen=True, slots=True)
class Term:
    """One ORDER BY term. Shapes: sql is the expression that the database compares."""

    field: StoredField
    sql: ColumnElement[Any]
    descending: bool
    nullable: bool

    @property
    def type(self) -> TypeEngine[Any]:
        """The type of a parameter that is compared with this term."""
        if self.field.codec.members is not None:
            return Integer()
        return NullType() if self.field.codec.encode_operand is not None else self.field.column.type

    def encode(self, value: Any) -> Any:
        """Encode a value for comparison. Raises: ValueError, for one that no row can have."""
        codec = self.field.codec
        if codec.members is not None:
            return ranks(codec.members)[value.name]
        return (codec.encode_operand or codec.encode)(value)


class Orders:
    """The orders of one table. Shapes: is_external, the table is an external one."""

    def __init__(
        self,
        fields: Mapping[str, StoredField],
        sql_dialect: SqlDialect,
        *,
        is_external: bool = False,
    ) -> None:
        self._fields, self._sql_dialect, self.is_external = fields, sql_dialect, is_external

    def comparable(self, field: StoredField) -> ColumnElement[Any]:
        """Return an expression that compares like the field's values in Python."""
        kind = field.codec.operand_types[0] if field.codec.operand_types else None
        if self.is_external and kind in (datetime, date, time):
            return self._sql_dialect.as_decoded(field.column, kind)
        if self.is_external and field.codec.compares == "text":
            return self._sql_dialect.as_binary_text(field.column)
        if field.codec.compares == "decimal":
            return self._sql_dialect.as_decimal(field.column)
        if field.codec.compares in ("text", "datetime"):
            return self._sql_dialect.as_text(field.column)
        return field.column

    def can_sort(self, order: Order) -> bool:
        """True when SQL sorts in this order."""
        return all(self._fields[name].codec.compares != "no" for name, _ in order)

    def terms(self, order: Order) -> list[Term]:
        """Return the sort terms; the last one is the id."""
        return [self._term(self._fields[name], descending) for name, descending in with_id(order)]

    def _term(self, field: StoredField, descending: bool) -> Term:
        if field.codec.members is None:
            nullable = bool(field.column.nullable) or "." in field.name  # of a joined table
            return Term(field, self.comparable(field), descending, nullable)
        # A text that is not a member of the enum (any more) has no rank, and sorts like None.
        positions = ranks(field.codec.members)
        texts = {field.codec.encode(m): positions[m.name] for m in field.codec.members}
        column = field.column
        is_native = isinstance(column.type, ENUM | NullType) and all(type(k) is str for k in texts)
        text = cast(column, String) if is_native else column
        sql = case(texts, value=text)
        return Term(field, sql, descending, True)

    def order_by(self, terms: Sequence[Term]) -> list[ColumnElement[Any]]:
        """Return the terms of an ORDER BY."""
        return [
            part
            for term in terms
            for part in self._sql_dialect.order_terms(
                term.sql, descending=term.descending, nullable=term.nullable
            )
        ]

    def encode_position(self, position: Position, order: Order) -> Row | None:
        """Encode a cursor's position for comparison; None for one that no row can have."""
        terms = self.terms(order)
        try:
            return tuple(
                None if value is None else term.encode(value)
                for term, value in zip(terms, position, strict=True)
            )
        except ValueError:
            return None


def sorts_after(terms: Sequence[Term], given: Sequence[bool]) -> ColumnElement[bool]:
    """Return the keyset pagination condition: the row sorts after the cursor's position.

    Shapes: given, for each term, whether the position has a value there, in
    the parameter `after_0`, `after_1`, …, and not NULL.
    """
    condition: ColumnElement[bool] = false()
    last = len(terms) - 1
    for number, term in reversed(list(enumerate(terms))):
        if not given[number]:  # only NULL sorts after NULL
            condition = and_(term.sql.is_(None), condition)
            continue
        value: Any = bindparam(f"after_{number}", type_=term.type)
        further = term.sql < value if term.descending else term.sql > value
        if term.nullable:
            further = or_(further, term.sql.is_(None))
        equal = and_(term.sql == value, condition)
        # A condition that is never true would prevent the use of an index.
        condition = further if number == last else or_(further, equal)
    first = terms[0]
    if len(terms) > 1 and given[0] and not first.nullable:
        # Redundant, but an index range can begin here, which it can't at an OR.
        value = bindparam("after_0", type_=first.type)
        condition = and_(first.sql <= value if first.descending else first.sql >= value, condition)
    return condition


def given_after(position: Row) -> dict[str, Any]:
    """Return the parameters of `sorts_after`."""
    return {f"after_{number}": value for number, value in enumerate(position)}
