"""A list under an access rule has the records for which the rule permits, in every store."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings

from contract.rules import ACTORS, NOW, RULES, Club, Paper, State, is_first, records
from databases import STORES, empty_store
from repositories import delete, insert
from starmodel import Actor
from starmodel.access import actor, now, owner, record
from starmodel.adapters.persistence.memory import MemoryRepository
from starmodel.adapters.persistence.redis.repository import RedisRepository
from starmodel.adapters.persistence.sql.repository import SqlRepository
from starmodel.app.access.conditions.condition import Comparison, Constant, narrowed
from starmodel.app.access.conditions.models import RuleModel
from starmodel.app.access.decisions import permits
from starmodel.app.access.rules import RulePolicy
from starmodel.app.application import Application
from starmodel.app.ports.repository import Batch, supports_of
from starmodel.app.queries.listing import listing_of
from starmodel.core.errors import AccessDeniedError, NotSignedInError
from starmodel.testing.fakes import FakeClock, fake_application

MOMENT = dt.datetime(2024, 6, 1, 12, tzinfo=dt.UTC)


@pytest.fixture(params=["memory", *STORES])
def application(
    request: pytest.FixtureRequest, runner: asyncio.Runner, tmp_path: Path
) -> Iterator[Application]:
    store: Any = MemoryRepository()
    if request.param != "memory":
        store = empty_store(request, tmp_path)
    made = fake_application(Club, Paper, stores={"sql": store}, clock=FakeClock(NOW.timestamp()))
    runner.run(made.ready())
    yield made
    runner.run(made.close())


def test_list_has_the_records_for_which_the_rule_permits(
    application: Application, runner: asyncio.Runner, monkeypatch: pytest.MonkeyPatch
) -> None:
    entity_type = application.registry[Paper]
    repository = application.persistence.for_class(Paper)

    async def check(rule: Any, found: list[Any], who: Actor | None) -> None:
        monkeypatch.setitem(Paper.model_config, "access", {"read": rule})
        policy = RulePolicy()
        for each in found:
            await repository.commit(Batch([insert(each)]))
        try:
            stored = [await repository.get(Paper, p.id) for p in found if type(p) is Paper]
            assert all(stored)
            expected = [
                each.id for each in stored
                if each is not None and await permits(policy, entity_type, who, entity=each)
            ]  # fmt: skip
            pages, page = [], 1
            try:
                while page:
                    listing = listing_of(entity_type, {"page": str(page), "per_page": "2"})
                    window = await application.window(listing, who, policy=policy, total=True)
                    assert window.total == len(expected)
                    pages += [each.id for each in window.entities]
                    page = page + 1 if window.more else 0
            except (NotSignedInError, AccessDeniedError):
                pages = []
            assert pages == expected, (str(rule), who)
        finally:
            for each in reversed(found):
                await repository.commit(Batch([delete(each, 1)]))

    @settings(max_examples=250, deadline=None, suppress_health_check=list(HealthCheck))
    @given(RULES, records(), ACTORS)
    @example(record.team == actor.team, [Paper(id="p")], None)
    @example(record.team == actor.team, [Paper(id="p")], Actor("ann"))
    @example(~(record.team == "ann"), [Paper(id="p"), Paper(id="q", team="ANN")], Actor("ann"))
    @example(
        (record.club_id.city == record.club.boss) & is_first,
        [Club(id="c", city="a", boss="a"), Paper(id="p", club_id="c", number=1)],
        None,
    )
    @example(record.team != record.user_id, [Paper(id="p")], Actor("ann"))
    def run(rule: Any, found: list[Any], who: Actor | None) -> None:
        runner.run(check(rule, found, who))

    run()


@pytest.mark.parametrize(
    "rule",
    [
        owner("user_id"), record.team == actor.team, record.team != record.user_id,
        record.number < record.most, record.is_done.is_(True),
        ~record.state.in_([State.OPEN, None]),
        record.club.boss == actor.id, record.club.members.number > 1,
        record.parent.club.city.in_(actor.teams), record.moment == MOMENT,
        record.moment < now, now <= record.day, record.money < 2,
        record.real >= 0.5, record.team > "a",
    ],
    ids=str,
)  # fmt: skip
def test_store_decides_the_whole_rule(application: Application, rule: Any) -> None:
    who = Actor("ann", claims={"team": "red", "teams": ["a"]})
    condition = rule.bind(who, RuleModel.of(application.registry[Paper]))
    store = application.persistence.for_class(Paper)
    if isinstance(store, RedisRepository):  # decides what its indexes do, and leaves the rest
        return

    assert narrowed(condition, Paper, supports_of(store)) == (condition, True)
    assert not isinstance(condition, Constant)


@pytest.mark.parametrize("rule", [actor.id.in_(record.tags), record.club.city == record.team])
def test_database_leaves_the_rest_to_python(application: Application, rule: Any) -> None:
    condition = (rule & owner("user_id")).bind(
        Actor("ann"), RuleModel.of(application.registry[Paper])
    )
    store = application.persistence.for_class(Paper)
    if not isinstance(store, SqlRepository):
        return

    assert narrowed(condition, Paper, supports_of(store)) == (
        Comparison("user_id", "eq", "ann"), False,
    )  # fmt: skip
