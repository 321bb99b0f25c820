"""Access policies: rules of classes and events, evaluated for an actor and a record."""

import pytest

from starmodel import (
    AccessDeniedError,
    Actor,
    ConfigurationError,
    Entity,
    EntityConfig,
    NotSignedInError,
    event,
)
from starmodel.app.access.decisions import check, check_record, permits
from starmodel.app.access.offers import may_create
from starmodel.app.access.policy import TRUSTED
from starmodel.app.access.rules import RulePolicy, allows
from starmodel.core.classes.registry import Registry

BOSS = Actor("b", "Boss", frozenset({"boss"}))
ANN = Actor("ann")


def typed(access=None, scope="record", event_access=None):
    class Thing(Entity):
        model_config = EntityConfig(scope=scope)
        owner: str = "ann"

        @event(access=event_access)
        def go(self): ...

    if access is not None:
        Thing.model_config["access"] = access
    return Registry([Thing])[Thing]


@pytest.mark.parametrize(
    ("rule", "actor", "allowed"),
    [
        ("public", None, True),
        ("signed_in", None, False),
        ("signed_in", ANN, True),
        ("nobody", BOSS, False),
        ("nobody", None, False),
        ("role:boss", BOSS, True),
        ("role:boss", ANN, False),
        ("role:boss", None, False),
    ],
)
def test_allows_each_rule(rule, actor, allowed):
    assert allows(rule, actor, None) is allowed


def test_allows_unknown_rule_is_a_configuration_error():
    with pytest.raises(ConfigurationError):
        allows("everybody", ANN, None)


@pytest.mark.parametrize(
    ("scope", "open_"), [("session", True), ("user", False), ("app", False), ("record", False)]
)
@pytest.mark.parametrize("need", ["read", "write"])
def test_policy_without_rule_denies_all_but_the_own_session(scope, open_, need):
    entity_type = typed(scope=scope)
    RulePolicy().check(entity_type, need, ANN)
    if open_:
        RulePolicy().check(entity_type, need, None)
    else:
        with pytest.raises(NotSignedInError) as caught:
            RulePolicy().check(entity_type, need, None)
        assert caught.value.status == 401


def test_policy_single_rule_applies_to_read_and_write():
    for need in ("read", "write"):
        RulePolicy().check(typed("public"), need, None)
    half = typed({"read": "public"})
    RulePolicy().check(half, "read", None)
    with pytest.raises(NotSignedInError):
        RulePolicy().check(half, "write", None)


def test_policy_event_rule_overrides_class_rule():
    entity_type = typed("nobody", event_access="public")
    RulePolicy().check(entity_type, "write", None, event=entity_type.events["go"])
    with pytest.raises(AccessDeniedError) as caught:
        RulePolicy().check(entity_type, "write", ANN, event=entity_type.events["update"])
    assert caught.value.status == 403
    assert "Thing.update" in str(caught.value)


def test_policy_function_is_called_with_a_record_only():
    queries = []

    def rule(actor, thing):
        queries.append(thing)
        return actor is not None and thing.owner == actor.id

    entity_type = typed(rule)
    thing = entity_type.cls(owner="ann")
    policy = RulePolicy()
    policy.check(entity_type, "read", None)
    assert queries == []
    policy.check(entity_type, "read", ANN, entity=thing)
    with pytest.raises(AccessDeniedError):
        policy.check(entity_type, "read", BOSS, entity=thing)
    with pytest.raises(NotSignedInError):
        policy.check(entity_type, "read", None, entity=thing)
    assert policy.reads_fields(entity_type)
    assert not policy.reads_fields(typed("public"))


def test_policy_nobody_allows_trusted_code_only():
    entity_type = typed("nobody")
    RulePolicy().check(entity_type, "write", TRUSTED)
    for actor in (None, ANN, BOSS, Actor("trusted", "Trusted code")):
        with pytest.raises(AccessDeniedError) as caught:
            RulePolicy().check(entity_type, "write", actor)
        assert not isinstance(caught.value, NotSignedInError)


@pytest.mark.parametrize("access", ["everybody", 5, {"reed": "public"}, {"read": "x"}])
def test_definition_with_invalid_rule_is_rejected(access):
    with pytest.raises(ConfigurationError):

        class Thing(Entity):
            model_config = EntityConfig(access=access)


def _offers(rule):
    class Note(Entity):
        model_config = EntityConfig(scope="record", access={"read": "public", "write": rule})
        owner: str = ""

    entity_type = Registry([Note])[Note]
    policy = RulePolicy()
    return [may_create(policy, entity_type, actor) for actor in (None, Actor("ann"))]


def test_creating_is_offered_to_guests_only_where_a_function_allows_them():
    assert _offers(lambda actor, note: True) == [True, True]
    assert _offers(lambda actor, note: actor is not None) == [False, True]
    assert _offers(lambda actor, note: note.owner == actor.id) == [False, True]
    assert _offers("signed_in") == [False, True]


async def test_trusted_code_is_permitted_without_asking_the_policy():
    class Nobody(RulePolicy):
        def check(self, entity_type, need, actor, **about):
            raise AccessDeniedError("Nobody.")

    thing, policy = typed(), Nobody()
    record = thing.cls()
    await check(policy, thing, "read", TRUSTED)
    await check_record(policy, thing, TRUSTED, record, record.id)
    assert await permits(policy, thing, TRUSTED, entity=record)
    assert not await permits(policy, thing, BOSS)
