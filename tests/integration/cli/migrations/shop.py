"""An application before and after its classes change in many ways."""

from __future__ import annotations

BEFORE = """
import enum
from typing import Literal

from pydantic import BaseModel

from starmodel import Entity, Field, create_app


class Colour(enum.Enum):
    RED = "red"
    BLUE = "blue"


class Address(BaseModel):
    street: str
    city: str


class Product(Entity):
    model_config = {"store": "sql"}
    name: str
    price: int = Field(default=0, index=True)
    colour: Colour = Colour.RED
    size: str = ""
    note: str | None = None
    old: str = ""


class Customer(Entity):
    model_config = {"store": "sql"}
    name: str
    address: Address


app = create_app([Product, Customer])
"""

AFTER = """
import enum
from decimal import Decimal
from typing import Literal

from starmodel import Entity, Field, create_app


class Colour(enum.Enum):
    RED = "red"
    GREEN = "green"


class Product(Entity):
    model_config = {"store": "sql"}
    name: str
    unit_price: Decimal = Field(default=Decimal(0), index=True)
    colour: Colour = Colour.RED
    size: int = 0
    note: str
    tags: list[str] = Field(default_factory=list)


class Customer(Entity):
    model_config = {"store": "sql"}
    name: str
    street: str
    city: str


class Order(Entity):
    model_config = {"store": "sql"}
    customer: str = Field(foreign_key="customer.id")


app = create_app([Product, Customer, Order])
"""

FLAGS = [
    "--rename", "Product.price=unit_price",
    "--drop", "Product.old",
    "--split", "Customer.address",
    "--replace", "Product.colour.BLUE=GREEN",
    "--convert", "Product.size=0",
    "--fill", "Product.note=none",
]  # fmt: skip

SENTENCES = [
    "Create Order (id and customer).",
    "Remove Product.old; its values are kept aside until starmodel migrate --purge.",
    "Rename Product.price to unit_price.",
    "Change Product.unit_price from whole number to decimal number.",
    "Let Product.colour also be GREEN and no longer be BLUE; rows with BLUE get GREEN.",
    "Change Product.size from text to whole number; rows whose values don't fit get 0.",
    "Give new records 0 as Product.size; stored records don't change.",
    "Require Product.note; rows without a value get 'none'.",
    "Add Product.tags (JSON, [] for the rows that exist).",
    "Rename the index ix_product_price to ix_product_unit_price.",
    "Remove Customer.address; its values go to the fields split from it, and it is kept aside.",
    "Add Customer.street (text, required).",
    "Add Customer.city (text, required).",
]
