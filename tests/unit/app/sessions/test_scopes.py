"""Scopes: the instance that a class stands for in a session."""

import pytest
from pydantic import PrivateAttr, computed_field

from starmodel import Actor, ConfigurationError, Entity, EntityConfig, Field, NotSignedInError
from starmodel.app.sessions.scopes import Scopes, default_snapshot, keyed_hash
from starmodel.core.classes.registry import Registry
from starmodel.core.snapshot import version_of
from starmodel.testing.fakes import fake_application


def typed(scope):
    class Thing(Entity):
        model_config = EntityConfig(scope=scope)

    return Registry([Thing])[Thing]


def test_session_scope_id_is_the_visitor_key(visitor):
    scopes = Scopes("s")
    assert scopes.id_of(typed("session"), visitor("ann"), None) == "key-ann"
    with pytest.raises(ConfigurationError, match="belongs to a visitor's session"):
        scopes.id_of(typed("session"), None, None)


def test_user_scope_id_is_a_keyed_hash_of_the_actor(visitor):
    scopes = Scopes("s")
    ann = scopes.id_of(typed("user"), visitor("one"), Actor("ann"))
    assert ann == scopes.id_of(typed("user"), visitor("two"), Actor("ann", "Other name"))
    assert ann != scopes.id_of(typed("user"), visitor("one"), Actor("bob"))
    assert ann != Scopes("other secret").id_of(typed("user"), None, Actor("ann"))
    assert "ann" not in ann
    with pytest.raises(NotSignedInError):
        scopes.id_of(typed("user"), visitor("one"), None)


def test_app_scope_has_one_instance(visitor):
    scopes = Scopes("s")
    assert scopes.id_of(typed("app"), visitor("a"), None) == scopes.id_of(typed("app"), None, None)


def test_keyed_hash_differs_by_purpose():
    assert keyed_hash("s", "user")("x") != keyed_hash("s", "visitor")("x")


async def test_instance_is_not_stored_before_its_first_event(visitor):
    class Counter(Entity):
        count: int = 0

    app = fake_application(Counter)
    found = await app.instance(app.registry[Counter], visitor("ann"))
    assert (found.count, found.id, version_of(found)) == (0, "key-ann", 0)
    assert await app.persistence.for_class(Counter).get(Counter, "key-ann") is None


def test_default_snapshot_has_separate_containers_private_attributes_and_computed_fields():
    class Thing(Entity):
        items: list[str] = []
        more: list[str] = Field(default_factory=list)
        _cache: dict = PrivateAttr(default_factory=dict)

        @computed_field
        @property
        def size(self) -> int:
            return len(self.items)

    one, two = default_snapshot(Thing, "x"), default_snapshot(Thing, "x")
    assert one.items is not two.items
    assert one.more is not two.more
    assert one._cache == {}
    assert one.size == 0


def test_default_snapshot_leaves_required_fields_unset():
    class Thing(Entity):
        name: str
        size: int = 3
        _cache: dict = PrivateAttr(default_factory=dict)

        def model_post_init(self, context):
            self.name.lower()

    made = default_snapshot(Thing)
    assert made.size == 3
    assert not hasattr(made, "name")
    assert made._cache == {}
