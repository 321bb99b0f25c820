"""Lists under a name: declared views, and those that people save."""

from __future__ import annotations

import re
from typing import Any, Literal

import pytest

from integration.web.browser import unlisted
from starmodel import Entity, EntityConfig, Field
from starmodel.access import role
from starmodel.app.queries import views
from starmodel.core.errors import ConfigurationError


@unlisted
class Chore(Entity):
    model_config = EntityConfig(
        store="sql",
        access="public",
        views={"Open": "status=open&order=-title", "Secret": "pay__gte=1"},
    )
    title: str
    status: Literal["open", "done"] = "open"
    pay: int = Field(default=0, access={"read": role("boss")})


@pytest.fixture
async def app(serve: Any) -> Any:
    app = serve(Chore)
    for title in ("Wash", "Iron"):
        await Chore.objects.create(title=title, status="done" if title == "Iron" else "open")
    return app


def shown(page: str) -> list[tuple[str, bool]]:
    """The links of the views with whether each is marked."""
    nav = re.search(r'<nav[^>]*class="sm-views".*?</nav>', page, re.DOTALL)
    if nav is None:
        return []
    return [
        (name, "aria-current" in link) for link, name in re.findall(r"(<a [^>]*)>([^<]+)", nav[0])
    ]


async def save(browser: Any, **body: str) -> Any:
    return await browser.call("POST", "/chores/_views", body)


async def test_declared_views_are_links_with_the_shown_one_marked(visit: Any, app: Any) -> None:
    browser = visit(app)

    assert shown((await browser.page("/chores")).text) == [("All", True), ("Open", False)]
    page = (await browser.page("/chores?order=-title&status=open&page=1")).text
    assert shown(page) == [("All", False), ("Open", True)]
    assert shown((await browser.page("/chores?status=done")).text)[0] == ("All", False)
    assert "Save this view" not in page  # nobody is signed in
    boss = visit(app)
    await boss.get("/sign-in/cleo?roles=boss")
    assert ("Secret", False) in shown((await boss.page("/chores")).text)


async def test_person_saves_renames_and_removes_a_view(visit: Any, app: Any) -> None:
    ann, bob = visit(app), visit(app)
    await ann.get("/sign-in/ann")
    await bob.get("/sign-in/bob")
    form = (await ann.page("/chores?search=Iron")).text
    assert "Save this view" in form
    sent = {"do": "save", "name": "  My  irons ", "question": "search=Iron&page=3"}

    saved = await ann.submit("/chores/_views", sent)

    assert saved.status_code == 303
    assert saved.headers["location"] == "/chores?search=Iron"
    page = (await ann.page("/chores?search=Iron")).text
    assert shown(page)[-1] == ("My irons", True)
    assert "Rename" in page
    [id] = re.findall(r'name="id" value="(\w+)"', page)[:1]
    assert len(shown((await bob.page("/chores")).text)) == 2
    await save(bob, do="rename", id=id, name="Mine")
    await save(bob, do="remove", id=id)
    assert shown((await ann.page("/chores")).text)[-1] == ("My irons", False)
    await save(ann, do="rename", id=id, name="Irons")
    assert shown((await ann.page("/chores")).text)[-1] == ("Irons", False)
    await save(ann, do="remove", id=id)
    assert shown((await ann.page("/chores")).text)[-1] == ("Open", False)


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"do": "save", "name": "", "question": "search=a"}, 422),
        ({"do": "save", "name": "\0", "question": "search=a"}, 422),
        ({"do": "save", "name": "x" * 61, "question": "search=a"}, 422),
        ({"do": "save", "name": "x", "question": "nope=1"}, 400),
        ({"do": "save", "name": "x", "question": "pay=1"}, 400),
        ({"do": "save", "name": "x", "question": f"search=a&order={'title,' * 600}"}, 422),
        ({"do": "save", "name": "x"}, 400),
        ({"do": "format"}, 400),
    ],
)
async def test_invalid_view_is_refused(
    visit: Any, app: Any, body: dict[str, str], status: int
) -> None:
    ann = visit(app)
    await ann.get("/sign-in/ann")
    assert (await save(ann, **body)).status_code == status
    assert (await save(visit(app), do="remove", id="1")).status_code == 401


async def test_number_of_views_is_bounded(
    visit: Any, app: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(views, "MAX_VIEWS", 1)
    ann = visit(app)
    await ann.get("/sign-in/ann")
    assert (await save(ann, do="save", name="a", question="search=a")).status_code == 200
    refused = await save(ann, do="save", name="b", question="search=b")
    assert refused.status_code == 422
    assert "You have 1 views of this list." in refused.text


@pytest.mark.parametrize(
    ("declared", "said"),
    [
        ({"Lost": "status=lost"}, r"views'\]\['Lost'\] is 'status=lost'"),
        ({"Near": "colour=1"}, "its fields are"),
        ({"": "status=open"}, "a name of 1 to"),
        ({"Odd": "status"}, "no query string"),
    ],
)
def test_declared_view_that_is_no_list_stops_the_start(
    serve: Any, declared: dict[str, str], said: str
) -> None:
    @unlisted
    class Duty(Entity):
        model_config = EntityConfig(store="sql", access="public", views=declared)
        status: Literal["open", "done"] = "open"

    with pytest.raises(ConfigurationError, match=said):
        serve(Duty)


def test_views_of_another_type_are_refused() -> None:
    with pytest.raises(ConfigurationError, match="query strings by name"):

        class Duty(Entity):
            model_config = EntityConfig(views=["status=open"])  # type: ignore[typeddict-item]
