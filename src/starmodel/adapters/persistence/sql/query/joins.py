"""Joins to related tables, for filters, searches and orders by a path such as "customer.name"."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any, Protocol

from sqlalchemy import Double, and_, bindparam, or_
from sqlalchemy.sql import ColumnElement, FromClause
from sqlalchemy.sql.selectable import NamedFromClause

from starmodel.adapters.persistence.sql.schema.entity_table import EXPIRES, StoredField
from starmodel.adapters.persistence.sql.statements import Statements
from starmodel.core.classes.related_fields import RelatedField
from starmodel.core.entity import Entity
from starmodel.core.errors import ListQueryError


class JoinedTable(Protocol):
    """A related table as far as joins read it."""

    fields: Mapping[str, StoredField]
    is_external: bool
    statements: Statements


class Joins:
    """LEFT JOINs of one table, one for each foreign key that a query follows.

    Shapes: fields has the table's own fields, and those of joined tables by their path.
    """

    def __init__(
        self, own: JoinedTable, table_of: Callable[[type[Entity]], JoinedTable | None]
    ) -> None:
        self._own, self._table_of = own, table_of
        self.fields: dict[str, StoredField] = dict(own.fields)
        self._joined: dict[str, tuple[NamedFromClause, ColumnElement[bool]]] = {}

    def of(self, paths: Sequence[RelatedField]) -> tuple[str, ...]:
        """The foreign keys that a query with these paths follows, in a fixed order.

        Raises: ListQueryError, for a class whose table this database does not have.
        """
        for path in paths:
            if path.name not in self.fields:
                self._add(path)
        return tuple(sorted({path.local for path in paths}))

    def source(self, locals_: Collection[str]) -> FromClause:
        """The table, joined with those that these foreign keys refer to."""
        source: FromClause = self._own.statements.mapped.table
        for local in locals_:
            alias, condition = self._joined[local]
            source = source.outerjoin(alias, condition)
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
        alias, _ = self._joined[path.local]
        field = target.fields[path.field]
        joined: Any = alias.corresponding_column(field.column)
        self.fields[path.name] = replace(field, name=path.name, column=joined)

    def _join(self, local: str, target: JoinedTable) -> tuple[NamedFromClause, ColumnElement[bool]]:
        alias = target.statements.mapped.table.alias(f"related_{len(self._joined)}")
        key: Any = alias.corresponding_column(target.fields["id"].column)
        conditions: list[ColumnElement[bool]] = [key == self._own.fields[local].column]
        if target.statements.has_ttl:
            expires = alias.c[EXPIRES]
            conditions.append(or_(expires.is_(None), expires > bindparam("now_", type_=Double)))
        return alias, and_(*conditions)
