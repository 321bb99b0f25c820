"""Two versions of one application, each a program that dispatches events until it may stop."""

OLD = """\
from starmodel import Entity, Field, event


class Product(Entity):
    model_config = {"store": "sql"}
    id: str
    price: int = Field(default=0, ge=0, index=True)
    entries: list[str] = []
    old_count: int = 0
    stock: int = 0

    @event
    def note(self, amount: int, entry: str):
        self.price += amount
        self.stock += amount
        self.entries.append(entry)
        self.old_count += 1


def values(name):
    return {"price": 1, "entries": [name], "old_count": 1, "stock": 1}
"""

NEW = """\
from starmodel import Entity, Field, event


class Product(Entity):
    model_config = {"store": "sql"}
    id: str
    unit_price: int = Field(default=0, ge=0, index=True)
    history: list[str] = []
    colour: str = "it's blue"
    red_count: int | None = None
    stock_text: str = Field(default="0", max_length=20)

    @event
    def note(self, amount: int, entry: str):
        self.unit_price += amount
        self.stock_text = str(int(self.stock_text) + amount)
        self.history.append(entry)
        self.colour = "red"
        self.red_count = (self.red_count or 0) + 1


def values(name):
    return {
        "unit_price": 1, "history": [name], "colour": "red", "red_count": 1, "stock_text": "1",
    }
"""

PROGRAM = """\
import asyncio
import collections
import json
import pathlib
import sys

from starmodel import create_app, dispatch

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from {module} import Product, values

url, name, least, reached, may_stop = sys.argv[1:]
reached, may_stop = pathlib.Path(reached), pathlib.Path(may_stop)
app = create_app([Product], database_url=url, secret_key="k" * 48, database_timeout_s=60)
errors, count = collections.Counter(), 0


async def work(number):
    global count
    while count < int(least) or not may_stop.exists():
        count += 1
        entry = f"{{name}}{{count}}"
        try:
            if count % 20 == 0:
                await Product.objects.create(id=entry, **values(entry))
            else:
                product = await Product.objects.get(f"p{{count % 8}}")
                await dispatch(product.do.note(1, entry))
        except Exception as error:
            errors[f"{{type(error).__name__}}: {{error}}"] += 1
        if count >= int(least) and not reached.exists():
            reached.touch()


async def main():
    if name == "setup":
        for number in range(8):
            await Product.objects.create(id=f"p{{number}}", price=0)
    else:
        await asyncio.gather(*map(work, range(4)))
    sys.stdout.write(json.dumps({{"count": count, "errors": errors}}))


asyncio.run(main())
"""
