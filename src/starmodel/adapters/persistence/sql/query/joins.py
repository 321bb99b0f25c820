"""Joins to related tables, for filters, searches and orders by a path such as "customer.name"."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Protocol

from sqlalchemy import Double, and_, bindparam, or_
from sqlalchemy.sql import ColumnElement, FromClause
from sqlalchemy.sql.selectable import NamedFromClause

from starmodel.adapters.persistence.sql.query.conditions import Conditions
from starmodel.adapters.persistence.sql.query.order_by import Orders
from starmodel.adapters.persistence.sql.query.rule_conditions import (
    RuleConditions,
    RuleTable,
    Values,
)
from starmodel.adapters.persistence.sql.schema.entity_table import EXPIRES, StoredField
from starmodel.adapters.persistence.sql.statements import Statements
from starmodel.app.access.conditions.condition import ALWAYS
from starmodel.app.ports.query import Query
from starmodel.core.classes.related_fields import RelatedField
from starmodel.core.entity import Entity
from starmodel.core.errors import ListQueryError

JoinShapes = tuple[tuple[str, tuple[Any, ...] | None], ...]
"""The foreign keys that a query follows, each with the shape of the condition on its records."""


class JoinedTable(RuleTable, Protocol):
    """A related table as far as joins read it."""

    statements: Statements


@dataclass(frozen=True, slots=True)
class _Join:
    """A related table under another name. Shapes: rules compiles conditions on its columns."""

    alias: NamedFromClause
    fields: Mapping[str, StoredField]
    on: ColumnElement[bool]
    rules: RuleConditions
    target: JoinedTable


class Joins:
    """LEFT JOINs of one table, one for each foreign key that a query follows.

    Shapes: fields has the table's own fields, and those of joined tables by their path.
    """

    def __init__(
        self, own: JoinedTable, table_of: Callable[[type[Entity]], JoinedTable | None]
    ) -> None:
        self._own, self._table_of = own, table_of
        self.fields: dict[str, StoredField] = dict(own.fields)
        self._joined: dict[str, _Join] = {}

    def add(self, query: Query) -> None:
        """Add the paths of a query to `fields`.

        Raises: ListQueryError, for a class whose table this database does not have.
        """
        for path in query.related:
            if path.name not in self.fields:
                self._add(path)

    def shapes(self, query: Query, values: Values) -> JoinShapes:
        """The foreign keys that a query follows, in a fixed order; `add` has been called."""
        found = {path.local: query.where_related(path.target) for path in query.related}
        shapes: list[tuple[str, tuple[Any, ...] | None]] = []
        for local in sorted(found):
            rules, where = self._joined[local].target.rules, found[local]
            shapes.append((local, None if where is ALWAYS else rules.shape(where, values)))
        return tuple(shapes)

    def source(self, shapes: JoinShapes) -> FromClause:
        """The table, joined with those that these foreign keys refer to.

        A record that does not meet the condition of its class is not joined.
        """
        source: FromClause = self._own.statements.mapped.table
        for local, shape in shapes:
            join = self._joined[local]
            on = join.on if shape is None else and_(join.on, join.rules.sql(shape))
            source = source.outerjoin(join.alias, on)
        return source

    def _add(self, path: RelatedField) -> None:
        target = self._table_of(path.target)
        if target is None or target.is_external is not self._own.is_external:
            name = self._own.statements.mapped.entity_type.cls.__name__
            raise ListQueryError(
                f"{name} can't be filtered or ordered by {path.name}: both classes must be in "
                "tables of one database."
            )
        if path.local not in self._joined:
            self._joined[path.local] = self._join(path.local, target)
        field = self._joined[path.local].fields[path.field]
        self.fields[path.name] = replace(field, name=path.name)

    def _join(self, local: str, target: JoinedTable) -> _Join:
        alias = target.statements.mapped.table.alias(f"related_{len(self._joined)}")
        fields = {name: _of_alias(alias, field) for name, field in target.fields.items()}
        on: list[ColumnElement[bool]] = [fields["id"].column == self._own.fields[local].column]
        if target.statements.has_ttl:
            expires = alias.c[EXPIRES]
            on.append(or_(expires.is_(None), expires > bindparam("now_", type_=Double)))
        table = _AliasedTable(fields, target)
        return _Join(alias, fields, and_(*on), RuleConditions(table, self._table_of), target)


class _AliasedTable:
    """A joined table, for the conditions on its columns. Shapes: fields are those of the alias."""

    def __init__(self, fields: Mapping[str, StoredField], target: JoinedTable) -> None:
        self.fields, self.is_external = fields, target.is_external
        self.rules, self.part, self.not_expired = target.rules, target.part, target.not_expired
        dialect = target.statements.sql_dialect
        self._orders = Orders(fields, dialect, is_external=target.is_external)
        self._conditions = Conditions(fields, self._orders, dialect)

    def condition(self, number: int | str, shape: tuple[Any, ...]) -> ColumnElement[bool]:
        return self._conditions.sql(number, *shape)

    def comparable(self, field: str) -> ColumnElement[Any]:
        return self._orders.comparable(self.fields[field])


def _of_alias(alias: NamedFromClause, field: StoredField) -> StoredField:
    column: Any = alias.corresponding_column(field.column)
    return replace(field, column=column)
