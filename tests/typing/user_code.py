"""Application code for type checkers; `# E:` marks the lines that they refuse."""

from typing import assert_type

from sqlmodel import SQLModel
from starlette.applications import Starlette
from starlette.middleware.gzip import GZipMiddleware
from starlette.routing import Route

from starmodel import (
    Action,
    Entity,
    EntityConfig,
    Field,
    Private,
    Signal,
    configure_app,
    create_app,
    dispatch,
    event,
)
from starmodel.starlette import endpoint, page_head


class Counter(Entity):
    model_config = EntityConfig(scope="session", ttl=60)
    count: int = 0

    @event
    def increment(self, amount: int = 1) -> None:
        self.count += amount

    @event(method="post", selector="#status")
    async def reset(self, to: int) -> str:
        self.count = to
        return "done"


class Product(Entity, SQLModel, table=True):
    id: int | None = Field(default=None, primary_key=True)
    name: str


class Account(Entity):
    hashed_password: Private[str] = ""

    @event
    def sign_in(self, password: Private[str]) -> bool:
        return assert_type(self.hashed_password, str) == password


class Misspelt(Entity):
    model_config = EntityConfig(stroe="memory")  # E: typeddict


def use(counter: Counter) -> None:
    counter.increment(2)
    counter.increment("two")  # E: arg-type
    assert_type(Counter.increment(1), Action)
    assert_type(Counter.increment(), Action)
    Counter.increment("two")  # E: call-overload
    assert_type(Counter.count_signal, Signal)
    Counter(count=3)
    Counter(count="three")  # E: arg-type
    assert_type(counter.evolve(count=2), Counter)


async def data(counter: Counter) -> None:
    assert_type(await counter.reset(0), str)
    assert_type(await Counter.objects.get("c1"), Counter)
    assert_type(await Counter.objects.find("c1"), Counter | None)
    assert_type(await Counter.objects.list(count__gt=1), list[Counter])
    assert_type([each async for each in Counter.objects.stream(batch=10)], list[Counter])
    outcome = await dispatch(counter.do.increment(1), actor="ann")
    assert_type(outcome.version, int)


@endpoint
async def home(counter: Counter) -> str:
    return str(page_head(assert_type(counter, Counter)))  # E: arg-type


app = create_app([Counter, Product], title="Shop")
plain = create_app([Counter], web="starlette", routes=[Route("/", home)], bus="memory")
plain.add_route("/again", home)
plain.add_middleware(GZipMiddleware, minimum_size=500)
assert_type(configure_app(Starlette(), [Counter]), Starlette)
create_app([Counter], web="flask")  # E: call-overload
