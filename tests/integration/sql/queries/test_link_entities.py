"""Link entities with several foreign keys to one class, such as followers and friends."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from starmodel import ConfigurationError, Entity, Field, Relationship
from starmodel.app.application import Application
from starmodel.app.commands.dispatching import dispatch
from starmodel.testing.fakes import fake_application


class _Person(Entity):
    model_config = {"store": "sql"}
    id: str
    follows: list[_Person] = Relationship(
        link_model="_Follow", foreign_key="follower_id", order="id"
    )
    followers: list[_Person] = Relationship(link_model="_Follow", foreign_key="followed_id")
    groups: list[_Group] = Relationship(link_model="_Member", foreign_key="person_id")
    adds: list[_Group] = Relationship(link_model="_Member", foreign_key="added_by")


class _Follow(Entity):
    model_config = {"store": "sql"}
    follower_id: str = Field(foreign_key="_person.id", ondelete="CASCADE")
    followed_id: str = Field(foreign_key="_person.id", ondelete="CASCADE")


class _Group(Entity):
    model_config = {"store": "sql"}
    id: str
    members: list[_Person] = Relationship(link_model="_Member", foreign_key="person_id")


class _Member(Entity):
    model_config = {"store": "sql"}
    person_id: str = Field(foreign_key="_person.id", ondelete="CASCADE")
    added_by: str | None = Field(default=None, foreign_key="_person.id", ondelete="SET NULL")
    group_id: str = Field(foreign_key="_group.id", ondelete="CASCADE")


@pytest.fixture
async def application(store: Any) -> AsyncIterator[Application]:
    made = fake_application(_Person, _Follow, _Group, _Member, stores={"sql": store})
    await made.ready()
    yield made
    await made.close()


async def test_link_entity_relates_a_class_to_itself(application: Application) -> None:
    for id in "abc":
        await _Person.objects.create(id=id)
    for one, other in ("ab", "ac", "ba"):
        await _Follow.objects.create(follower_id=one, followed_id=other)

    ann = await _Person.objects.get("a", load=["follows.followers", "followers"])

    assert [p.id for p in ann.follows] == ["b", "c"]
    assert [[q.id for q in p.followers] for p in ann.follows] == [["a"], ["a"]]
    assert [p.id for p in ann.followers] == ["b"]
    await dispatch(ann.do.delete())
    assert await _Follow.objects.count() == 0


async def test_link_with_two_keys_to_one_class_uses_the_named_one(
    application: Application,
) -> None:
    for id in "ab":
        await _Person.objects.create(id=id)
    await _Group.objects.create(id="g")
    await _Member.objects.create(person_id="a", added_by="b", group_id="g")

    group = await _Group.objects.get("g", load="members")
    ann = await _Person.objects.get("a", load=["groups", "adds"])
    bob = await _Person.objects.get("b", load=["groups", "adds"])

    assert [p.id for p in group.members] == ["a"]
    assert ([g.id for g in ann.groups], [g.id for g in ann.adds]) == (["g"], [])
    assert ([g.id for g in bob.groups], [g.id for g in bob.adds]) == ([], ["g"])


def test_self_link_without_named_key_is_rejected() -> None:
    class _Node(Entity):
        nodes: list[_Node] = Relationship(link_model="_Edge")

    class _Edge(Entity):
        start: str = Field(foreign_key="_node.id")
        end: str = Field(foreign_key="_node.id")

    with pytest.raises(ConfigurationError, match=r"_Node.nodes .* several foreign keys"):
        fake_application(_Node, _Edge)
