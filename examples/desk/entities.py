"""The entities of the order desk, and who may read and change them."""

from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Annotated

from pydantic import computed_field

from starmodel import UI, Entity, Field, Relationship, event, transitions
from starmodel.access import actor, owner, record, role

STAFF = role("staff")
EUR = UI(currency="EUR")
Price = Annotated[Decimal, Field(ge=0, max_digits=10, decimal_places=2), EUR]
OWN = record.customer.user_id == actor.id
IS_PLACED, IS_PACKED = record.status == "placed", record.status == "packed"
OWN_LINE = record.order.customer.user_id == actor.id


class Status(StrEnum):
    PLACED = "placed"
    PACKED = "packed"
    SHIPPED = "shipped"
    CANCELLED = "cancelled"


STEPS = transitions(placed=["packed", "cancelled"], packed=["shipped"])
COLOURS = {"placed": "blue", "packed": "amber", "shipped": "green", "cancelled": "gray"}


class Customer(Entity):
    """Who orders. A buyer may be several customers, such as a company and a private person."""

    model_config = {"store": "sql", "access": STAFF | owner("user_id"), "icon": "users"}
    name: str = Field(min_length=2, max_length=80)
    city: str = Field(default="", max_length=60)
    email: Annotated[str, UI(widget="email", second_line=True)] = Field(default="", max_length=120)
    user_id: str = ""
    orders: list["Order"] = Relationship(order="-number")


class Product(Entity):
    model_config = {
        "store": "sql",
        "access": {"read": "public", "write": STAFF},
        "list_display": ["number", "name", "price", "stock"],
        "list_editable": ["price", "stock"],
        "icon": "box",
    }
    number: str = Field(pattern=r"^[A-Z]{2}-\d{3}$", examples=["PE-001"], unique=True)
    name: str = Field(min_length=2, max_length=80)
    price: Price
    stock: int = Field(default=0, ge=0)


class Order(Entity):
    """Products for one customer, from placing them to shipping them."""

    model_config = {
        "store": "sql",
        "access": {"read": STAFF | OWN, "write": STAFF, "create": STAFF | OWN},
        "list_display": ["number", "customer", "status", "placed_on", "total"],
        "list_filter": ["status", "customer_id", "placed_on"],
        "search_fields": ["number", "customer.name"],
        "title_field": "number",
        "inlines": ["lines"],
        "board": {
            "by": "status",
            "card": ["customer", "placed_on", "total"],
            "moves": {"packed": "pack", "shipped": "ship", "cancelled": "cancel"},
        },
        "icon": "cart",
    }
    number: str = Field(max_length=20, unique=True)
    customer: Customer
    status: Annotated[Status, UI(colors=COLOURS), STEPS] = Field(Status.PLACED, editable=False)
    placed_on: date = Field(default_factory=date.today)
    note: str = Field(default="", max_length=500)
    lines: list["OrderLine"] = Relationship(order="position")

    @computed_field
    def total(self) -> Annotated[Decimal, EUR]:
        return sum((line.quantity * line.price for line in self.lines), Decimal(0))

    @event(icon="box", shortcut="p", when=IS_PLACED, when_text="Only placed orders can be packed.")
    def pack(self):
        self.status = Status.PACKED

    @event(icon="truck", when=IS_PACKED, when_text="Only packed orders can be shipped.")
    def ship(self):
        self.status = Status.SHIPPED

    @event(access=STAFF | OWN, confirm="Cancel this order?", visible=IS_PLACED, when=IS_PLACED)
    def cancel(self):
        self.status = Status.CANCELLED


class OrderLine(Entity):
    """One product of an order."""

    model_config = {
        "store": "sql",
        "access": {"read": STAFF | OWN_LINE, "write": STAFF, "create": STAFF | OWN_LINE},
        "list_display": ["product", "quantity", "price"],
        "nav": False,
    }
    order: Order = Field(ondelete="CASCADE")
    product: Product
    quantity: int = Field(default=1, ge=1, le=999)
    price: Price
    position: int = 0


class Board(Entity):
    """Notes that everybody at the desk sees at once."""

    model_config = {"store": "sql", "scope": "app", "access": "signed_in", "icon": "note"}
    notes: list[str] = Field(default=[], editable=False)

    @event
    def post(self, note: Annotated[str, Field(min_length=1, max_length=200)]):
        self.notes = [note, *self.notes[:49]]
