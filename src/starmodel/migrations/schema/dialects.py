"""The SQL dialects whose variants a snapshot has, and the neutral one that derives it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

from sqlalchemy import Column, Enum, String
from sqlalchemy.engine import Dialect, default
from sqlalchemy.exc import CompileError
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql import ColumnElement, operators
from sqlalchemy.sql.elements import BinaryExpression, ColumnClause, Grouping, UnaryExpression
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import TypeEngine

from starmodel.adapters.persistence.sql.dialects.dialect import SqlDialect
from starmodel.adapters.persistence.sql.dialects.mysql import MysqlDialect
from starmodel.adapters.persistence.sql.dialects.postgresql import PostgresqlDialect
from starmodel.adapters.persistence.sql.dialects.sqlite import SqliteDialect


@cache
def sql_dialects() -> Mapping[str, SqlDialect]:
    """The SQL dialects of all databases, by SQLAlchemy's name for them."""
    made: tuple[SqlDialect, ...] = (PostgresqlDialect(), SqliteDialect(), MysqlDialect())
    return {dialect.sqlalchemy.name: dialect for dialect in made}


class NeutralDialect(SqlDialect):
    """Leaves column types as the class declares them; refuses no identifier.

    Shapes: declared_enums are the `Enum` types that the classes declare.
    """

    title = "any database"
    is_case_sensitive = True
    sqlalchemy: Dialect = default.DefaultDialect()
    all_columns = ""

    def __init__(self) -> None:
        self.declared_enums: list[Enum] = []

    def column_type(
        self, kind: Any, given: TypeEngine[Any], *, is_indexed: bool
    ) -> TypeEngine[Any]:
        return given

    def check_type(self, column_type: TypeEngine[Any]) -> None:
        """Accept every type; a database that lacks it refuses it."""

    def declared_enum(self, given: Enum) -> TypeEngine[Any]:
        self.declared_enums.append(given)
        return given

    def position(
        self, wanted: ColumnElement[Any], column: ColumnElement[Any], *, ascii_only: bool
    ) -> ColumnElement[Any]:
        raise NotImplementedError("no statement is compiled for the neutral dialect")


class Verbatim(ColumnElement[Any]):
    """SQL that is written into a statement as it is, without parameters or quoting."""

    inherit_cache = False

    def __init__(self, sql: str) -> None:
        self.sql = sql

    def self_group(self, against: Any = None) -> Verbatim:
        return self


@compiles(Verbatim)
def _verbatim(element: Verbatim, compiler: Any, **_: Any) -> str:
    return element.sql.replace("%", "%%") if _doubles_percents(compiler.dialect) else element.sql


def written(render: Callable[[SqlDialect], str]) -> tuple[str, dict[str, str]]:
    """Return SQL as PostgreSQL writes it, and as each dialect that differs.

    A dialect that can't compile it has none.

    Raises: CompileError, when no dialect can.
    """
    texts: dict[str, str] = {}
    problem: CompileError | None = None
    for name, sql_dialect in sql_dialects().items():
        try:
            text = render(sql_dialect)
        except CompileError as error:
            problem = error
            continue
        doubled = _doubles_percents(sql_dialect.sqlalchemy)
        texts[name] = text.replace("%%", "%") if doubled else text
    if not texts:
        raise problem or CompileError("no dialect")
    first = next(iter(texts.values()))
    return first, {name: text for name, text in texts.items() if text != first}


def expression_sql(expression: Any, dialect: Dialect) -> str:
    """Return the SQL of an expression over the columns of one table, with literal values."""
    if isinstance(expression, str):
        return expression
    compiler = dialect.statement_compiler(dialect, None)
    return compiler.process(expression, include_table=False, literal_binds=True)


def _doubles_percents(dialect: Dialect) -> bool:
    return dialect.paramstyle in ("format", "pyformat")


def expression_texts(expression: Any) -> tuple[str, dict[str, str]]:
    """Return the SQL of an expression, as `written` does."""
    return written(lambda made: expression_sql(expression, made.sqlalchemy))


def index_part_texts(expression: Any) -> tuple[str, dict[str, str]]:
    """Return the SQL of one part of an index, in parentheses where a dialect wants them."""
    return written(lambda made: _index_part_sql(expression, made.sqlalchemy))


def default_texts(column: Column[Any]) -> tuple[str, dict[str, str]]:
    """Return the SQL of a column's server default."""
    return written(lambda made: _default_sql(column, made))


def _index_part_sql(expression: Any, dialect: Dialect) -> str:
    if dialect.name == "postgresql" and not isinstance(expression, ColumnClause):
        expression = expression.self_group()
    elif dialect.name == "mysql" and _is_grouped_by_mysql(expression):
        expression = Grouping(expression)
    return expression_sql(expression, dialect)


def _default_sql(column: Column[Any], sql_dialect: SqlDialect) -> str:
    given = sql_dialect.server_default(column.server_default).arg
    compiler = sql_dialect.sqlalchemy.statement_compiler(sql_dialect.sqlalchemy, None)
    if isinstance(given, str):
        return compiler.render_literal_value(given, String())
    return compiler.process(given, literal_binds=True)


def _is_grouped_by_mysql(expression: Any) -> bool:
    if isinstance(expression, UnaryExpression):
        return expression.modifier not in (operators.desc_op, operators.asc_op)
    return isinstance(expression, BinaryExpression | FunctionElement)
