"""Sample data: `starmodel event Samples add --orders 10000 --app examples/desk/app.py`."""

import random
from collections.abc import AsyncIterator
from datetime import date, timedelta
from decimal import Decimal
from typing import Annotated

from starmodel import Entity, Field, Progress, UnitOfWork, dispatch, event

from .entities import Customer, Order, OrderLine, Product, Status

FIRST = (
    "Ada", "Bruno", "Clara", "Dario", "Edith", "Farid", "Greta", "Hugo", "Ines", "Jonas", "Kira",
    "Leon", "Mona", "Nils", "Olga", "Paul",
)  # fmt: skip
LAST = (
    "Abel", "Brandt", "Costa", "Dahl", "Ebner", "Falk", "Gruber", "Hansen", "Ilic", "Jansen",
    "Keller", "Lang", "Meier", "Novak",
)  # fmt: skip
CITIES = (
    "Berlin", "Bern", "Graz", "Hamburg", "Köln", "Linz", "Malmö", "Oslo", "Prag", "Riga", "Turin",
    "Wien",
)  # fmt: skip
GOODS = (
    "Pen", "Pencil", "Ruler", "Folder", "Stapler", "Notebook", "Envelope", "Calendar", "Lamp",
    "Chair", "Desk", "Shelf",
)  # fmt: skip
COLOURS = ("black", "blue", "green", "red", "white", "yellow")
BATCH = 500


class Samples(Entity):
    """How many sample orders have been added."""

    model_config = {"store": "sql", "scope": "app", "path": None, "access": "nobody"}
    orders: int = 0

    @event
    async def add(
        self, uow: UnitOfWork, orders: Annotated[int, Field(ge=1, le=100_000)] = 10_000
    ) -> AsyncIterator[Progress]:
        """Add customers, products, and orders with one to five lines; commits 500 at a time."""
        chance = random.Random(self.orders)  # noqa: S311 - sample data
        customers = [_customer(chance) for _ in range(max(10, orders // 25))]
        products = [] if self.orders else [_product(n) for n in range(len(GOODS) * len(COLOURS))]
        for each in (*customers, *products):
            uow.add(each)
        products = products or await Product.objects.list(limit=200)
        yield Progress(0, f"{len(customers)} customers, {len(products)} products")
        for start in range(0, orders, BATCH):
            for _ in range(min(BATCH, orders - start)):
                self.orders += 1
                order = uow.add(_order(chance, self.orders, chance.choice(customers)))
                for product in chance.sample(products, chance.randint(1, 5)):
                    uow.add(_line(chance, order, product))
            yield Progress(min(1, (start + BATCH) / orders), f"{self.orders} orders")


async def seed() -> None:
    """Fill an empty desk with 100 orders."""
    if await Product.objects.count() == 0:
        await dispatch(Samples.add(orders=100))


def _customer(chance: random.Random) -> Customer:
    first, last = chance.choice(FIRST), chance.choice(LAST)
    email = f"{first}.{last}@example.org".lower()
    return Customer(name=f"{first} {last}", city=chance.choice(CITIES), email=email)


def _product(number: int) -> Product:
    goods, colour = GOODS[number // len(COLOURS)], COLOURS[number % len(COLOURS)]
    return Product(
        number=f"{goods[:2].upper()}-{number:03}",
        name=f"{goods}, {colour}",
        price=Decimal(95 + 237 * number) / 100,
        stock=number * 7 % 90,
    )


def _order(chance: random.Random, number: int, customer: Customer) -> Order:
    return Order(
        number=f"{number:06}",
        customer=customer,
        status=chance.choices(list(Status), [2, 1, 6, 1])[0],
        placed_on=date.today() - timedelta(days=chance.randint(0, 365)),
    )


def _line(chance: random.Random, order: Order, product: Product) -> OrderLine:
    quantity = chance.randint(1, 12)
    return OrderLine(order=order, product=product, quantity=quantity, price=product.price)
