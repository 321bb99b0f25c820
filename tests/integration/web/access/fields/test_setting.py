"""Fields with a write rule are set by those whom the rule permits, and by code."""

from __future__ import annotations

from typing import Any

import pytest
from sqlmodel import SQLModel

from integration.web.access.fields.employees import NOTE, SALARY, signed_in
from integration.web.browser import unlisted
from starmodel import Entity, Field, event
from starmodel.access import role


async def test_forms_have_the_fields_that_may_be_set(ann: Any, eve: Any) -> None:
    for path in ("/employees/new", "/employees/ann/edit"):
        own, every = (await ann.page(path)).text, (await eve.page(path)).text
        assert 'name="note"' not in own
        assert 'name="grade"' in own
        assert all(f'name="{name}"' in every for name in ("salary", "note", "grade"))


@pytest.mark.parametrize("method", ["PATCH", "PUT"])
async def test_readable_field_is_refused_by_name(ann: Any, method: str) -> None:
    refused = await ann.call(method, "/employees/ann", {"note": "x", "name": "A"})

    assert refused.status_code == 403
    assert "'note'" in refused.json()["detail"]
    assert (await ann.call("GET", "/employees/ann")).json()["note"] == NOTE


@pytest.mark.parametrize("value", [5, -1, "abc", None])
@pytest.mark.parametrize(("field", "id"), [("salary", "ann"), ("note", "bob")])
async def test_hidden_field_is_refused_like_an_unknown_name(
    ann: Any, field: str, id: str, value: Any
) -> None:
    if field == "note" and not isinstance(value, str):
        value = "text"
    for change in ({field: value}, {"name": "A", field: value}):
        other = {("zzz" if name == field else name): text for name, text in change.items()}
        refused = await ann.call("PATCH", f"/employees/{id}", change)
        unknown = await ann.call("PATCH", f"/employees/{id}", other)
        assert refused.status_code == unknown.status_code == 422
        assert refused.text.replace(field, "zzz") == unknown.text


async def test_new_record_is_refused_by_its_own_state(ann: Any) -> None:
    hidden = await ann.call("POST", "/employees", {"id": "c", "salary": 5})
    foreign = await ann.call("POST", "/employees", {"id": "c", "user_id": "bob", "note": "x"})
    own = await ann.call("POST", "/employees", {"id": "c", "user_id": "ann", "note": "x"})
    closed = await ann.call("POST", "/employees", {"id": "c", "state": "shut", "grade": "b"})

    assert (hidden.status_code, foreign.status_code) == (422, 403)
    assert (own.status_code, closed.status_code) == (403, 403)
    assert (await ann.call("GET", "/employees/c")).status_code == 404
    assert (await ann.call("POST", "/employees", {"id": "c", "grade": "b"})).status_code == 201


async def test_write_rule_on_the_record(ann: Any, eve: Any) -> None:
    assert (await ann.call("PATCH", "/employees/bob", {"grade": "b"})).status_code == 200
    assert (await eve.call("PATCH", "/employees/bob", {"state": "shut"})).status_code == 200
    assert (await ann.call("PATCH", "/employees/bob", {"grade": "c"})).status_code == 403
    assert (await eve.call("PATCH", "/employees/bob", {"grade": "c"})).status_code == 200
    assert 'name="grade"' not in (await ann.page("/employees/bob/edit")).text


async def test_form_with_a_hidden_field_is_refused_beside_no_input(ann: Any) -> None:
    sent = await ann.submit("/employees/bob", {"name": "B", "salary": "7"})
    checked = await ann.call(
        "PUT", "/employees/bob", {"salary": "x"}, headers={"starmodel-check": "1"}
    )

    assert sent.status_code in (403, 404, 405, 422)
    assert str(SALARY) not in sent.text
    assert str(SALARY) not in checked.text


async def test_readers_conflict_in_the_fields_that_they_edit(eve: Any) -> None:
    page = (await eve.page("/employees/ann/edit")).text
    assert "salary" in page.partition('name="_originals"')[2].partition(">")[0]


async def test_own_form_remembers_no_hidden_field(ann: Any) -> None:
    page = (await ann.page("/employees/bob/edit")).text
    remembered = page.partition('name="_originals"')[2].partition(">")[0]
    assert "name" in remembered
    assert not [name for name in ("salary", "note") if name in remembered]


async def test_code_and_events_set_every_field(employees: Any, ann: Any, eve: Any) -> None:
    cls = next(iter(employees.starmodel.registry)).cls
    await employees.starmodel.objects(cls).create(id="d", salary=7, note="n", grade="z")

    assert (await ann.call("POST", "/employees/d/raise_by", {"percent": 100})).status_code == 200
    assert (await eve.call("GET", "/employees/d")).json()["salary"] == 14


@unlisted
class Contract(Entity):
    model_config = {"scope": "record", "access": "signed_in"}
    id: str
    wage: int = Field(access=role("hr"))


async def test_record_with_a_required_field_is_made_by_who_may_set_it(
    serve: Any, visit: Any
) -> None:
    app = serve(Contract)
    ann = await signed_in(visit, app, "ann")
    eve = await signed_in(visit, app, "eve", "hr")

    assert (await ann.page("/contracts/new")).status_code == 403
    assert "/contracts/new" not in (await ann.page("/contracts")).text
    refused = await ann.call("POST", "/contracts", {"id": "a"})
    assert (refused.status_code, "wage" in refused.text) == (422, False)
    unknown = await ann.call("POST", "/contracts", {"id": "a", "wage": 5})
    assert (unknown.status_code, "'wage' is unknown" in unknown.text) == (422, True)
    assert 'name="wage"' in (await eve.page("/contracts/new")).text
    assert (await eve.call("POST", "/contracts", {"id": "a", "wage": 5})).status_code == 201


@unlisted
class Account(Entity, SQLModel, table=True):  # type: ignore[call-arg]
    __tablename__ = "account_with_rules"
    model_config = {"access": "signed_in"}  # type: ignore[assignment]
    id: str = Field(primary_key=True)
    name: str = ""
    balance: int = Field(default=0, access={"read": role("hr"), "write": "nobody"})


async def test_table_class_has_rules_of_fields(serve: Any, visit: Any) -> None:
    app = serve(Account)
    await app.starmodel.objects(Account).create(id="a", balance=5)
    ann = await signed_in(visit, app, "ann")
    eve = await signed_in(visit, app, "eve", "hr")

    path = app.starmodel.registry[Account].path
    for browser, is_shown in ((ann, False), (eve, True)):
        for data in (
            (await browser.call("GET", f"{path}/a")).json(),
            (await browser.call("GET", path)).json()["items"][0],
        ):
            assert ("balance" in data) is is_shown
        assert (await browser.call("PATCH", f"{path}/a", {"name": "x"})).status_code == 200
    assert (await eve.call("PATCH", f"{path}/a", {"balance": 1})).status_code == 403
    assert (await app.starmodel.objects(Account).get("a")).balance == 5


@unlisted
class Dial(Entity):
    model_config = {"scope": "app", "access": "public", "sync_with_client": True}
    level: int = Field(default=1, access={"write": role("hr")})
    hidden: int = Field(default=1, access=role("hr"))
    free: int = 1

    @event
    def turn(self) -> None:
        self.free += 1


async def test_signals_of_other_fields_are_ignored(serve: Any, visit: Any) -> None:
    app = serve(Dial)
    guest, eve = visit(app), await signed_in(visit, app, "eve", "hr")
    sent = {"Dial": {"level": 7, "hidden": 7, "free": 7}}

    await guest.click("/dial/turn", sent)
    state = (await eve.call("GET", "/dial")).json()
    assert (state["level"], state["hidden"], state["free"]) == (1, 1, 8)
    await eve.click("/dial/turn", sent)
    state = (await eve.call("GET", "/dial")).json()
    assert (state["level"], state["hidden"], state["free"]) == (7, 7, 8)
