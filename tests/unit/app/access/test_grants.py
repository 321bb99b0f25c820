"""Every decision for an actor with grants is that of the policy, intersected with the grants."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from starmodel import Actor, Entity, RulePolicy, event
from starmodel.access import owner, role
from starmodel.app.access.area_policy import AreaPolicy
from starmodel.app.access.conditions.condition import NEVER
from starmodel.app.access.decisions import audience_of, permits
from starmodel.app.access.grants import Grants, checked_grants, limited
from starmodel.app.access.rules import permits_page
from starmodel.core.classes.registry import Registry
from starmodel.core.definition import defined as definitions
from starmodel.core.errors import ConfigurationError


class Part(Entity):
    model_config = {"scope": "record", "access": {"read": "public", "write": role("staff")}}
    owner: str = ""

    @event
    def adjust(self) -> None:
        pass

    @event(access="nobody")
    def destroy(self) -> None:
        pass


class Memo(Entity):
    model_config = {"scope": "record", "access": owner("owner")}
    owner: str = ""

    @event
    def edit(self) -> None:
        pass


for cls in (Part, Memo):
    definitions._defined.pop((cls.__module__, cls.__qualname__), None)
REGISTRY = Registry([Part, Memo], default_store="memory", pluralize=lambda name: f"{name}s")
NAMES = [
    f"{entity_type.name}:{part}"
    for entity_type in REGISTRY
    for part in ("read", "*", *entity_type.events)
]


class AsyncPolicy:
    """The same decisions, awaited, without conditions for stores."""

    def __init__(self) -> None:
        self._rules = RulePolicy()

    async def check(self, *args: Any, **options: Any) -> None:
        self._rules.check(*args, **options)

    def reads_fields(self, entity_type: Any) -> bool:
        return self._rules.reads_fields(entity_type)

    async def audience(self, entity_type: Any, actor: Any) -> Any:
        return self._rules.audience(entity_type, actor)


@pytest.mark.parametrize("make", [RulePolicy, AsyncPolicy])
@given(
    names=st.sets(st.sampled_from([*NAMES, "*:read", "*:*", "sudo"])),
    roles=st.sampled_from([frozenset[str](), frozenset({"staff"})]),
    whose=st.sampled_from(["ann", "bob"]),
)
async def test_decisions_are_those_of_the_policy_and_of_the_grants(
    make: Any, names: set[str], roles: frozenset[str], whose: str
) -> None:
    policy = AreaPolicy({}, make())
    ann = Actor("ann", "Ann", roles)
    program = limited(ann, Grants.of(names))
    everything = bool({"*:*"} & names)
    for entity_type in REGISTRY:
        name, record = entity_type.name, entity_type.cls(owner=whose)
        may_all = everything or f"{name}:*" in names
        may_read = may_all or "*:read" in names or f"{name}:read" in names
        asked: list[tuple[Any, bool]] = [(None, may_read)]
        asked += [
            (each, may_all or f"{name}:{each.name}" in names)
            for each in entity_type.events.values()
        ]
        for each, granted in asked:
            for entity in (None, record):
                expected = granted and await permits(
                    policy, entity_type, ann, event=each, entity=entity
                )
                found = await permits(policy, entity_type, program, event=each, entity=entity)
                assert found is expected, (names, name, each)
        mine = await audience_of(policy, entity_type, program)
        owners = await audience_of(policy, entity_type, ann)
        granted_events = {each.name for each, granted in asked if each is not None and granted}
        assert mine.events == owners.events & granted_events
        condition = policy.readable(entity_type, program)
        assert condition == (policy.readable(entity_type, ann) if may_read else NEVER)


def test_actor_with_grants_is_no_other_actor() -> None:
    ann = Actor("ann", "Ann", frozenset({"staff"}))
    program = limited(ann, Grants.of(["*:*"]))
    assert program != ann
    assert ann != program
    assert program != limited(ann, Grants.of(["*:read"]))
    assert (program.id, program.name, program.roles) == ("ann", "Ann", {"staff"})


@pytest.mark.parametrize("rule", ["signed_in", role("staff"), lambda actor, entity: True])
def test_pages_of_users_are_closed_to_actors_with_grants(rule: Any) -> None:
    ann = Actor("ann", "Ann", frozenset({"staff"}))
    assert permits_page(rule, ann)
    assert not permits_page(rule, limited(ann, Grants.of(["*:*"])))
    assert permits_page("public", limited(ann, Grants.of(["*:read"])))


@pytest.mark.parametrize(
    "names", [["Part"], ["Part:"], [":read"], ["*:adjust"], ["Memo:adjust"], ["part:read"], []]
)
def test_unknown_grant_is_refused_by_name(names: list[str]) -> None:
    with pytest.raises(ConfigurationError, match="grant"):
        checked_grants(names, REGISTRY)
