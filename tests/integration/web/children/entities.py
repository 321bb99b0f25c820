"""An order with lines, for tests of children."""

from __future__ import annotations

from integration.web.browser import unlisted
from starmodel import Entity, Field, event


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
