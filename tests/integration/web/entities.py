"""Records that several tests of this folder use."""

from __future__ import annotations

from typing import Any

from pydantic import SecretStr

from integration.web.browser import unlisted
from starmodel import Actor, Entity, EntityConfig, Field, event


def owns(actor: Actor | None, record: Any) -> bool:
    """A rule that reads a field of the record."""
    return actor is not None and bool(record.owner == actor.id)


OWNERS_WRITE: dict[str, Any] = {"read": "public", "write": owns}


@unlisted
class Product(Entity):
    model_config = EntityConfig(access="public")
    name: str
    price: float = 1.0
    stock: int = 0
    tags: list[str] = Field(default=[])
    cost: float = Field(default=0.5, private=True)
    rating: int = Field(default=3, editable=False)
    supplier_secret: SecretStr = SecretStr("")

    @event
    def adjust_stock(self, amount: int) -> None:
        if self.stock + amount < 0:
            raise ValueError("Insufficient stock")
        self.stock += amount
