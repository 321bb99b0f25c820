"""Two entities that the tests of the dispatcher share."""

import asyncio
from typing import Annotated, Any

from pydantic import SecretStr, field_validator

from starmodel import (
    Entity,
    EntityConfig,
    Field,
    Redirect,
    Toast,
    event,
)


def _entities():
    class Counter(Entity):
        model_config = EntityConfig(scope="app", access="public")
        count: int = 0
        note: str = ""
        items: list[str] = Field(default_factory=list)
        secret_seed: int = Field(default=7, private=True)

        @event
        def add(self, amount: int = 1):
            self.count += amount

        @event
        def fail(self):
            self.count += 100
            self.items.append("never")
            raise LookupError("no")

        @event
        def spoil(self):
            self.count = "many"

        @event
        def replace(self, count: int):
            return self.evolve(count=count)

        @event
        def show(self, what: Any = None):
            known = {"toast": Toast("hi"), "go": Redirect("/x")}
            return known.get(what, what) if isinstance(what, str) else what

        @event
        def odd(self):
            return object()

        @event
        async def slow_note(self, gate: Any = None, note: str = "slow"):
            await _pass(gate)
            self.note = note

        @event
        async def slow_add(self):
            before = self.count
            await asyncio.sleep(0.002)
            self.count = before + 1

        @event(retry=True)
        async def stubborn_add(self):
            before = self.count
            await asyncio.sleep(0.002)
            self.count = before + 1

        @event
        async def slow_replace(self):
            await asyncio.sleep(0.002)
            return self.evolve(note="replaced")

        @event
        def take(self, items: list[str]):
            self.items = items
            items.append("end")

        @event
        def seed(self, secret_seed: Annotated[int, Field(private=True)]):
            self.secret_seed = secret_seed

    async def _pass(gate):
        await asyncio.sleep(0.002)

    class Product(Entity):
        name: str
        stock: int = 0
        cost: int = Field(default=0, private=True)

        @field_validator("stock")
        @classmethod
        def not_negative(cls, value):
            if value < 0:
                raise ValueError("stock can't be negative")
            return value

        @event
        def adjust(self, delta: int):
            self.stock += delta

        @event
        def rename_id(self):
            self.id = "other"

        @event
        def move(self, to: "Product", amount: int):
            self.stock -= amount
            to.stock += amount

        @event
        def spy(self, on: "Product"):
            return on.stock

        @event
        def sign(self, pin: SecretStr): ...

    return Counter, Product


Counter, Product = _entities()
Product.__entity__.events["move"].fn.__annotations__["to"] = Product
Product.__entity__.events["spy"].fn.__annotations__["on"] = Product
