"""An order desk whose forms and lists choose related records."""

TOWN_ORDERS = '''
from typing import Annotated

from starmodel import UI, Entity, Field, create_app, event


class Town(Entity):
    model_config = {"store": "sql", "access": "public"}
    name: str


class Customer(Entity):
    model_config = {"store": "sql", "access": "public"}
    name: str = Field(min_length=2)
    email: Annotated[str, UI(second_line=True)] = ""
    town_id: str | None = Field(default=None, foreign_key="town.id")


class Label(Entity):
    model_config = {"store": "sql", "access": "public"}
    name: str


class Order(Entity):
    model_config = {"store": "sql", "access": "public"}
    title: str
    customer: Customer
    agent_id: str | None = Field(default=None, foreign_key="customer.id")
    labels: list[Label]

    @event
    def hand_over(self, customer: Customer, reason: str = ""):
        """Gives the order to another customer."""
        self.customer_id = customer.id


app = create_app(
    [Town, Customer, Label, Order], secret_key="k" * 40, database_url="sqlite:///desk.db",
)
'''
