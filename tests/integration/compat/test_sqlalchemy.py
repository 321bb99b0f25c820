"""The undocumented behaviour of SQLAlchemy that the SQL store relies on."""

from __future__ import annotations

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    UniqueConstraint,
    select,
)
from sqlalchemy.dialects import postgresql, sqlite

from starmodel.adapters.persistence.sql._compat.sqlalchemy import (
    QuotingMysqlDialect,
    copy_column,
    copy_item,
    is_created,
    pending_columns,
)


def test_copied_column_belongs_to_no_table() -> None:
    column = Column("code", String(20), CheckConstraint("code <> ''"), nullable=False, index=True)
    Table("a", MetaData(), column)

    copied = copy_column(column)

    assert copied.table is None, "SQLAlchemy's Column._copy no longer detaches the column"
    assert (copied.name, copied.type.length, copied.nullable) == ("code", 20, False)
    assert copied.index, "SQLAlchemy's Column._copy no longer copies the options of a column"
    assert len(copied.constraints) == 1, "SQLAlchemy's Column._copy no longer copies constraints"
    assert Table("b", MetaData(), copied).c.code is copied


def test_unattached_constraints_name_their_columns() -> None:
    column = Column("b", Integer)
    for item in (UniqueConstraint("a", column), Index("i", "a", column)):
        names = [str(getattr(each, "name", each)) for each in pending_columns(item)]
        kind = type(item).__name__
        changed = f"SQLAlchemy no longer has the columns of a {kind} as _pending_colargs"
        assert names == ["a", "b"], changed


def test_items_without_columns_have_none() -> None:
    assert pending_columns(CheckConstraint("a > 0")) == []


def test_mysql_names_are_always_quoted() -> None:
    table = Table("plain", MetaData(), Column("a", Integer))
    sql = str(select(table.c.a).compile(dialect=QuotingMysqlDialect()))
    changed = "SQLAlchemy no longer quotes by IdentifierPreparer._requires_quotes"
    assert "`plain`.`a`" in sql, changed


def test_copied_foreign_key_belongs_to_no_column() -> None:
    key = ForeignKey("a.id", ondelete="CASCADE")
    Column("a_id", Integer, key)

    copied = copy_item(key)

    assert copied.parent is None, "SQLAlchemy's ForeignKey._copy no longer detaches the key"
    assert (copied.target_fullname, copied.ondelete) == ("a.id", "CASCADE")


def test_check_of_a_column_type_is_created_where_the_type_does_not_suffice() -> None:
    table = Table("a", MetaData(), Column("open", Boolean(create_constraint=True)))
    [check] = [item for item in table.constraints if isinstance(item, CheckConstraint)]
    changed = "SQLAlchemy no longer decides by _create_rule where the check of a type is created"
    assert is_created(check, sqlite.dialect()), changed
    assert not is_created(check, postgresql.dialect()), changed
    assert is_created(CheckConstraint("a > 0"), postgresql.dialect())
