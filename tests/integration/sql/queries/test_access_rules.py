"""Lists under access rules: one query by an index, relations, and rules that no store decides."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from repositories import insert, opened
from starmodel import Actor, Entity, Field, RulePolicy
from starmodel.access import actor, owner, record, role
from starmodel.adapters.persistence.memory import MemoryRepository
from starmodel.adapters.persistence.sql.repository import SqlRepository
from starmodel.app.access.conditions.models import RuleModel
from starmodel.app.access.decisions import permits
from starmodel.app.application import Application
from starmodel.app.ports.query import Query
from starmodel.app.ports.repository import Batch
from starmodel.app.queries.listing import listing_of
from starmodel.core.errors import AccessScanLimitError
from starmodel.core.snapshot import hidden_of
from starmodel.testing.fakes import fake_application

ROWS = 12_000
ANN = Actor("ann")
# What the plan of each database says when it looks the owner up in the index.
LOOKS_UP = {"sqlite": "(owner=?)", "postgresql": "Index Cond: (", "mysql": "'ref'"}


class _Firm(Entity):
    model_config = {"store": "sql", "scope": "record"}
    id: str
    boss: str = ""


class _Memo(Entity):
    model_config = {"store": "sql", "scope": "record", "access": {"read": owner("owner")}}
    id: str
    owner: str = Field(default="", max_length=40, index=True)
    text: str = ""
    firm_id: str | None = Field(default=None, foreign_key="_firm.id")


class _Wage(Entity):
    model_config = {"store": "sql", "scope": "record", "access": {"read": owner("owner")}}
    id: str
    owner: str = Field(default="", max_length=40, index=True)
    pay: int = Field(default=1, access=role("boss"))
    note: str = Field(default="n", access={"read": record.pay > 0})


class _Site(Entity):
    model_config = {"store": "sql", "scope": "record"}
    id: str
    boss: str = ""


class _Plan(Entity):
    model_config = {
        "store": "memory",
        "scope": "record",
        "access": {"read": role("staff") | (record.site.boss == actor.id)},
    }
    id: str
    site_id: str | None = Field(default=None, foreign_key="_site.id")


@pytest.mark.parametrize("order", [(), (("text", False),)])
async def test_list_of_ones_own_records_reads_their_index(any_url: str, order: Any) -> None:
    repository = await opened(any_url, _Memo, _Firm)
    try:
        rows = [_Memo(id=f"{n:05}", owner=f"o{n % 1200}", text=f"t{n}") for n in range(ROWS)]
        await repository.commit(Batch([insert(row) for row in rows]))
        engine = repository._opened.engine
        kind = engine.sql_dialect.sqlalchemy.name
        await engine.execute("ANALYZE" if kind != "mysql" else "ANALYZE TABLE _memo", ())
        where = owner("owner").bind(Actor("o7"), RuleModel(_Memo, {}))
        query = Query(_Memo, order=order, limit=26, where=where)

        for count in (False, True):
            plan = repository._opened.planners[_Memo].plan(query, 0.0, count=count)
            words = "EXPLAIN QUERY PLAN" if kind == "sqlite" else "EXPLAIN"
            explained = str(await engine.rows(f"{words} {plan.sql}", plan.params))
            assert plan.exact
            assert LOOKS_UP[kind] in explained
            assert "Seq Scan" not in explained

        assert len(await repository.list(query)) == await repository.count(query) == 10
    finally:
        await repository.close()


class _CountingRepository(SqlRepository):
    """Counts the SELECTs of lists, streams and counts."""

    queries = 0

    async def list(self, query: Query) -> list[Entity]:
        self.queries += 1
        return await super().list(query)

    async def count(self, query: Query) -> int:
        self.queries += 1
        return await super().count(query)

    def stream(self, query: Query, batch: int) -> Any:
        self.queries += 1
        return super().stream(query, batch)


@pytest.fixture
async def application(any_url: str) -> AsyncIterator[Application]:
    made = fake_application(
        _Firm, _Memo, _Wage, _Site, _Plan, access_scan_limit=20,
        stores={"sql": _CountingRepository(any_url), "memory": MemoryRepository()},
    )  # fmt: skip
    await made.ready()
    yield made
    await made.close()


async def _listed(
    application: Application, cls: type[Entity], who: Actor | None, policy: Any = None, **words: str
) -> tuple[list[str], int | None]:
    listing = listing_of(application.registry[cls], words)
    window = await application.window(listing, who, total=True, policy=policy)
    return [each.id for each in window.entities], window.total


async def test_list_and_total_are_one_query_each(application: Application) -> None:
    repository: Any = application.persistence.for_class(_Memo)
    for number in range(60):
        await _Memo.objects.create(id=f"{number:02}", owner="ann" if number % 6 == 0 else "bob")
    repository.queries = 0

    found = await _listed(application, _Memo, ANN, search="", order="-id", per_page="3", page="2")

    assert found == (["36", "30", "24"], 10)
    assert repository.queries == 2


async def test_rules_of_fields_add_no_query(application: Application) -> None:
    repository: Any = application.persistence.for_class(_Wage)
    for number in range(12):
        await _Wage.objects.create(id=f"{number:02}", owner="ann", pay=number % 2)
    repository.queries = 0

    listing = listing_of(application.registry[_Wage], {"per_page": "5"})
    window = await application.window(listing, ANN, total=True)

    assert repository.queries == 2
    assert [sorted(hidden_of(each)) for each in window.entities[:2]] == [["note", "pay"], ["pay"]]


async def test_rule_follows_a_relation_within_one_query(
    application: Application, monkeypatch: pytest.MonkeyPatch
) -> None:
    access = {"read": role("staff") | (record.firm.boss == actor.id), "write": "nobody"}
    monkeypatch.setitem(_Memo.model_config, "access", access)
    repository: Any = application.persistence.for_class(_Memo)
    for id, boss in (("f", "ann"), ("g", "bob")):
        await _Firm.objects.create(id=id, boss=boss)
    for number in range(60):
        await _Memo.objects.create(id=f"{number:02}", firm_id="f" if number in (7, 50) else "g")
    await _Memo.objects.create(id="none")
    repository.queries = 0

    assert await _listed(application, _Memo, ANN) == (["07", "50"], 2)
    assert repository.queries == 2
    assert (await _listed(application, _Memo, Actor("x", roles=frozenset({"staff"}))))[1] == 61
    entity_type = application.registry[_Memo]
    for id, readable in (("07", True), ("08", False), ("none", False)):
        memo = await _Memo.objects.get(id)
        assert await permits(RulePolicy(), entity_type, ANN, entity=memo) is readable


async def test_relation_to_another_store_is_read_for_each_record(application: Application) -> None:
    await _Site.objects.create(id="s", boss="ann")
    for number in range(15):
        await _Plan.objects.create(id=f"{number:02}", site_id="s" if number == 3 else None)

    assert await _listed(application, _Plan, ANN) == (["03"], 1)
    for number in range(15, 30):
        await _Plan.objects.create(id=f"{number:02}")
    with pytest.raises(AccessScanLimitError):
        await _listed(application, _Plan, ANN)
    staff = Actor("x", roles=frozenset({"staff"}))
    assert (await _listed(application, _Plan, staff))[1] == 30


class _Forgetful(RulePolicy):
    """Overrides `check` without returning what the rules answer."""

    def check(self, entity_type: Any, need: Any, actor: Any, **about: Any) -> None:
        if actor is None or "boss" not in actor.roles:
            super().check(entity_type, need, actor, **about)


class _Later(RulePolicy):
    async def check(self, entity_type: Any, need: Any, actor: Any, **about: Any) -> None:  # type: ignore[override]
        super().check(entity_type, need, actor, **about)


@pytest.mark.parametrize("policy", [_Forgetful(), _Later()])
@pytest.mark.parametrize("any_url", ["sqlite"], indirect=True)
async def test_override_of_check_loses_no_decision(application: Application, policy: Any) -> None:
    await _Site.objects.create(id="s", boss="ann")
    await _Plan.objects.create(id="mine", site_id="s")
    await _Plan.objects.create(id="other")

    assert await _listed(application, _Plan, ANN, policy) == (["mine"], 1)
    assert await _listed(application, _Plan, Actor("bob"), policy) == ([], 0)
    boss = Actor("x", roles=frozenset({"boss"}))
    expected = 2 if isinstance(policy, _Forgetful) else 0
    assert (await _listed(application, _Plan, boss, policy))[1] == expected
