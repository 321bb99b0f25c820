"""The entities of the order desk, and who may read and change them."""

from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Annotated

from starmodel import Entity, Field, Relationship, Toast, event
from starmodel.access import actor, owner, record, role

STAFF = role("staff")
Money = Annotated[Decimal, Field(ge=0, max_digits=10, decimal_places=2)]


class Status(StrEnum):
    PLACED = "placed"
    PACKED = "packed"
    SHIPPED = "shipped"
    CANCELLED = "cancelled"


class Customer(Entity):
    """Who orders. A buyer may be several customers, such as a company and a private person."""

    model_config = {
        "store": "sql",
        "access": STAFF | owner("user_id"),
        "list_display": ["name", "city", "email"],
        "search_fields": ["name", "city", "email"],
    }
    name: str = Field(min_length=2, max_length=80)
    city: str = Field(default="", max_length=60)
    email: str = Field(default="", max_length=120)
    user_id: str = Field(default="", editable=False)
    orders: list["Order"] = Relationship(order="-placed_on")


class Product(Entity):
    """What is sold."""

    model_config = {
        "store": "sql",
        "access": {"read": "public", "write": STAFF},
        "list_display": ["number", "name", "price", "stock"],
        "search_fields": ["number", "name"],
    }
    number: str = Field(pattern=r"^[A-Z]{2}-\d{3}$", examples=["PE-001"], unique=True)
    name: str = Field(min_length=2, max_length=80)
    price: Money
    stock: int = Field(default=0, ge=0)


OWN = record.customer.user_id == actor.id


class Order(Entity):
    """Products for one customer, from placing them to shipping them."""

    model_config = {
        "store": "sql",
        "access": {"read": STAFF | OWN, "write": STAFF, "create": STAFF | OWN},
        "list_display": ["number", "customer_id", "status", "placed_on"],
        "list_filter": ["status", "placed_on"],
        "search_fields": ["number"],
    }
    number: str = Field(max_length=20, unique=True)
    customer: Customer
    status: Status = Field(default=Status.PLACED, editable=False)
    placed_on: date = Field(default_factory=date.today)
    note: str = Field(default="", max_length=500)
    lines: list["OrderLine"]

    @event
    def pack(self):
        return self._move(Status.PLACED, Status.PACKED)

    @event
    def ship(self):
        return self._move(Status.PACKED, Status.SHIPPED)

    @event(access=STAFF | OWN)
    def cancel(self):
        return self._move(Status.PLACED, Status.CANCELLED)

    def _move(self, before: Status, after: Status) -> Toast | None:
        if self.status != before:
            return Toast(f"Order {self.number} is {self.status}, not {before}.", "error")
        self.status = after
        return None


class OrderLine(Entity):
    """One product of an order."""

    model_config = {
        "store": "sql",
        "access": {"read": STAFF | (record.order.customer.user_id == actor.id), "write": STAFF},
    }
    order: Order = Field(ondelete="CASCADE")
    product: Product
    quantity: int = Field(default=1, ge=1, le=999)
    price: Money


class Board(Entity):
    """Notes that everybody at the desk sees at once."""

    model_config = {"store": "sql", "scope": "app", "access": "signed_in"}
    notes: list[str] = []

    @event
    def post(self, note: Annotated[str, Field(min_length=1, max_length=200)]):
        self.notes = [note, *self.notes[:49]]
