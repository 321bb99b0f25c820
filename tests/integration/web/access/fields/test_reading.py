"""A field that an actor may not read is absent from everything that is sent to it."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import pytest

from integration.web.access.fields.employees import NOTE, SALARY, WORDS, signed_in
from integration.web.browser import HTML, unlisted
from starmodel import UI, Actor, Entity, EntityConfig, Field
from starmodel.access import role
from starmodel.app.queries.listing import listing_of
from starmodel.core.errors import ListQueryError

PAGES = ["/employees", "/employees/ann", "/employees/bob", "/employees/new", "/employees/bob/edit"]


@pytest.mark.parametrize("path", PAGES)
async def test_pages_lack_the_field(ann: Any, eve: Any, path: str) -> None:
    page = (await ann.page(path)).text

    assert not [word for word in WORDS if word in page]
    assert "alary" in (await eve.page(path)).text


@pytest.mark.parametrize(("path", "is_shown"), [("/ann", True), ("/bob", False)])
async def test_rule_on_the_record_decides_for_each_record(
    ann: Any, path: str, is_shown: bool
) -> None:
    page = await ann.page(f"/employees{path}")
    data = (await ann.call("GET", f"/employees{path}")).json()

    assert (NOTE in page.text) is is_shown
    assert ("note" in data) is is_shown
    assert "salary" not in data


async def test_lists_have_each_field_where_it_may_be_read(ann: Any, eve: Any) -> None:
    own = (await ann.call("GET", "/employees?order=id")).json()["items"]
    every = (await eve.call("GET", "/employees?order=id")).json()["items"]

    assert [sorted({"note", "salary"} & item.keys()) for item in own] == [["note"], []]
    assert [(item["note"], item["salary"]) for item in every] == [(NOTE, SALARY)] * 2
    page = (await ann.page("/employees")).text
    assert page.count(NOTE) == 1
    assert "order=note" not in page
    assert "order=-note" not in page


async def test_rendered_rows_are_not_shared_between_readers(ann: Any, eve: Any) -> None:
    for _ in range(2):
        assert str(SALARY) in (await eve.page("/employees")).text.replace(",", "")
        assert str(SALARY) not in (await ann.page("/employees")).text.replace(",", "")


async def test_result_of_an_event_lacks_the_field(ann: Any, eve: Any) -> None:
    made = (await ann.call("POST", "/employees/ann/raise_by", {"percent": 0})).json()
    seen = (await eve.call("POST", "/employees/ann/raise_by", {"percent": 0})).json()

    for state in (made["result"]["employee"], made["entity"]):
        assert ("salary" in state, state["note"]) == (False, NOTE)
    assert seen["result"]["employee"]["salary"] == seen["entity"]["salary"] == SALARY


async def test_repeated_event_shows_what_may_be_read_now(ann: Any, employees: Any) -> None:
    cls = next(iter(employees.starmodel.registry)).cls
    key = {"headers": {"idempotency-key": "k1"}}
    first = await ann.call("POST", "/employees/ann/raise_by", {"percent": 0}, **key)
    mine = await employees.starmodel.objects(cls).get("ann")
    await employees.starmodel.dispatch(mine.do.give("bob"))

    again = await ann.call("POST", "/employees/ann/raise_by", {"percent": 0}, **key)

    assert first.json()["result"]["employee"]["note"] == NOTE
    assert (again.status_code, NOTE in again.text) == (200, False)


@pytest.mark.parametrize(
    "query",
    ["salary=5", "salary__gte=1", "salary__in=1,2", "salary__isnull=true", "order=salary",
     "order=-salary", "order=name,salary", "note=a", "note__contains=r", "order=note"],
)  # fmt: skip
async def test_query_by_the_field_is_answered_as_by_an_unknown_name(ann: Any, query: str) -> None:
    def unknown(text: str) -> str:
        return text.replace("salary", "zzz").replace("note", "zzz")

    for accept in ("application/json", "application/x-ndjson", HTML["accept"]):
        headers = {"accept": accept}
        response = await ann.get(f"/employees?{query}", headers=headers)
        other = await ann.get(f"/employees?{unknown(query)}", headers=headers)
        assert response.status_code == other.status_code
        if accept != HTML["accept"]:
            assert response.status_code == 400
            assert unknown(response.text) == other.text


async def test_search_does_not_match_the_field(ann: Any, eve: Any) -> None:
    assert len((await eve.call("GET", "/employees?search=raise")).json()["items"]) == 2
    assert (await ann.call("GET", "/employees?search=raise")).json()["items"] == []


async def test_readers_of_every_record_filter_and_sort_by_the_field(eve: Any) -> None:
    found = await eve.call("GET", f"/employees?salary={SALARY}&note__contains=raise&order=salary")

    assert [item["id"] for item in found.json()["items"]] == ["ann", "bob"]


async def test_handlers_of_the_application_send_what_the_visitor_may_read(
    employees: Any, ann: Any, visit: Any
) -> None:
    cls = next(iter(employees.starmodel.registry)).cls

    @employees.get("/staff/{id}")
    async def staff(id: str) -> Any:
        return await cls.objects.get(id)

    eve = await signed_in(visit, employees, "eve", "hr")
    for browser, fields in ((ann, {"note"}), (eve, {"note", "salary"})):
        data = (await browser.call("GET", "/staff/ann")).json()
        assert data.keys() & {"note", "salary"} == fields
        page = (await browser.page("/staff/ann")).text
        assert ("alary" in page) is ("salary" in fields)
        assert NOTE in page


async def test_records_as_text_lack_the_field(employees: Any, ann: Any) -> None:
    """Of handlers that return dicts and f-strings."""
    cls = next(iter(employees.starmodel.registry)).cls

    @employees.get("/texts")
    async def texts() -> Any:
        found = await cls.objects.list()
        return {"items": found, "first": f"{found[0]}", "shown": [repr(found)]}

    answer = (await ann.call("GET", "/texts")).text
    assert "Bob" in answer
    assert not [word for word in (*WORDS, NOTE) if word in answer]


async def test_code_of_the_application_reads_every_field(employees: Any) -> None:
    cls = next(iter(employees.starmodel.registry)).cls

    found = await employees.starmodel.objects(cls).list(salary=SALARY, order="note")

    assert [(each.salary, each.note) for each in found] == [(SALARY, NOTE)] * 2


async def test_entity_tag_follows_what_is_shown(employees: Any, ann: Any, visit: Any) -> None:
    tag = (await ann.call("GET", "/employees/ann")).headers["etag"]
    again = await ann.call("GET", "/employees/ann", headers={"if-none-match": tag})
    await ann.page("/sign-in/ann?roles=hr")
    more = await ann.call("GET", "/employees/ann", headers={"if-none-match": tag})
    changed = await ann.call("PATCH", "/employees/ann", {"name": "A"}, headers={"if-match": tag})

    assert (again.status_code, more.status_code, changed.status_code) == (304, 200, 200)
    assert more.json()["salary"] == SALARY


async def test_search_of_code_for_an_actor_leaves_hidden_fields_out(employees: Any) -> None:
    application = employees.starmodel
    entity_type = next(iter(application.registry))

    async def found(search: str, who: Any) -> list[str]:
        listing = listing_of(entity_type, {"search": search})  # without what the actor may read
        return [each.id for each in (await application.window(listing, who)).entities]

    assert await found("raise", Actor("eve", roles=frozenset({"hr"}))) == ["ann", "bob"]
    assert await found("raise", Actor("ann")) == []
    assert await found("bob", Actor("ann")) == ["bob"]
    with pytest.raises(ListQueryError):
        await application.window(listing_of(entity_type, {"note": "a"}), Actor("ann"))


def _with_everything(value: str, record: Any) -> str:
    return f"{value}: {record.salary}, {record.note}"


@unlisted
class Rendered(Entity):
    model_config = EntityConfig(
        scope="record", access="public", path="/rendered", board="state", store="sql"
    )
    name: str = ""
    label: Annotated[str, UI(render=_with_everything)] = "label"
    state: Literal["x", "y"] = "x"
    salary: int = Field(default=0, access=role("hr"))
    note: str = Field(default="", access=role("hr"))


async def test_renderer_reads_what_its_viewer_may_read(serve: Any, visit: Any) -> None:
    app = serve(Rendered)
    made = await app.starmodel.objects(Rendered).create(name="A", salary=SALARY, note=NOTE)
    guest, eve = visit(app), await signed_in(visit, app, "eve", "hr")

    for path in ("", "?view=board", "?group=state", f"/{made.id}"):
        page = (await guest.page(f"/rendered{path}")).text
        assert "label: 0, " in page, path
        assert str(SALARY) not in page
        assert NOTE not in page
        assert f"label: {SALARY}, {NOTE}" in (await eve.page(f"/rendered{path}")).text
