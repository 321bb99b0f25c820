"""Generated pages offer permitted events only, and follow the options of the class."""

from __future__ import annotations

import json
import re
from typing import Any, Literal

import pytest
from pydantic import computed_field
from starlette.applications import Starlette
from starlette.routing import Mount

from integration.web.browser import HTML, Browser, unlisted
from integration.web.entities import OWNERS_WRITE
from integration.web.expressions import Outline
from integration.web.html_forms import form_of, forms_of
from starmodel import ConfigurationError, Entity, EntityConfig, Field, event


@unlisted
class Book(Entity):
    model_config = EntityConfig(
        access={"read": "public", "write": "role:editor"},
        scope="record",
        list_display=["title", "half", "price"],
        search_fields=["title"],
        list_filter=["size", "price", "author"],
        fieldsets={"What it is": ["title", "author"], "Trade": ["price"]},
    )
    title: str = ""
    author: str = ""
    price: float = 1.0
    size: Literal["S", "L"] = "S"

    @computed_field
    @property
    def half(self) -> float:
        return self.price / 2

    @event
    def sell(self) -> None:
        pass

    @event(access="public")
    def praise(self) -> None:
        pass


@pytest.fixture
async def library(visit: Any) -> Any:
    browser = visit(Book)
    await browser.page("/sign-in/ann?roles=editor")
    for n in range(30):
        data = {"title": f"Book {n:02}", "price": n, "author": "Ann", "size": "SL"[n % 2]}
        await browser.call("POST", "/books", data)
    return browser


async def first(browser: Any) -> str:
    items = (await browser.call("GET", "/books?order=title")).json()["items"]
    return f"/books/{items[0]['id']}"


def links(html: str) -> list[str]:
    return [href for tag, attrs in Outline(html).elements if (href := attrs.get("href"))]


async def test_reader_is_offered_permitted_events_only(library: Any, visit: Any) -> None:
    url, reader = await first(library), visit(library.app)

    listed, shown = (await reader.page("/books")).text, (await reader.page(url)).text
    new, edit = await reader.page("/books/new"), await reader.page(f"{url}/edit")

    for page in (listed, shown):
        assert "Edit" not in page
        assert "Delete" not in page
        assert "New book" not in page
        assert "Sell" not in page
        assert "/books/new" not in links(page)
    assert [form.attributes["action"] for form in forms_of(shown)] == [f"{url}/praise"]
    assert (new.status_code, edit.status_code) == (401, 401)
    assert "sm-form" not in new.text
    assert "sm-form" not in edit.text


async def test_editor_is_offered_all_events(library: Any) -> None:
    url = await first(library)

    listed, shown = (await library.page("/books")).text, (await library.page(url)).text

    assert "/books/new" in links(listed)
    assert f"{url}/edit" in links(shown)
    actions = {form.attributes["action"] for form in forms_of(shown)}
    assert actions == {f"{url}/{name}" for name in ("sell", "praise")}
    assert f'method="get" action="{url}/delete"' in shown  # to the page that asks
    assert 'value="sell"' in listed  # in the bar for chosen rows


async def test_rule_function_decides_for_each_record(visit: Any) -> None:
    class Note(Entity):
        model_config = EntityConfig(access=OWNERS_WRITE)
        owner: str

    browser = visit(Note)
    await browser.page("/sign-in/bob")
    his = (await browser.call("POST", "/notes", {"owner": "bob"})).headers["location"]
    await browser.page("/sign-in/ann")
    hers = (await browser.call("POST", "/notes", {"owner": "ann"})).headers["location"]

    own, other = (await browser.page(hers)).text, (await browser.page(his)).text

    assert f"{hers}/edit" in links(own)
    assert f"{his}/edit" not in links(other)
    assert forms_of(other) == []
    assert (await browser.page(f"{his}/edit")).status_code == 403


async def test_list_has_the_declared_columns_and_filters(library: Any) -> None:
    page = (await library.page("/books")).text

    heads = re.findall(r'<th scope="col"[^>]*>(?:<a [^>]*>)?([^<]+)', page)
    assert heads[:3] == ["Title", "Half", "Price"]
    names = {attrs["name"] for tag, attrs in Outline(page).elements if attrs.get("name")}
    assert {"search", "size", "price__gte", "price__lte", "author__contains"} <= names
    # A computed column can't be queried, so no link sorts by it.
    assert "order=half" not in page
    found = (await library.call("GET", "/books?search=ann")).json()["items"]
    assert found == []  # the author's name is none of the search's fields


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({"list_display": ["title", "colour"]}, "list_display"),
        ({"list_display": ["secret"]}, "list_display"),
        ({"list_filter": ["colour"]}, "list_filter"),
        ({"list_filter": ["secret"]}, "list_filter"),
        ({"list_filter": ["tags"]}, "list_filter"),
        ({"search_fields": ["colour"]}, "search_fields"),
        ({"search_fields": ["secret"]}, "search_fields"),
        ({"search_fields": "title"}, "search_fields"),
        ({"fieldsets": {"A": ["colour"]}}, "fieldsets"),
        ({"fieldsets": {"A": ["secret"]}}, "fieldsets"),
    ],
)
def test_unknown_or_private_column_is_a_configuration_error(config: Any, message: str) -> None:
    with pytest.raises(ConfigurationError, match=rf"Thing.model_config\['{message}'\] names '"):

        class Thing(Entity):
            model_config = EntityConfig(access="public", scope="record", **config)
            title: str = ""
            tags: list[str] = []
            secret: str = Field(default="", private=True)


async def test_form_has_declared_fieldsets_then_other_fields(library: Any) -> None:
    page = (await library.page("/books/new")).text

    legends = re.findall("<legend>(.*?)</legend>", page)
    assert legends == ["What it is", "Trade"]
    assert form_of(page, "/books").names == ["title", "author", "price", "size"]


async def test_toolbar_keeps_url_filters_without_input(
    library: Any,
) -> None:
    page = (await library.page("/books?title__startswith=Book 1&size=L&order=-price")).text

    outline = Outline(page)
    toolbar = re.search(r"<form[^>]*data-filters.*?</form>", page, re.DOTALL)
    assert toolbar is not None
    stored = {
        attrs["name"]: attrs["value"]
        for tag, attrs in Outline(toolbar[0]).elements
        if tag == "input" and attrs.get("type") == "hidden" and attrs.get("name")
    }
    assert stored == {"title__startswith": "Book 1", "order": "-price"}
    assert ("option", {"value": "L", "selected": None}) in outline.elements
    assert "Clear" in page


async def test_column_links_toggle_order_and_keep_the_query(library: Any) -> None:
    plain = (await library.page("/books?size=L")).text
    up = (await library.page("/books?size=L&order=price")).text
    down = (await library.page("/books?size=L&order=-price&page=1")).text

    assert "/books?size=L&order=price" in links(plain)
    assert "/books?size=L&order=-price" in links(up)
    assert "/books?size=L&order=price" in links(down)
    assert 'aria-sort="ascending"' in up
    assert 'aria-sort="descending"' in down
    assert "aria-sort" not in plain


async def test_empty_list_offers_create_to_permitted_actors(visit: Any) -> None:
    browser = visit(Book)

    reader = (await browser.page("/books")).text
    await browser.page("/sign-in/ann?roles=editor")
    editor, narrowed = await browser.page("/books"), await browser.page("/books?search=none")

    assert "No books yet." in reader
    assert "Create the first book" not in reader
    assert "Create the first book" in editor.text
    assert "No books match." in narrowed.text
    assert "Create the first book" not in narrowed.text


async def test_mounted_application_links_stay_below_the_mount(serve: Any) -> None:
    app = serve(Book)
    outer = Starlette(routes=[Mount("/shop/floor", app)])
    browser = Browser(outer)
    await browser.page("/shop/floor/sign-in/ann?roles=editor")
    made = await browser.call("POST", "/shop/floor/books", {"title": "Pen"})
    url = made.headers["location"]
    assert url.startswith("/shop/floor/books/")

    for path in ("", "/books", "/books?order=title", "/books?search=x", "/books/new", "/none"):
        await expect_within(browser, f"/shop/floor{path or '/'}")
    await expect_within(browser, url)
    await expect_within(browser, f"{url}/edit")

    for event_ in ("sell", "update"):
        response = await browser.submit(f"{url}/{event_}", {})
        assert response.status_code == 303
        assert response.headers["location"].startswith("/shop/floor/")
    bulk = await browser.submit(
        "/shop/floor/books/_bulk", {"event": "sell", "id[]": [url.rpartition("/")[2]]}
    )
    assert bulk.headers["location"] == "/shop/floor/books"
    await browser.aclose()


async def expect_within(browser: Browser, path: str) -> None:
    page = await browser.page(path)
    assert page.status_code in (200, 404), (path, page.text)
    for tag, attrs in Outline(page.text).elements:
        picker = json.loads(attrs.get("data-picker") or "{}")
        for name in ("href", "src", "action", "url"):
            at = picker.get("url") if name == "url" else attrs.get(name)
            if at and not at.startswith(("#", "data:")):
                assert at.startswith("/shop/floor/"), (path, tag, name, at)
        for name, value in attrs.items():
            if name.startswith("data-") and value and ("@post(" in value or "@live(" in value):
                assert re.findall(r"@(?:\w+)\('(/[^']*)", value), value
                for at in re.findall(r"@(?:\w+)\('(/[^']*)", value):
                    assert at.startswith("/shop/floor/"), (path, name, value)


async def test_generator_progress_is_rendered_updated_and_removed(visit: Any) -> None:
    from starmodel import Progress

    class Job(Entity):
        step: int = 0

        @event
        async def work(self) -> Any:
            for step in (1, 2):
                self.step = step
                yield Progress(step / 2, f"Step {step} <b>")
            yield Progress(None, "")

        @event
        async def fail(self) -> Any:
            yield Progress(0.5)
            raise ValueError("Stuck")

    browser = visit(Job)

    done, failed = await browser.click("/job/work"), await browser.click("/job/fail")
    plain = await browser.call("POST", "/job/work")

    shown = re.findall(r"<progress[^>]*>", done.text)
    assert ['value="0.500"' in shown[0], 'value="1.000"' in shown[1], "value" in shown[2]] == [
        True, True, False,
    ]  # fmt: skip
    assert "Step 1 &lt;b&gt;" in done.text
    (id,) = set(re.findall(r'id="(starmodel-progress-[^"]+)"', done.text))
    assert done.text.count("mode append") == 1
    assert f"selector #{id}\n" in done.text
    assert done.text.rindex("mode remove") > done.text.rindex("<progress")
    assert "mode remove" in failed.text
    assert "Stuck" in failed.text
    assert plain.status_code == 200


@unlisted
class Profile(Entity):
    model_config = EntityConfig(scope="user", access="public")
    colour: str = ""


async def test_navigation_offers_guests_no_sign_in_only_page(visit: Any) -> None:
    browser = visit(Profile)
    assert "/profile" not in (await browser.get("/", headers=HTML)).text
