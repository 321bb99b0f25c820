"""An order desk with relations, and the statements that its SQL store runs."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from integration.web.browser import unlisted
from starmodel import Entity, Field
from starmodel.access import actor, record

PUBLIC = {"read": "public", "write": "public"}


@unlisted
class Customer(Entity):
    model_config = {"scope": "record", "store": "memory", "access": PUBLIC}
    id: str
    name: str
    city: str = ""
    code: str = Field(default="", access={"read": "role:staff", "write": "role:staff"})


@unlisted
class Order(Entity):
    model_config = {
        "scope": "record", "store": "memory", "access": PUBLIC,
        "list_display": ("number", "customer", "customer.city", "customer.code", "total"),
        "search_fields": ("number", "customer.name"),
    }  # fmt: skip
    id: str
    number: str
    customer: Customer | None
    total: int = 0


@unlisted
class SqlCustomer(Entity):
    model_config = {"store": "sql", "path": "/customers", "access": PUBLIC}
    id: str
    name: str
    city: str = ""
    code: str = Field(default="", access={"read": "role:staff", "write": "role:staff"})


@unlisted
class SqlOrder(Entity):
    model_config = {
        "store": "sql", "path": "/orders", "access": PUBLIC,
        "list_display": ("number", "customer", "customer.city", "customer.code", "total"),
        "search_fields": ("number", "customer.name"),
    }  # fmt: skip
    id: str
    number: str
    customer: SqlCustomer | None
    total: int = 0


@unlisted
class Account(Entity):
    """A customer that only its owner may read."""

    model_config = {
        "store": "sql", "path": "/accounts",
        "access": {"read": record.owner == actor.id, "write": "public"},
    }  # fmt: skip
    id: str
    name: str
    owner: str = ""


@unlisted
class Invoice(Entity):
    model_config = {"store": "sql", "path": "/invoices", "access": PUBLIC}
    id: str
    number: str
    account: Account | None


@contextmanager
def queries(app: Any, *classes: type[Entity]) -> Iterator[list[str]]:
    """The names of the classes that lists are read of, inside of the block, in order."""
    persistence, seen = app.starmodel.persistence, list[str]()
    repositories = {id(r): r for r in map(persistence.for_class, classes)}.values()
    before = [repository.list for repository in repositories]

    def noted(read: Any) -> Any:
        async def run(query: Any) -> Any:
            seen.append(query.entity.__name__)
            return await read(query)

        return run

    for repository in repositories:
        repository.list = noted(repository.list)
    try:
        yield seen
    finally:
        for repository, read in zip(repositories, before, strict=True):
            repository.list = read
