"""The session: a dict of values, and its actor."""

import pytest

from starmodel import Actor

CHANGES = {
    "set": lambda s: s.__setitem__("a", 2),
    "del": lambda s: s.__delitem__("a"),
    "clear": lambda s: s.clear(),
    "pop": lambda s: s.pop("a"),
    "popitem": lambda s: s.popitem(),
    "setdefault": lambda s: s.setdefault("b", 1),
    "update": lambda s: s.update(b=1),
    "or": lambda s: s.__ior__({"b": 1}),
    "inside": lambda s: s["list"].append(1),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_session_detects_every_change(visitor, change):
    session = visitor()
    session.update(list=[], a=1)
    session.mark_stored()
    assert not session.changed
    change(session)
    assert session.changed


def test_session_read_marks_no_change(visitor):
    session = visitor()
    session["a"] = 1
    session.mark_stored()
    assert (session["a"], session.get("b"), list(session), dict(session)) == (
        1,
        None,
        ["a"],
        {"a": 1},
    )
    assert not session.changed


def test_sign_in_replaces_the_id_and_keeps_visitor_data_and_instances(visitor):
    session = visitor()
    session["cart"] = 1
    before = session.id
    session.sign_in("ann")
    assert session.actor == Actor("ann")
    assert session.id != before
    assert (session.visitor, session.key, session["cart"]) == ("ann", "key-ann", 1)
    assert session.ended == ["key-ann"]
    assert session.changed


def test_family_survives_sign_in(visitor):
    session = visitor()
    family = session.family
    session.sign_in("ann")
    assert session.family == family != visitor("bob").family


def test_sign_in_accepts_an_actor(visitor):
    session = visitor()
    session.sign_in(Actor("ann", "Ann", frozenset({"boss"})))
    assert session.actor.roles == {"boss"}


def test_sign_in_ids_are_unique(visitor):
    made = set()
    for _ in range(50):
        session = visitor()
        session.sign_in("ann")
        made.add(session.id)
    assert len(made) == 50


def test_sign_out_clears_actor_data_and_visitor(visitor):
    session = visitor(actor="ann")
    session["cart"] = 1
    session.sign_out()
    assert session.actor is None
    assert session == {}
    assert session.visitor == ""
    assert session.ended == ["key-ann"]
    assert session.changed
