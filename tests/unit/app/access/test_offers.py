"""Access decisions of rendering code under synchronous and asynchronous policies."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path
from typing import Any

import pytest

import starmodel
from starmodel import AccessDeniedError, Actor, Entity, EntityConfig
from starmodel.app.access.decisions import audience_of, check, permits
from starmodel.app.access.offers import MAX_PASSES, may_create, offered_audience, offers, rendered
from starmodel.app.access.policy import Audience
from starmodel.app.access.rules import RulePolicy
from starmodel.core.classes.registry import Registry


def own(actor: Actor | None, note: Any) -> bool:
    return note.owner == actor.id  # type: ignore[union-attr]


class Note(Entity):
    model_config = EntityConfig(scope="record", access=own)
    owner: str = "ann"


TYPE = Registry([Note])[Note]
ANN, BOB = Actor("ann"), Actor("bob")


class Slow(RulePolicy):
    """The rules, each decided after a pause; counts the checks that began."""

    def __init__(self) -> None:
        super().__init__()
        self.began = 0

    async def check(self, *args: Any, **options: Any) -> None:  # type: ignore[override]
        self.began += 1
        await asyncio.sleep(0)
        super().check(*args, **options)


@pytest.mark.parametrize("policy", [RulePolicy(), Slow()], ids=["sync", "async"])
async def test_rendered_code_gets_the_decisions_of_the_policy(policy: Any) -> None:
    note, event = Note(), TYPE.events["update"]

    def render() -> list[bool]:
        return [offers(policy, TYPE, actor, event=event, entity=note) for actor in (ANN, BOB)]

    assert await rendered(render) == [True, False]
    assert await rendered(lambda: may_create(policy, TYPE, ANN)) is True
    assert await rendered(lambda: may_create(policy, TYPE, None)) is False  # the rule raises
    assert await permits(policy, TYPE, ANN, event=event, entity=note)
    assert not await permits(policy, TYPE, BOB, event=event, entity=note)
    with pytest.raises(AccessDeniedError):
        await check(policy, TYPE, "write", BOB, event=event, entity=note)


@pytest.mark.parametrize("policy", [RulePolicy(), Slow()], ids=["sync", "async"])
async def test_audience_of_a_rule_policy_is_the_same(policy: Any) -> None:
    expected = RulePolicy().audience(TYPE, ANN)
    assert expected.events
    assert await audience_of(policy, TYPE, ANN) == expected
    assert await rendered(lambda: offered_audience(policy, TYPE, ANN)) == expected


async def test_each_decision_begins_once_and_synchronous_code_renders_once() -> None:
    slow, renderings = Slow(), 0

    def render() -> bool:
        nonlocal renderings
        renderings += 1
        return offers(slow, TYPE, ANN) and offers(slow, TYPE, ANN)

    assert await rendered(render)
    assert (slow.began, renderings) == (1, 2)
    renderings = 0

    def render_sync() -> bool:
        nonlocal renderings
        renderings += 1
        return offers(RulePolicy(), TYPE, ANN)

    assert await rendered(render_sync)
    assert renderings == 1


async def test_asynchronous_policy_offers_nothing_outside_rendered() -> None:
    slow = Slow()
    assert not offers(slow, TYPE, ANN)
    assert slow.began == 0


async def test_asynchronous_audience_is_awaited() -> None:
    class Cached(RulePolicy):
        async def audience(self, *args: Any) -> Audience:  # type: ignore[override]
            await asyncio.sleep(0)
            return Audience(frozenset({"update"}))

    policy = Cached()
    assert await audience_of(policy, TYPE, ANN) == Audience(frozenset({"update"}))
    made = await rendered(lambda: offered_audience(policy, TYPE, ANN))
    assert made == Audience(frozenset({"update"}))
    assert offered_audience(policy, TYPE, ANN) == Audience()


async def test_failing_decision_raises() -> None:
    class Failing(RulePolicy):
        async def check(self, *args: Any, **options: Any) -> None:  # type: ignore[override]
            raise ConnectionError("the store is away")

    with pytest.raises(ConnectionError):
        await rendered(lambda: offers(Failing(), TYPE, ANN))
    with pytest.raises(ConnectionError):
        await permits(Failing(), TYPE, ANN)


async def test_rendering_that_never_settles_is_an_error() -> None:
    slow, numbers = Slow(), iter(range(1000))
    with pytest.raises(RuntimeError, match=f"each of {MAX_PASSES} renderings"):
        await rendered(lambda: offers(slow, TYPE, Actor(str(next(numbers)))))


def test_policies_are_called_in_the_access_package_only() -> None:
    """Elsewhere an asynchronous decision could be left without an await."""
    root = Path(starmodel.__file__).parent
    calls = re.compile(r"policy\.(check|audience)\(")
    found = {
        file.relative_to(root).parent.as_posix()
        for file in root.rglob("*.py")
        if calls.search(file.read_text())
    }
    assert found == {"app/access"}
