"""The documented ways to write entities, without a type error."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Annotated, Any

from pydantic import AwareDatetime, StrictInt
from sqlmodel import SQLModel

from starmodel import (
    Actor,
    Entity,
    EntityConfig,
    Field,
    Private,
    Relationship,
    Session,
    StateStore,
    Toast,
    UnitOfWork,
    create_app,
    dispatch,
    event,
)
from starmodel.sql import BaseTable


def mine(actor: Actor | None, entity: Any) -> bool:
    return actor is not None and entity.owner == actor.id


class Team(Entity):
    model_config = {"store": "sql", "access": "public"}
    name: str
    heroes: list["Hero"] = Relationship(order="-level")  # noqa: UP037 - as the documentation has it


class Hero(Entity):
    model_config = {
        "store": "sql",
        "access": {"read": "public", "write": "role:editor"},
        "list_display": ["name"],
        "fieldsets": {"Who": ["name"], "More": ["level", "price"]},
        "str_strip_whitespace": True,
    }
    name: str = Field(unique=True, max_length=80)
    level: int = Field(default=0, ge=0)
    rank: StrictInt = 0
    price: Decimal = Field(default=Decimal(0), max_digits=10, decimal_places=2)
    since: AwareDatetime | None = None
    note: Private[str] = ""
    team_id: str | None = Field(default=None, foreign_key="team.id", ondelete="CASCADE")
    team: Team | None = Relationship()

    @event
    def train(self, points: int = 1) -> Toast:
        self.level += points
        return Toast("Trained", "success")

    @event(title="Rename", confirm="Sure?")
    async def rename(self, name: str, uow: UnitOfWork, actor: Actor | None = None) -> None:
        self.name = name


class Page(Entity):
    model_config = {"store": "memory", "scope": "record", "access": mine, "ttl": 60, "crud": False}
    owner: str = ""


class Cart(Entity):
    model_config = {"store": StateStore.CLIENT_LOCAL, "use_namespace": False, "path": None}
    items: list[str] = []

    @event
    def add(self, item: Annotated[str, Field(max_length=9)], session: Session) -> None:
        self.items.append(item)


class Settings(Entity):
    model_config = EntityConfig(scope="app", access="signed_in", editable=["theme"])
    theme: str = "light"


class Supplier(Entity, SQLModel, table=True):
    id: int | None = Field(default=None, primary_key=True)
    name: str = Field(index=True)


class Order(Entity, BaseTable, table=True):
    model_config = EntityConfig(access="public")
    product_id: str = Field(foreign_key="hero.id")


class Person(Entity):
    model_config = {"store": "sql", "access": "public"}
    follows: list["Person"] = Relationship(  # noqa: UP037 - as the documentation has it
        link_model="Follow", foreign_key="follower_id"
    )


app = create_app([Team, Hero])


async def script(run: Callable[[Any], Any]) -> None:
    hero = await Hero.objects.create(name="A")
    many: list[Hero] = await Hero.objects.list(level__gte=1, load="team")
    none: list[Hero] = await Hero.objects.list(team_id__isnull=True, level__range=(1, 2))
    await dispatch(hero.do.train(3))
    await dispatch(hero.do.update(name="B"), actor="ann")
    supplier = Supplier.model_validate({"name": "A"})
    run([many, none, Hero.train(2), hero.evolve(level=3), Hero.level_signal, supplier.name])
    run(hero.team.name if hero.team else "")
