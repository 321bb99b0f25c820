"""An order desk: events of each kind, and records that a deletion deletes or is refused for."""

DESK = '''
from enum import StrEnum
from typing import Annotated
from starmodel import UI, Entity, Field, create_app, event


class Status(StrEnum):
    OPEN = "open"
    SHIPPED = "shipped"


class Customer(Entity):
    model_config = {"scope": "record", "access": "public"}
    name: str


class Order(Entity):
    model_config = {"scope": "record", "access": "public"}
    number: str
    status: Annotated[Status, UI(colors={"open": "blue", "shipped": "green"})] = Status.OPEN
    total: int = 100
    customer_id: str | None = Field(default=None, foreign_key="customer.id", ondelete="RESTRICT")

    @event
    def ship(self):
        self.status = Status.SHIPPED

    @event
    def discount(self, percent: Annotated[int, Field(ge=1, le=50)] = 10):
        """Lower the total."""
        if percent == 13:
            raise ValueError("Not thirteen.")
        self.total -= percent


class Line(Entity):
    model_config = {"scope": "record", "access": "public"}
    order_id: str = Field(foreign_key="order.id", ondelete="CASCADE")


app = create_app([Customer, Order, Line], secret_key="k" * 40)


@app.get("/new-desk/{number}")
async def new_desk(number: str):
    customer = await Customer.objects.create(name=f"Ann of {number}")
    order = await Order.objects.create(number=number, customer_id=customer.id)
    for _ in range(3):
        await Line.objects.create(order_id=order.id)
    return {"customer": f"/customers/{customer.id}", "order": f"/orders/{order.id}"}
'''
