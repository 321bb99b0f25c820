"""Relations: loaded by one query each, and foreign key rules applied when a record is deleted."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
from sqlmodel import SQLModel

from starmodel import Entity, Field, Relationship
from starmodel.adapters.persistence.sql.repository import SqlRepository
from starmodel.app.application import Application
from starmodel.app.commands.dispatching import dispatch
from starmodel.core.errors import (
    ConfigurationError,
    ConstraintError,
    FrozenEntityError,
    NotLoadedError,
    RequestError,
)
from starmodel.core.events import event
from starmodel.core.public_state import public_state
from starmodel.core.snapshot import version_of
from starmodel.testing.fakes import RecordingBus, fake_application


class _Team(Entity):
    model_config = {"store": "sql"}
    name: str
    heroes: list[_Hero] = Relationship(order="-level")
    motto: _Motto | None = Relationship()
    motto_id: str | None = Field(default=None, foreign_key="_motto.id", ondelete="SET NULL")


class _Motto(Entity):
    model_config = {"store": "sql"}
    text: str = ""


class _Hero(Entity):
    model_config = {"store": "sql"}
    name: str
    level: int = 0
    team_id: str | None = Field(default=None, foreign_key="_team.id", ondelete="CASCADE")
    team: _Team | None = Relationship(back_populates="heroes")
    powers: list[_Power] = Relationship(link_model="_HeroPower")

    @event
    def boast(self) -> None:
        self.name = f"{self.name} of {self.team.name}"


class _Power(Entity, SQLModel, table=True):
    __tablename__ = "_power"
    name: str
    heroes: list[_Hero] = Relationship(link_model="_HeroPower")


class _HeroPower(Entity, SQLModel, table=True):
    __tablename__ = "_hero_power"
    hero_id: str = Field(foreign_key="_hero.id", ondelete="CASCADE")
    power_id: str = Field(foreign_key="_power.id")


CLASSES: list[Any] = [_Team, _Motto, _Hero, _Power, _HeroPower]


@pytest.fixture
async def application(store: Any) -> AsyncIterator[Application]:
    made = fake_application(*CLASSES, stores={"sql": store})
    await made.ready()
    yield made
    await made.close()


async def _filled() -> tuple[Any, Any]:
    motto = await _Motto.objects.create(text="On!")
    red = await _Team.objects.create(name="Red", motto_id=motto.id)
    blue = await _Team.objects.create(name="Blue")
    fly, see = [await _Power.objects.create(name=name) for name in ("fly", "see")]
    for name, level, team, powers in (
        ("Ann", 1, red, [fly]), ("Bob", 3, red, [fly, see]), ("Cy", 2, blue, []),
        ("Di", 0, None, [see]),
    ):  # fmt: skip
        hero = await _Hero.objects.create(name=name, level=level, team_id=team and team.id)
        for power in powers:
            await _HeroPower.objects.create(hero_id=hero.id, power_id=power.id)
    return red, blue


def _names(found: list[Any]) -> list[str]:
    return [entity.name for entity in found]


async def test_both_sides_and_links_are_loaded_on_request(application: Application) -> None:
    red, _ = await _filled()
    team = await _Team.objects.get(red.id, load=["heroes.powers", "motto"])
    assert _names(team.heroes) == ["Bob", "Ann"]
    assert team.motto.text == "On!"
    assert sorted(_names(team.heroes[0].powers)) == ["fly", "see"]
    heroes = await _Hero.objects.list(order="name", load="team")
    assert [h.team and h.team.name for h in heroes] == ["Red", "Red", "Blue", None]
    powers = await _Power.objects.list(order="name", load=["heroes"])
    assert [sorted(_names(power.heroes)) for power in powers] == [["Ann", "Bob"], ["Bob", "Di"]]
    blue = await _Team.objects.list(name="Blue", load=["heroes", "motto"])
    assert (_names(blue[0].heroes), blue[0].motto) == (["Cy"], None)


async def test_loading_runs_one_query_per_relation(
    application: Application, monkeypatch: pytest.MonkeyPatch
) -> None:
    await _filled()
    queries = []
    repository = application.persistence.for_class(_Hero)
    listed = repository.list

    async def counted(query: Any) -> Any:
        queries.append(query.entity.__name__)
        return await listed(query)

    monkeypatch.setattr(repository, "list", counted)
    await _Hero.objects.list(load=["team.motto", "powers"])
    assert sorted(queries) == sorted(["_Hero", "_Team", "_Motto", "_HeroPower", "_Power"])


async def test_stream_loads_relations_with_each_batch(application: Application) -> None:
    await _filled()
    heroes = [hero async for hero in _Hero.objects.stream(order="name", load="team", batch=3)]
    assert [h.team and h.team.name for h in heroes] == ["Red", "Red", "Blue", None]


async def test_unloaded_relation_is_rejected_and_not_serialised(
    application: Application,
) -> None:
    red, _ = await _filled()
    plain = await _Team.objects.get(red.id)
    loaded = await _Team.objects.get(red.id, load=["heroes"])
    assert loaded == plain
    assert "heroes" not in loaded.model_dump()
    assert "heroes" not in public_state(loaded)
    assert "heroes" not in _Team.__pydantic_fields__
    for entity in (plain, loaded.evolve(name="x"), _Team(name="new")):
        with pytest.raises(NotLoadedError, match=r"objects\.get\(id, load=\['heroes'\]\)"):
            _ = entity.heroes
    with pytest.raises(FrozenEntityError):
        loaded.heroes = []
    with pytest.raises(NotLoadedError, match=r"_Hero\.team was not loaded"):
        await dispatch(loaded.heroes[0].do.boast())
    with pytest.raises(RequestError, match="can't load 'villains'; its relations are heroes"):
        await _Team.objects.list(load=["villains"])


async def test_on_delete_rule_applies_to_referring_records(
    application: Application,
) -> None:
    red, _ = await _filled()
    bus: Any = application.bus
    assert isinstance(bus, RecordingBus)
    motto = await _Motto.objects.get(red.motto_id)
    await dispatch(motto.do.delete())
    team = await _Team.objects.get(red.id)
    assert team.motto_id is None
    assert version_of(team) > version_of(red)
    bus.messages.clear()
    await dispatch(team.do.delete())
    assert sorted(_names(await _Hero.objects.list())) == ["Cy", "Di"]
    assert await _HeroPower.objects.count() == 1
    published = [(m.entity, m.kind) for m in bus.messages if hasattr(m, "kind")]
    assert published.count(("_Hero", "deleted")) == 2
    assert published.count(("_HeroPower", "deleted")) == 3


async def test_referenced_record_without_on_delete_rule_is_not_deleted(
    application: Application,
) -> None:
    await _filled()
    (fly,) = await _Power.objects.list(name="fly")
    if isinstance(application.persistence.for_class(_Power), SqlRepository):
        with pytest.raises(ConstraintError, match="other records refer to it"):
            await dispatch(fly.do.delete())


def test_relation_without_foreign_key_fails_startup() -> None:
    class Lonely(Entity):
        friends: list[Other] = Relationship()

    class Other(Entity):
        name: str = ""

    with pytest.raises(ConfigurationError, match=r"foreign key to each side.*Relationship"):
        fake_application(Lonely, Other)
    with pytest.raises(ConfigurationError, match="names no entity of this application"):
        fake_application(Lonely)


def test_sqlmodel_relationship_error_names_the_remedy() -> None:
    import sqlmodel

    with pytest.raises(ConfigurationError, match="from starmodel import Relationship"):

        class Wrong(Entity, SQLModel, table=True):
            teams: list["Wrong"] = sqlmodel.Relationship()  # noqa: UP037 - as its users write it
