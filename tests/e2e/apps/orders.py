"""Orders with lists, mappings, amounts and moments."""

ORDERS = """
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Annotated, Any

from pydantic import AwareDatetime, BaseModel
from starmodel import UI, Entity, Field, create_app


class Address(BaseModel):
    street: str
    city: str = ""


class Line(BaseModel):
    item: str = Field(min_length=2)
    quantity: int = Field(default=1, ge=1)


class Order(Entity):
    model_config = {"access": "public", "scope": "record"}
    name: str = "First"
    total: Annotated[Decimal, UI(currency="EUR")] = Field(
        default=Decimal("6125.6"), decimal_places=2)
    share: Annotated[Decimal, UI(format="percent")] = Decimal("0.125")
    due: AwareDatetime | None = datetime(2026, 7, 1, 22, 30, tzinfo=UTC)
    met: datetime = datetime(2026, 11, 24, 16, 30)
    day: date = date(2026, 3, 29)
    tags: list[str] = ["red", "green", "blue"]
    prices: dict[str, Decimal] = {}
    lines: list[Line] = []
    home: Address | None = None
    data: dict[str, Any] = {}


app = create_app()
"""
