"""An order with lines, for tests of children."""

from __future__ import annotations

from pydantic import computed_field

from integration.web.browser import unlisted
from starmodel import Entity, Field, Relationship, event


@unlisted
class Customer(Entity):
    model_config = {"store": "sql", "access": "public"}
    name: str
    orders: list[Order]


@unlisted
class Order(Entity):
    model_config = {"store": "sql", "access": "public"}
    number: str
    customer: Customer | None
    note: str = ""
    lines: list[OrderLine]


@unlisted
class OrderLine(Entity):
    model_config = {"store": "sql", "access": "public"}
    order: Order
    product: str = Field(min_length=2)
    quantity: int = Field(1, ge=1)

    @event
    def double(self) -> None:
        """Twice as many."""
        self.quantity *= 2


ORDER_DESK = [Customer, Order, OrderLine]


@unlisted
class Basket(Entity):
    """With rows for its items in its own form."""

    model_config = {"store": "sql", "access": "public", "inlines": ("items",)}
    name: str = Field(min_length=2)
    note: str = ""
    items: list[AnItem] = Relationship(order="position")


@unlisted
class AnItem(Entity):
    """Named so that its table comes before that of its parent."""

    model_config = {"store": "sql", "access": "public"}
    basket: Basket
    product: str = Field(min_length=2)
    quantity: int = Field(1, ge=1)
    position: int = 0


BASKETS = [Basket, AnItem]


@unlisted
class Invoice(Entity):
    """With a total over the records that refer to it."""

    model_config = {
        "store": "sql", "access": "public", "list_display": ["number", "total"],
        "inlines": ("entries",),
    }  # fmt: skip
    number: str
    entries: list[Entry]

    @computed_field
    @property
    def total(self) -> int:
        return sum(entry.amount for entry in self._all())

    def _all(self) -> list[Entry]:
        return self.entries


@unlisted
class Entry(Entity):
    model_config = {"store": "sql", "access": "public"}
    invoice: Invoice
    amount: int = 0


INVOICES = [Invoice, Entry]
