"""Access to a command: decided on the loaded state, and by the class where there is none."""

import pytest

from starmodel import (
    AccessDeniedError,
    Actor,
    Entity,
    EntityConfig,
    NotFoundError,
    NotSignedInError,
    event,
)
from starmodel.app.access.rules import RulePolicy
from starmodel.testing.fakes import fake_application

ANN, BOSS = Actor("ann"), Actor("b", roles=frozenset({"boss"}))


class _Recording(RulePolicy):
    """A policy that keeps the decisions about writing that it was asked for."""

    def __init__(self):
        super().__init__()
        self.asked = []

    def check(self, entity_type, need, actor, *, event=None, entity=None):
        if need == "write":
            self.asked.append(None if entity is None else "entity")
        super().check(entity_type, need, actor, event=event, entity=entity)


class _Tally(Entity):
    model_config = EntityConfig(scope="session")
    count: int = 0

    @event
    def add(self):
        self.count += 1

    @event
    async def wait(self):
        self.count += 1


class _Vault(Entity):
    model_config = EntityConfig(scope="record", access="role:boss")
    gold: int = 0

    @event
    def put(self):
        self.gold += 1


class _Profile(Entity):
    model_config = EntityConfig(scope="user")
    name: str = ""

    @event
    def clear(self):
        self.name = ""


async def test_click_decides_write_access_once_on_the_loaded_state(bus, send, visitor):
    policy = _Recording()
    app = fake_application(_Tally, bus=bus, policy=policy)
    await send(app, _Tally, "add", session=visitor("ann"), key="first")
    policy.asked.clear()
    await send(app, _Tally, "add", session=visitor("ann"), key="k")
    assert policy.asked == ["entity"]


async def test_event_that_awaits_decides_again_on_the_state_that_it_replaces(bus, send, visitor):
    policy = _Recording()
    app = fake_application(_Tally, bus=bus, policy=policy)
    await send(app, _Tally, "add", session=visitor("ann"), key="first")
    policy.asked.clear()
    await send(app, _Tally, "wait", session=visitor("ann"), key="k")
    assert policy.asked == ["entity", "entity"]


async def test_first_event_of_an_instance_decides_also_on_the_state_that_it_makes(
    bus, send, visitor
):
    policy = _Recording()
    app = fake_application(_Tally, bus=bus, policy=policy)
    await send(app, _Tally, "add", session=visitor("ann"), key="k")
    assert policy.asked == ["entity", "entity"]


async def test_creation_decides_by_the_class_and_then_on_the_new_record(bus, send):
    policy = _Recording()
    app = fake_application(_Vault, bus=bus, policy=policy)
    await send(app, _Vault, "create", body={"gold": 1}, actor=BOSS)
    assert policy.asked == [None, "entity"]


@pytest.mark.parametrize("id", ["made", "unknown", "x" * 5000])
async def test_actor_rejected_by_the_class_does_not_learn_which_records_exist(bus, send, id):
    app = fake_application(_Vault, bus=bus)
    made = (await send(app, _Vault, "create", body={"gold": 1}, actor=BOSS)).entity
    with pytest.raises(AccessDeniedError) as caught:
        await send(app, _Vault, "put", id=made.id if id == "made" else id, actor=ANN)
    assert not isinstance(caught.value, NotFoundError)
    assert str(caught.value) == "You may not run _Vault.put."


async def test_creation_rejected_by_the_class_does_not_run_the_event(bus, send, monkeypatch):
    app = fake_application(_Vault, bus=bus)
    create = app.registry[_Vault].events["create"]
    monkeypatch.setattr(create, "fn", lambda *args, **values: None.ran)
    with pytest.raises(AccessDeniedError):
        await send(app, _Vault, "create", body={"gold": 1}, actor=ANN)


async def test_guest_of_a_user_s_own_instance_is_rejected_by_the_rule(bus, send, visitor):
    app = fake_application(_Profile, bus=bus)
    with pytest.raises(NotSignedInError) as caught:
        await send(app, _Profile, "clear", session=visitor("ann"))
    assert str(caught.value) == "Sign in first: only who is signed in may run _Profile.clear."


async def test_repeat_for_a_removed_record_is_decided_by_the_class(bus, send, visitor, monkeypatch):
    app = fake_application(_Vault, bus=bus)
    made = (await send(app, _Vault, "create", body={"gold": 1}, actor=BOSS)).entity
    session = visitor("b", BOSS)
    await send(app, _Vault, "delete", id=made.id, session=session, key="k")
    assert (await send(app, _Vault, "delete", id=made.id, session=session, key="k")).repeated
    monkeypatch.setitem(_Vault.model_config, "access", "nobody")
    app.policy.of(app.registry[_Vault])._rules.clear()
    with pytest.raises(AccessDeniedError):
        await send(app, _Vault, "delete", id=made.id, session=session, key="k")
