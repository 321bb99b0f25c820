"""A customer table with the schema that an external program would create in each dialect."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from pydantic import NaiveDatetime
from sqlalchemy import Column, Integer

from external_writers import ExternalWriter
from starmodel.adapters.persistence.sql.repository import SqlRepository
from starmodel.app.ports.repository import Batch, Change
from starmodel.core.entity import Entity
from starmodel.core.errors import VersionConflictError
from starmodel.core.fields.field import Field


class Customer(Entity):
    """Maps all columns of its table but "region" and "changed"."""

    __tablename__ = "customer"

    id: int | None = Field(default=None, sa_column=Column("customer_no", Integer, primary_key=True))  # type: ignore[assignment]
    name: str
    code: str | None = None
    visits: int = 0
    balance: Decimal | None = None
    rating: float | None = None
    seen: NaiveDatetime | None = None
    extra: dict[str, Any] | None = None


MADE = {
    "sqlite": """CREATE TABLE customer (
        customer_no INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL, code CHAR(4),
        visits INTEGER NOT NULL DEFAULT 0, balance NUMERIC(10, 2), rating REAL, seen TEXT,
        extra JSON, region TEXT NOT NULL DEFAULT 'north', changed TEXT)""",
    "postgresql": """CREATE TABLE customer (
        customer_no SERIAL PRIMARY KEY, name VARCHAR(60) NOT NULL, code CHAR(4),
        visits INTEGER NOT NULL DEFAULT 0, balance NUMERIC(10, 2), rating REAL,
        seen TIMESTAMP(0), extra JSONB, region TEXT NOT NULL DEFAULT 'north',
        changed TIMESTAMPTZ)""",
    "mysql": """CREATE TABLE customer (
        customer_no INTEGER PRIMARY KEY AUTO_INCREMENT, name VARCHAR(60) NOT NULL, code CHAR(4),
        visits INTEGER NOT NULL DEFAULT 0, balance DECIMAL(10, 2), rating FLOAT,
        seen DATETIME, extra JSON, region VARCHAR(20) NOT NULL DEFAULT 'north',
        changed TIMESTAMP NULL) ENGINE=InnoDB""",
}
ANN = "INSERT INTO customer (name, code, balance, rating) VALUES ('Ann', 'AN01', 9.5, 0.5)"
COLUMNS = "name, code, visits, balance, rating, seen, extra, region"


async def stored(repository: SqlRepository, id: Any = 1) -> Customer:
    found = await repository.get(Customer, id)
    assert found is not None
    return found


async def row(external: ExternalWriter, id: int = 1) -> tuple[Any, ...]:
    """The row as stored, read by the external writer."""
    (found,) = await external.rows(f"SELECT {COLUMNS} FROM customer WHERE customer_no = ?", id)  # noqa: S608 - of this file
    return found


async def is_refused(repository: SqlRepository, change: Change) -> bool:
    """True when the commit raises a version conflict."""
    try:
        await repository.commit(Batch([change]))
    except VersionConflictError:
        return True
    return False
