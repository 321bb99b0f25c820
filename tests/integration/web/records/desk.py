"""Orders with what refers to them by each ON DELETE rule, in a store of choice."""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Any, NamedTuple

from integration.web.browser import unlisted
from starmodel import UI, Entity, Field, Toast, event


class Status(StrEnum):
    OPEN = "open"
    SHIPPED = "shipped"


class Desk(NamedTuple):
    """The classes of one order desk."""

    customer: Any
    order: Any
    line: Any
    note: Any
    shipment: Any
    audit: Any

    @classmethod
    def in_store(cls, store: str) -> Desk:
        config: dict[str, Any] = {"store": store, "scope": "record", "access": "public"}

        @unlisted
        class Customer(Entity):
            model_config = config
            name: str

        @unlisted
        class Order(Entity):
            model_config = config
            number: str
            status: Annotated[Status, UI(colors={"shipped": "green"})] = Status.OPEN
            total: Decimal = Decimal("2.50")
            customer_id: str | None = Field(
                default=None, foreign_key="customer.id", ondelete="RESTRICT"
            )

            @event
            def ship(self) -> None:
                self.status = Status.SHIPPED

            @event
            def tell(self) -> Toast:
                return Toast("Told.", "info")

            @event(primary=True, icon="check")
            def discount(self, percent: int = 5) -> None:
                """Lower the total."""
                self.total *= Decimal(100 - percent) / 100

            @event(confirm="Really close it?")
            def close(self) -> None:
                self.status = Status.SHIPPED

        @unlisted
        class OrderLine(Entity):
            model_config = config
            product: str = ""
            order_id: str = Field(foreign_key="order.id", ondelete="CASCADE")

        @unlisted
        class LineNote(Entity):
            model_config = config
            text: str = ""
            line_id: str = Field(foreign_key="order_line.id", ondelete="CASCADE")

        @unlisted
        class Shipment(Entity):
            model_config = config
            code: str = ""
            order_id: str | None = Field(default=None, foreign_key="order.id", ondelete="SET NULL")

        @unlisted
        class Audit(Entity):
            model_config = config | {"access": "role:boss"}
            text: str = ""
            order_id: str = Field(foreign_key="order.id", ondelete="CASCADE")

        return cls(Customer, Order, OrderLine, LineNote, Shipment, Audit)
