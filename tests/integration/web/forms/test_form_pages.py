"""Form pages: layout, conditional fields, first values, copies, ways to save, neighbours."""

from __future__ import annotations

import re
from html import unescape
from typing import Annotated, Any, Literal
from urllib.parse import quote

import pytest

from integration.web.browser import DATASTAR, HTML, toasts, unlisted
from integration.web.expressions import Outline
from starmodel import UI, ConfigurationError, Entity, Field, Fieldset, Tab, event
from starmodel.access import actor, owner, record, role


@unlisted
class Contact(Entity):
    model_config = {
        "access": {"read": "public", "write": "public"},
        "fieldsets": [
            Fieldset("Who", ["name", "kind", "vat"], help="As on the invoice.", columns=2),
            Tab("Terms", [Fieldset("Contract", ["code"]), "seats"]),
            Tab("Notes", ["about"]),
            Fieldset("State", ["is_vip"], sidebar=True),
        ],
    }
    name: str = Field(min_length=2, title="Full name")
    kind: Literal["person", "company"] = "person"
    vat: Annotated[str, UI(visible_if=record.kind == "company")] = ""
    code: str = Field(default="PE-001", pattern="^[A-Z]{2}-[0-9]{3}$", examples=["PE-001"])
    seats: int = Field(default=1, ge=1)
    about: Annotated[
        str, UI(initial=lambda actor, values: f"{actor.id if actor else 'guest'} {values}")
    ] = ""
    is_vip: bool = False
    serial: str | None = Field(default=None, unique=True)
    secret_note: str = Field(default="", private=True)
    team: str = Field(default="", access={"read": "role:staff", "write": "role:staff"})


FORM = {"name": "Ann", "kind": "person", "code": "PE-001", "seats": "1", "is_vip": "false"}


def value_of(page: str, name: str) -> str:
    """The value of an input or a text area."""
    found = re.search(rf'<input[^>]* name="{name}"[^>]*>', page)
    if found:
        value = re.search(r' value="([^"]*)"', found[0])
        return unescape(value[1]) if value else ""
    text = re.search(rf'<textarea[^>]* name="{name}"[^>]*>\n?([^<]*)<', page)
    assert text, name
    return unescape(text[1])


async def made(browser: Any, **values: Any) -> str:
    response = await browser.call("POST", "/contacts", {"name": "Ann", **values})
    assert response.status_code == 201, response.text
    return str(response.json()["entity"]["id"])


# Layout


async def test_form_has_fieldsets_tabs_and_side_column(visit: Any) -> None:
    page = (await visit(Contact).page("/contacts/new")).text

    assert re.findall("<legend>(.*?)</legend>", page) == ["Who", "Contract", "State"]
    tabs = [attrs for _, attrs in Outline(page).elements if attrs.get("role") == "tab"]
    panels = [attrs for _, attrs in Outline(page).elements if attrs.get("role") == "tabpanel"]
    assert [tab["aria-controls"] for tab in tabs] == [panel["id"] for panel in panels]
    assert [tab["aria-selected"] for tab in tabs] == ["true", "false"]
    assert "As on the invoice." in page
    assert "sm-columns-2" in page
    assert page.index("sm-form-side") > page.index("tabpanel")
    assert "sm-cell-number" in page
    assert "sm-cell-short" in page


async def test_tab_without_settable_fields_is_omitted(visit: Any) -> None:
    @unlisted
    class Plan(Entity):
        model_config = {
            "access": "public",
            "scope": "record",
            "fieldsets": [Tab("Open", ["title"]), Tab("Closed", ["level"])],
        }
        title: str = ""
        level: int = Field(default=0, access={"read": "public", "write": "role:boss"})

    page = (await visit(Plan).page("/plans/new")).text
    assert "Open" in page
    assert "Closed" not in page


@pytest.mark.parametrize(
    ("option", "said"),
    [
        ([Fieldset("A", ["title"]), Fieldset("B", ["title"])], "twice"),
        ([Fieldset("A", ["colour"])], "colour"),
        (["title"], "Fieldset"),
        ([Tab("A", [Fieldset("B", ["hidden"])])], "hidden"),
    ],
)
def test_layout_with_unknown_parts_stops_the_start(option: Any, said: str) -> None:
    with pytest.raises(ConfigurationError, match=said):

        class Wrong(Entity):
            model_config = {"scope": "record", "fieldsets": option}
            title: str = ""
            hidden: str = Field(default="", private=True)


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: Fieldset("A", "title"),
        lambda: Fieldset("A", ["title"], columns=9),
        lambda: Tab("A", []),
        lambda: Tab("A", [Fieldset("B", ["title"], sidebar=True)]),
        lambda: Tab("A", [3]),  # type: ignore[list-item]
    ],
    ids=["text for names", "nine columns", "empty tab", "side column in a tab", "number"],
)
def test_part_of_a_layout_is_validated(wrong: Any) -> None:
    with pytest.raises(ConfigurationError):
        wrong()


# Conditional fields


async def test_hidden_field_of_a_form_is_not_changed(visit: Any) -> None:
    ann = visit(Contact)
    id = await made(ann, kind="company", vat="DE1")

    await ann.submit(f"/contacts/{id}/update", {**FORM, "kind": "person", "vat": "forged"})
    state = (await ann.call("GET", f"/contacts/{id}")).json()
    assert (state["kind"], state["vat"]) == ("person", "DE1")

    await ann.submit(f"/contacts/{id}/update", {**FORM, "kind": "company", "vat": "DE2"})
    assert (await ann.call("GET", f"/contacts/{id}")).json()["vat"] == "DE2"


async def test_new_record_takes_the_default_of_a_hidden_field(visit: Any) -> None:
    ann = visit(Contact)
    await ann.submit("/contacts", {**FORM, "vat": "forged"})
    [contact] = (await ann.call("GET", "/contacts")).json()["items"]
    assert contact["vat"] == ""


async def test_json_api_sets_a_conditional_field(visit: Any) -> None:
    ann = visit(Contact)
    id = await made(ann, vat="DE1")
    assert (await ann.call("GET", f"/contacts/{id}")).json()["vat"] == "DE1"


async def test_condition_is_on_the_page_as_data(visit: Any) -> None:
    page = unescape((await visit(Contact).page("/contacts/new")).text)
    assert re.search(r"""data-shown-if=['"]\["kind","eq","company"\]['"]""", page)


@pytest.mark.parametrize(
    ("condition", "said"),
    [
        (role("staff"), "constants"),
        (owner("name"), "constants"),
        (record.name == actor.name, "constants"),
        (record.colour == "red", "colour"),
        (record.pin_code == "1", "private"),
        (record.nested.name == "x", "constants"),
    ],
    ids=["role", "owner", "actor", "unknown", "private", "relation"],
)
def test_condition_that_a_browser_can_not_decide_stops_the_start(
    condition: Any, said: str, visit: Any
) -> None:
    class Wrong(Entity):
        model_config = {"access": "public", "scope": "record"}
        name: str = ""
        pin_code: str = Field(default="", private=True)
        more: Annotated[str, UI(visible_if=condition)] = ""

    unlisted(Wrong)
    with pytest.raises(ConfigurationError, match=said):
        visit(Wrong)


def test_required_conditional_field_stops_the_start(visit: Any) -> None:
    class Wrong(Entity):
        model_config = {"access": "public", "scope": "record"}
        name: str = ""
        more: Annotated[str, UI(visible_if=record.name == "x")]

    unlisted(Wrong)
    with pytest.raises(ConfigurationError, match="required"):
        visit(Wrong)


def test_what_is_no_condition_or_function_is_refused() -> None:
    with pytest.raises(ConfigurationError):
        UI(visible_if="kind")  # type: ignore[arg-type]
    with pytest.raises(ConfigurationError):
        UI(initial=3)  # type: ignore[arg-type]


# First values


async def test_form_begins_with_values_of_the_url(visit: Any) -> None:
    ann = visit(Contact)
    page = (await ann.page("/contacts/new?name=<b>Bob</b>&seats=4&utm_source=x&id=9")).text
    assert value_of(page, "name") == "<b>Bob</b>"
    assert "<b>Bob" not in page
    assert value_of(page, "seats") == "4"
    assert 'name="id"' not in page


async def test_wrong_value_of_the_url_is_reported_beside_its_input(visit: Any) -> None:
    page = (await visit(Contact).page("/contacts/new?seats=0")).text
    assert "Must be at least 1." in page
    assert value_of(page, "seats") == "0"


async def test_url_sets_neither_private_nor_closed_fields(visit: Any) -> None:
    page = await visit(Contact).page("/contacts/new?secret_note=x&team=ultramarine")
    assert page.status_code == 200
    assert "ultramarine" not in page.text


async def test_initial_value_knows_the_actor_and_the_other_values(visit: Any) -> None:
    ann = visit(Contact)
    await ann.page("/sign-in/ann")
    page = (await ann.page("/contacts/new?name=Bob")).text
    assert value_of(page, "about") == "ann {'name': 'Bob'}"


async def test_copy_has_the_values_but_for_unique_private_and_closed_ones(visit: Any) -> None:
    ann = visit(Contact)
    staff = visit(ann.app)
    await staff.page("/sign-in/ann?roles=staff")
    id = await made(staff, name="Ann", kind="company", serial="7", team="ultramarine", seats=3)

    page = (await ann.page(f"/contacts/new?_copy_of={id}")).text
    assert (value_of(page, "name"), value_of(page, "seats")) == ("Ann", "3")
    assert value_of(page, "serial") == ""
    assert "ultramarine" not in page
    copied = (await staff.page(f"/contacts/new?_copy_of={id}")).text
    assert value_of(copied, "team") == "ultramarine"


async def test_copy_of_an_unreadable_record_is_not_found(visit: Any) -> None:
    @unlisted
    class Memo(Entity):
        model_config = {"access": {"read": owner("user_id"), "write": "signed_in"}}
        text: str
        user_id: str = Field(default="", default_from="actor")

    ann, bob = (browser := visit(Memo)), visit(browser.app)
    await ann.page("/sign-in/ann")
    await bob.page("/sign-in/bob")
    id = (await ann.call("POST", "/memos", {"text": "secret"})).json()["entity"]["id"]
    assert "secret" in (await ann.page(f"/memos/new?_copy_of={id}")).text
    response = await bob.page(f"/memos/new?_copy_of={id}")
    assert response.status_code == 404
    assert "secret" not in response.text


# Ways to save and to leave


async def test_save_and_add_another_leads_to_a_new_form(visit: Any) -> None:
    ann = visit(Contact)
    response = await ann.submit("/contacts", {**FORM, "_next": "another"})
    assert response.status_code == 303
    assert response.headers["location"] == "/contacts/new"
    assert await count(ann) == 1

    clicked = await ann.post(
        "/contacts",
        data={**FORM, "_next": "another"},
        headers={**DATASTAR, "referer": "http://testserver/contacts/new"},
    )
    assert r"\u002fcontacts\u002fnew&quot;" in clicked.text
    assert await count(ann) == 2


async def count(browser: Any) -> int:
    return int((await browser.call("GET", "/contacts?total=1")).json()["total"])


async def test_next_step_is_no_field_of_the_json_api(visit: Any) -> None:
    response = await visit(Contact).call("POST", "/contacts", {"name": "Ann", "_next": "another"})
    assert response.status_code == 422


async def test_edit_form_offers_duplicate_and_cancel(visit: Any) -> None:
    ann = visit(Contact)
    id = await made(ann)
    page = (await ann.page(f"/contacts/{id}/edit")).text
    links = [attrs.get("href") for tag, attrs in Outline(page).elements if tag == "a"]
    assert f"/contacts/new?_copy_of={id}" in links
    assert f"/contacts/{id}" in links
    assert "Save and add another" in page


async def test_editor_who_may_not_create_is_offered_no_further_record(visit: Any) -> None:
    @unlisted
    class Page(Entity):
        model_config = {"access": {"read": "public", "write": "public", "create": "role:boss"}}
        title: str

    boss = visit(Page)
    await boss.page("/sign-in/ann?roles=boss")
    id = (await boss.call("POST", "/pages", {"title": "A"})).json()["entity"]["id"]
    page = (await visit(boss.app).page(f"/pages/{id}/edit")).text
    assert "add another" not in page
    assert "Duplicate" not in page


# Messages


async def test_refused_form_has_sentences_beside_inputs_and_no_toast(visit: Any) -> None:
    response = await visit(Contact).post(
        "/contacts", data={**FORM, "name": "A", "code": "x"}, headers=DATASTAR
    )
    assert response.headers["starmodel-status"] == "422"
    assert "Write it like PE-001." in response.text
    assert "At least 2 characters." in response.text
    assert toasts(response.text) == []


async def test_api_client_still_gets_the_errors_by_field(visit: Any) -> None:
    response = await visit(Contact).call("POST", "/contacts", {"name": "A", "code": "x"})
    assert set(response.json()["errors"]) == {"name", "code"}
    assert response.json()["errors"]["code"] == "Write it like PE-001."


async def test_form_without_javascript_comes_back_with_a_footer_and_a_hint(visit: Any) -> None:
    response = await visit(Contact).post(
        "/contacts", data={**FORM, "name": "A"}, headers={**HTML, "origin": "http://testserver"}
    )
    assert response.status_code == 422
    assert "Check the marked fields." in response.text
    assert "Cancel" in response.text
    assert "Full name: " not in response.text


async def test_bulk_message_names_fields_by_their_labels(visit: Any) -> None:
    @unlisted
    class Ware(Entity):
        model_config = {"access": "public"}
        part_no: str = Field(title="Number", max_length=3)

        @event
        def extend(self) -> None:
            self.part_no = "1234"

    ann = visit(Ware)
    id = (await ann.call("POST", "/wares", {"part_no": "1"})).json()["entity"]["id"]
    response = await ann.call("POST", "/wares/_bulk", {"event": "extend", "id": [id]})
    assert response.json()["refused"][id] == "Number: At most 3 characters."


# Previous and next


async def neighbours(browser: Any, url: str, **headers: str) -> dict[str, str]:
    page = (await browser.get(url, headers={**HTML, **headers})).text
    return {
        attrs["rel"]: unescape(attrs["href"])
        for tag, attrs in Outline(page).elements
        if tag == "a" and attrs.get("rel") in ("prev", "next")
    }


@pytest.fixture
async def five(visit: Any) -> tuple[Any, list[str]]:
    ann = visit(Contact)
    return ann, [await made(ann, name=f"Name {n}", seats=9 - n) for n in range(5)]


async def test_record_from_a_list_links_to_the_records_beside_it(five: Any) -> None:
    ann, ids = five
    words = "order=-name&per_page=2"
    from_list = {"referer": f"http://testserver/contacts?{words}"}

    links = await neighbours(ann, f"/contacts/{ids[4]}", **from_list)
    assert links == {"next": f"/contacts/{ids[3]}?_list={quote(words, safe='-')}"}

    links = await neighbours(ann, links["next"])
    assert links["prev"].startswith(f"/contacts/{ids[4]}?")
    assert links["next"].startswith(f"/contacts/{ids[2]}?")
    assert "%26page%3D2" in links["next"]

    links = await neighbours(ann, links["next"].replace("?", "/edit?"))
    assert links["prev"].startswith(f"/contacts/{ids[3]}/edit?")
    assert "%26page%3D2" not in links["prev"]
    assert links["next"].startswith(f"/contacts/{ids[1]}/edit?")


async def test_record_from_elsewhere_has_no_neighbours(five: Any) -> None:
    ann, ids = five
    assert await neighbours(ann, f"/contacts/{ids[1]}") == {}
    foreign = {"referer": "http://other.example/contacts?order=name"}
    assert await neighbours(ann, f"/contacts/{ids[1]}", **foreign) == {}


@pytest.mark.parametrize(
    "words",
    ["order=secret_note", "order=team", "page=0", "a&" * 500, "x" * 9000, "seats__gt=x"],
    ids=["private", "closed", "page", "many", "long", "no number"],
)
async def test_words_of_no_list_are_ignored(five: Any, words: str) -> None:
    ann, ids = five
    response = await ann.page(f"/contacts/{ids[1]}?_list={quote(words)}")
    assert response.status_code == 200
    assert 'rel="next"' not in response.text


async def test_neighbours_obey_the_read_rule(visit: Any) -> None:
    @unlisted
    class Memo(Entity):
        model_config = {"access": {"read": owner("user_id"), "write": "signed_in"}}
        text: str
        user_id: str = Field(default="", default_from="actor")

    ann = visit(Memo)
    bob = visit(ann.app)
    await ann.page("/sign-in/ann")
    await bob.page("/sign-in/bob")
    ids = []
    for n, who in enumerate((ann, bob, ann)):
        made_one = await who.call("POST", "/memos", {"text": f"{n}"})
        ids.append(made_one.json()["entity"]["id"])
    links = await neighbours(ann, f"/memos/{ids[0]}?_list=order%3Dtext")
    assert links["next"].startswith(f"/memos/{ids[2]}?")


async def test_saved_record_keeps_the_list(five: Any) -> None:
    ann, ids = five
    edit = f"http://testserver/contacts/{ids[1]}/edit?_list=order%3Dname"
    response = await ann.post(
        f"/contacts/{ids[1]}/update",
        data={"name": "Other"},
        headers={**HTML, "origin": "http://testserver", "referer": edit},
    )
    assert response.headers["location"] == f"/contacts/{ids[1]}?_list=order%3Dname"
