"""Fields with default_from="actor": the author of a new record, which callers can't choose."""

from __future__ import annotations

import uuid
from typing import Any

import pytest

from integration.web.browser import unlisted
from starmodel import Actor, ConfigurationError, Entity, Field, InvalidStateError
from starmodel.access import actor, owner, record, role


@unlisted
class Note(Entity):
    model_config = {
        "scope": "record",
        "access": {"read": "public", "create": "public", "write": owner("user_id")},
    }
    text: str = ""
    user_id: str = Field(default_from="actor")
    keeper: str = Field(default="", default_from="actor", editable=True)


@pytest.fixture
async def ann(visit: Any, serve: Any) -> Any:
    browser = visit(serve(Note))
    await browser.page("/sign-in/ann")
    return browser


async def test_new_record_has_the_id_of_its_author(ann: Any) -> None:
    made = await ann.call("POST", "/notes", {"text": "hi"})
    assert made.status_code == 201, made.text
    assert (made.json()["entity"]["user_id"], made.json()["entity"]["keeper"]) == ("ann", "ann")


@pytest.mark.parametrize("event", ["create", "update"])
async def test_author_can_not_be_chosen(ann: Any, event: str) -> None:
    id = (await ann.call("POST", "/notes", {})).json()["entity"]["id"]
    path, method = ("/notes", "POST") if event == "create" else (f"/notes/{id}", "PATCH")

    response = await ann.call(method, path, {"user_id": "bob"})

    assert response.status_code == 422
    assert "user_id" in response.text
    assert (await Note.objects.get(id)).user_id == "ann"
    form = await ann.page("/notes/new")
    assert 'name="keeper"' in form.text
    assert 'name="user_id"' not in form.text


async def test_editable_field_may_be_chosen(ann: Any) -> None:
    made = await ann.call("POST", "/notes", {"keeper": "bob"})
    assert (made.json()["entity"]["user_id"], made.json()["entity"]["keeper"]) == ("ann", "bob")


async def test_id_is_converted_to_the_type_of_the_field(serve: Any) -> None:
    class Ticket(Entity):
        model_config = {"scope": "record"}
        number: int = Field(default_from="actor")

    application = serve(Ticket).starmodel
    create = application.registry[Ticket].events["create"].action
    made = await application.dispatch(create(Ticket, None, (), {}), actor=Actor("7"))
    assert made.entity.number == 7
    with pytest.raises(InvalidStateError):
        await application.dispatch(create(Ticket, None, (), {}), actor=Actor("ann"))


async def test_code_without_an_actor_names_the_author(ann: Any) -> None:
    assert (await Note.objects.create(user_id="bob")).user_id == "bob"
    with pytest.raises(InvalidStateError):
        await Note.objects.create()


async def test_guest_is_no_author(visit: Any, ann: Any) -> None:
    response = await visit(ann.app).call("POST", "/notes", {})
    assert response.status_code == 422


@pytest.mark.parametrize("field", [{"default_from": "session"}, {"default_from": "actor.id"}])
def test_other_sources_are_refused(field: Any) -> None:
    with pytest.raises(ConfigurationError, match="expected 'actor'"):
        Field(**field)


def test_field_must_hold_an_id() -> None:
    with pytest.raises(ConfigurationError, match=r"owners has default_from='actor' and the type"):

        class Paper(Entity):
            key: uuid.UUID = Field(default_from="actor")
            owners: list[str] = Field(default_from="actor")


async def test_rule_of_create_decides_about_the_author(visit: Any, serve: Any) -> None:
    class Task(Entity):
        model_config = {"scope": "record", "access": role("staff") | owner("user_id")}
        user_id: str = Field(default="", editable=True)

    browser = visit(serve(Task))
    await browser.page("/sign-in/ann")

    assert (await browser.call("POST", "/tasks", {"user_id": "ann"})).status_code == 201
    assert (await browser.call("POST", "/tasks", {"user_id": "bob"})).status_code == 403
    assert await Task.objects.count() == 1


RULES = [
    owner("user_id") | role("staff"),
    actor.id == record.user_id,
    {"read": "public", "write": owner("user_id")},
    {"create": role("staff") | owner("user_id"), "update": "nobody"},
    {"write": "signed_in", "update": owner("user_id") & (record.text == "")},
]


@pytest.mark.parametrize("rule", RULES, ids=str)
async def test_owner_of_a_rule_is_the_author(visit: Any, serve: Any, rule: Any) -> None:
    class Task(Entity):
        model_config = {"scope": "record", "access": rule}
        text: str = ""
        user_id: str = "nobody"

    browser = visit(serve(Task))
    await browser.page("/sign-in/ann?roles=staff")

    assert (await browser.call("POST", "/tasks", {"user_id": "ann"})).status_code == 422
    made = (await browser.call("POST", "/tasks", {})).json()["entity"]
    await browser.call("PATCH", f"/tasks/{made['id']}", {"user_id": "bob"})
    assert (await Task.objects.get(made["id"])).user_id == "ann"
    assert 'name="user_id"' not in (await browser.page("/tasks/new")).text


async def test_write_rule_of_the_field_says_who_chooses_the_owner(visit: Any, serve: Any) -> None:
    class Task(Entity):
        model_config = {"scope": "record", "access": owner("user_id") | role("staff")}
        id: str
        user_id: str = Field(default="", access={"write": role("staff")})

    app = serve(Task)
    ann, staff = visit(app), visit(app)
    await ann.page("/sign-in/ann")
    await staff.page("/sign-in/sue?roles=staff")

    assert (await ann.call("POST", "/tasks", {"id": "a", "user_id": "bob"})).status_code == 403
    assert (await ann.call("POST", "/tasks", {"id": "a"})).status_code == 201
    assert (await ann.call("PATCH", "/tasks/a", {"user_id": "bob"})).status_code == 403
    assert (await staff.call("POST", "/tasks", {"id": "b", "user_id": "bob"})).status_code == 201
    assert (await staff.call("POST", "/tasks", {"id": "c"})).status_code == 201
    found = {task.id: task.user_id for task in await Task.objects.list()}
    assert found == {"a": "ann", "b": "bob", "c": "sue"}
    assert 'name="user_id"' in (await staff.page("/tasks/new")).text
    assert 'name="user_id"' not in (await ann.page("/tasks/new")).text


def test_fields_that_only_other_rules_name_stay_editable() -> None:
    class Letter(Entity):
        model_config = {
            "scope": "record",
            "access": {
                "read": owner("to") | owner("author"),
                "create": "signed_in",
                "update": ~owner("approver") & owner("order.customer"),
                "delete": owner("to"),
            },
        }
        to: str = ""
        author: str = ""
        approver: str = ""

    class Profile(Entity):
        model_config = {
            "scope": "record",
            "access": owner("id") | owner("team"),
            "editable": ["id", "team"],
        }
        id: str
        team: str = ""

    for cls in (Letter, Profile):
        specs = cls.__entity__.fields.values()
        assert [spec.options.default_from for spec in specs] == [None] * len(specs), cls
        assert all(spec.editable for spec in specs if spec.name != "id"), cls


async def test_id_of_an_actor_without_a_record_is_on_no_page(ann: Any) -> None:
    made = await ann.call("POST", "/notes", {"text": "Hello"})
    for path in (made.headers["location"], "/notes"):
        page = (await ann.page(path)).text
        assert "Hello" in page
        assert "<dt>User</dt>" not in page
        assert 'data-label="User"' not in page
