"""The roles of the development actor."""

from __future__ import annotations

from starmodel.app.access.policy import DEV, Actor, EveryRole
from starmodel.app.sessions.session import DEVELOPMENT, Session


def test_every_role_contains_any_name_and_is_stored_as_dev() -> None:
    roles = DEV.roles
    assert "admin" in roles
    assert roles & {"a", "b"} == {"a", "b"}
    assert roles >= {"admin"}
    assert roles.issuperset({"admin"})
    assert not roles.isdisjoint({"admin"})
    assert sorted(roles) == ["dev"]


def test_every_role_equals_no_set_of_names() -> None:
    named = Actor("dev", "Developer", frozenset({"dev"}))
    assert named != DEV
    assert len({named, DEV, Actor("dev", "Developer", EveryRole())}) == 2


def test_stored_session_of_the_developer_has_every_role_again() -> None:
    stored = Actor("dev", "Developer", frozenset({"dev"}))
    session = Session("v", "i", "k", stored, provider=DEVELOPMENT)
    assert session.actor is not None
    assert "admin" in session.actor.roles
    other = Session("v", "i", "k", stored, provider="application")
    assert other.actor is not None
    assert "admin" not in other.actor.roles
