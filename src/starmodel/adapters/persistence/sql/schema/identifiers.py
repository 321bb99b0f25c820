"""Names that a database takes: their length, and those that it takes for one."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

from sqlalchemy import Constraint, Index, Table
from sqlalchemy.schema import conv

from starmodel.adapters.persistence.sql.dialects.dialect import Flavour
from starmodel.core.errors import ConfigurationError

MAX_NAME_BYTES = 60


def short_name(name: str) -> str:
    """A name that every database takes; a digest keeps long ones apart.

    Units: at most MAX_NAME_BYTES.

    >>> short_name("ck_product_price"), short_name("x" * 100)
    ('ck_product_price', 'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx_c14cd281')
    """
    raw = name.encode()
    if len(raw) <= MAX_NAME_BYTES:
        return name
    digest = hashlib.blake2b(raw, digest_size=4).hexdigest()
    return f"{raw[: MAX_NAME_BYTES - 9].decode(errors='ignore')}_{digest}"


def fit_index_names(table: Table, flavour: Flavour) -> None:
    """Shorten the names that SQLAlchemy makes for indexes, which it measures in characters."""
    limit = flavour.max_name_length
    for index in table.indexes:
        if isinstance(index.name, conv) and flavour.name_length(str(index.name)) > limit:
            index.name = conv(short_name(str(index.name)))


def check_identifiers(owner: str, table: Table, flavour: Flavour) -> None:
    """Refuse names that the database would cut or take for others.

    PostgreSQL cuts a long name without an error, so that two classes could
    share one table.

    Raises: ConfigurationError, with the name, its limit and the remedy.
    """
    for what, name, remedy in _names(table):
        length = flavour.name_length(name)
        if length > flavour.max_name_length:
            raise ConfigurationError(
                f"{owner}: the {what} {name!r} has {length} {flavour.name_unit}; {flavour.title} "
                f"takes at most {flavour.max_name_length}. {remedy}"
            )
    if not flavour.case_matters:
        _check_case(owner, table, flavour)


def _names(table: Table) -> Iterator[tuple[str, str, str]]:
    """The names that a user chose; SQLAlchemy shortens those that it makes."""
    yield "table", table.name, "Give the class a shorter __tablename__."
    if table.schema is not None:
        yield "schema", table.schema, "Choose a shorter one."
    for column in table.columns:
        yield (
            "column", column.name,
            'Give the field sa_column_kwargs={"name": …}, or a shorter name.',
        )  # fmt: skip
    items: list[Constraint | Index] = [*table.constraints, *table.indexes]
    for item in items:
        if item.name is not None and not isinstance(item.name, conv):
            what = "index" if isinstance(item, Index) else "constraint"
            yield what, str(item.name), "Give it a shorter name, or none."


def _check_case(owner: str, table: Table, flavour: Flavour) -> None:
    columns: dict[str, str] = {}
    for column in table.columns:
        other = columns.setdefault(column.name.lower(), column.name)
        if other != column.name:
            raise ConfigurationError(
                f"{owner}: the columns {other!r} and {column.name!r} are one for {flavour.title}, "
                'which ignores case. Rename one, or give it sa_column_kwargs={"name": …}.'
            )
    for key in table.metadata.tables:
        if key != table.key and key.lower() == table.key.lower():
            raise ConfigurationError(
                f"{owner}: the tables {key!r} and {table.key!r} are one for {flavour.title}, which "
                "ignores case. Give one of the classes another __tablename__."
            )
