"""One class at two addresses, each with rules and a skin of its own."""

from __future__ import annotations

import asyncio
import contextlib
import html
import re
from typing import Any, get_args

import pytest

from integration.web.browser import moved_to
from integration.web.resources import shop
from integration.web.resources.shop import Item, LikeUI, StaffOnly, StaffUI, banner, staff_resource
from starmodel import ConfigurationError, Entity, EntityConfig, create_app
from starmodel.adapters.web.frameworks.route_table import PAGES, route_table
from starmodel.app.access.rules import RulePolicy
from starmodel.app.presentation.resource import Page, Resource
from starmodel.core.commands import Action


@pytest.fixture
def policy() -> StaffOnly:
    return StaffOnly("sue")


@pytest.fixture
def app(serve: Any, policy: StaffOnly) -> Any:
    return serve(Item, shop.Shelf, resources=[staff_resource(policy)])


@pytest.fixture
async def sue(app: Any, visit: Any) -> Any:
    """A member of the staff."""
    browser = visit(app)
    await browser.page("/sign-in/sue")
    return browser


async def make(browser: Any, **values: Any) -> str:
    made = await browser.call("POST", "/admin/items", values)
    assert made.status_code == 201
    return str(made.json()["entity"]["id"])


def urls(page: str) -> set[str]:
    """The paths of the class that links, forms and actions of a page name."""
    found = re.findall(r"""["'](?:@post\()?((?:/admin)?/items[^"'?#]*)""", html.unescape(page))
    return set(found)


async def text_until(stream: Any, end: str) -> str:
    """The data of the stream's next events, up to the first with this text."""
    text = ""
    while end not in text:
        text += " ".join((await stream.event()).data.values())
    return text


async def test_every_url_of_an_area_page_is_in_the_area(sue: Any) -> None:
    id = await make(sue, name="Pen")
    for path in ("/admin/items", "/admin/items/new", f"/admin/items/{id}",
                 f"/admin/items/{id}/edit"):  # fmt: skip
        found = urls((await sue.page(path)).text)
        assert found
        assert all(url.startswith("/admin/items") for url in found), path
    assert all(url.startswith("/items") for url in urls((await sue.page("/items")).text))


async def test_area_page_links_to_other_classes_at_their_own_address(sue: Any) -> None:
    page = (await sue.page("/admin/items")).text

    assert 'href="/shelves"' in page
    assert 'href="/admin/shelves"' not in page
    assert 'href="/admin/items" aria-current="page"' in page


async def test_form_in_an_area_chooses_records_of_the_area(visit: Any, serve: Any) -> None:
    app = serve(Item, shop.Shelf, resources=[staff_resource(StaffOnly("sue")), Resource(
        shop.Shelf, prefix="/admin", policy=StaffOnly("sue"))])  # fmt: skip
    browser = visit(app)
    await browser.page("/sign-in/sue")

    made = await browser.call("POST", "/shelves", {"name": "Top"})
    id = made.json()["entity"]["id"]
    own, default = [(await browser.page(f"{at}/shelves/{id}")).text for at in ("/admin", "")]

    assert '"url":"/admin/items/_choices"' in own
    assert '"url":"/items/_choices"' in default


async def test_each_address_has_its_own_read_rule(sue: Any, visit: Any) -> None:
    shown, hidden = await make(sue, name="Pen"), await make(sue, name="Ink", hidden=True)
    guest = visit(sue.app)

    def names(reply: Any) -> list[str]:
        return [item["name"] for item in reply.json()["items"]]

    assert names(await guest.call("GET", "/items")) == ["Pen"]
    assert (await guest.call("GET", "/admin/items")).status_code == 401
    assert (await guest.call("GET", f"/items/{hidden}")).status_code == 404
    assert (await guest.call("GET", f"/admin/items/{shown}")).status_code == 401
    assert names(await sue.call("GET", "/items")) == ["Pen"]
    assert sorted(names(await sue.call("GET", "/admin/items"))) == ["Ink", "Pen"]
    assert (await sue.call("GET", f"/admin/items/{hidden}")).json()["name"] == "Ink"
    assert "Ink" not in (await sue.page("/items")).text


async def test_event_obeys_the_rule_of_its_address(sue: Any, visit: Any) -> None:
    id = await make(sue, name="Pen")
    guest = visit(sue.app)

    async def statuses(browser: Any, path: str) -> list[int]:
        click = await browser.click(path, idempotency_key=f"{browser!r}{path}")
        call = await browser.call("POST", path)
        return [int(click.headers["starmodel-status"]), call.status_code]

    assert await statuses(guest, f"/items/{id}/like") == [200, 200]
    assert await statuses(guest, f"/admin/items/{id}/like") == [401, 401]
    assert await statuses(sue, f"/items/{id}/restock") == [403, 403]
    assert await statuses(sue, f"/admin/items/{id}/restock") == [200, 200]
    assert (await sue.call("GET", f"/admin/items/{id}")).json()["stock"] == 202


async def test_bulk_events_and_validation_obey_the_rule_of_their_address(sue: Any) -> None:
    id = await make(sue, name="Pen")
    chosen = {"event": "hide", "id": [id]}

    # Only a public event needs no more arguments, so the class rule refuses before the body.
    refused = await sue.call("POST", "/items/_bulk", chosen)
    checked = await sue.call("POST", f"/items/{id}/restock", headers={"starmodel-check": "1"})
    done = await sue.call("POST", "/admin/items/_bulk", chosen)

    assert (refused.status_code, checked.status_code) == (403, 403)
    assert done.json() == {"done": [id], "refused": {}}


async def test_redirects_and_locations_stay_at_the_address(sue: Any) -> None:
    made = await sue.call("POST", "/admin/items", {"name": "Pen"})
    id = made.json()["entity"]["id"]
    form = await sue.submit("/admin/items", {"name": "Ink"})
    left = await sue.click(
        f"/admin/items/{id}/update", {}, referer=f"http://testserver/admin/items/{id}/edit"
    )
    bulk = await sue.submit("/admin/items/_bulk", {"event": "hide", "id[]": id})

    assert made.headers["location"] == f"/admin/items/{id}"
    assert form.headers["location"].startswith("/admin/items/")
    assert moved_to(left.text) == f"/admin/items/{id}"
    assert bulk.headers["location"] == "/admin/items"


async def test_refused_form_is_shown_again_at_its_address(sue: Any) -> None:
    reply = await sue.submit("/admin/items", {"stock": "many"})

    assert reply.status_code == 422
    assert urls(reply.text) >= {"/admin/items"}
    assert all(url.startswith("/admin/items") for url in urls(reply.text))


async def test_command_is_checked_by_the_rule_of_its_address_at_the_commit(
    sue: Any, policy: StaffOnly, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shop, "counting", asyncio.Event())
    monkeypatch.setattr(shop, "counted", asyncio.Event())
    id = await make(sue, name="Pen", stock=5)

    running = asyncio.create_task(sue.call("POST", f"/admin/items/{id}/count"))
    await shop.counting.wait()
    policy.staff.clear()
    shop.counted.set()

    assert (await running).status_code in (403, 404)
    policy.staff.add("sue")
    assert (await sue.call("GET", f"/admin/items/{id}")).json()["stock"] == 5


async def test_repeated_command_is_answered_by_the_rule_of_its_address(
    sue: Any, policy: StaffOnly
) -> None:
    id = await make(sue, name="Pen")
    path, key = f"/admin/items/{id}/restock", {"idempotency-key": "once"}
    first = await sue.call("POST", path, headers=key)
    policy.staff.clear()

    again = await sue.call("POST", path, headers=key)

    assert (first.status_code, again.status_code) == (200, 403)


async def test_hidden_record_reaches_only_streams_of_the_area(sue: Any, visit: Any) -> None:
    id = await make(sue, name="Pen")
    guest = visit(sue.app)
    pages = [await sue.page("/admin/items"), await guest.page("/items")]
    async with sue.watch(pages[0]) as own, guest.watch(pages[1]) as public:
        await sue.click(f"/admin/items/{id}/hide")
        emptied = await text_until(public, "none")
        await sue.call("PATCH", f"/admin/items/{id}", {"name": "Secret"})
        renamed = await text_until(own, "Secret")
        with contextlib.suppress(TimeoutError):
            while True:
                emptied += " ".join((await public.event(0.3)).data.values())

    assert f'href="/admin/items/{id}"' in renamed
    assert "/admin/" not in emptied
    assert "Secret" not in emptied


async def test_record_pages_follow_the_rule_and_skin_of_their_area(sue: Any, visit: Any) -> None:
    id = await make(sue, name="Pen")
    guest = visit(sue.app)
    pages = [await sue.page(f"/admin/items/{id}"), await guest.page(f"/items/{id}")]
    assert 'id="staff-detail"' in pages[0].text
    assert 'id="staff-detail"' not in pages[1].text

    async with sue.watch(pages[0]) as own, guest.watch(pages[1]) as public:
        await sue.click(f"/admin/items/{id}/restock", {"amount": 7})
        staff, guests = await text_until(own, "<b>7</b>"), await text_until(public, ">7<")
        await sue.click(f"/admin/items/{id}/hide")
        closed = await text_until(public, "starmodel-status")
        await sue.call("PATCH", f"/admin/items/{id}", {"name": "Secret", "stock": 8})
        renamed = await text_until(own, "<b>8</b>")

    assert "<b>7</b>" not in guests
    assert "Secret" in renamed + staff
    assert "Secret" not in closed


async def test_token_of_an_area_is_decided_by_its_policy(
    sue: Any, policy: StaffOnly, visit: Any
) -> None:
    id = await make(sue, name="Pen")
    page = await sue.page(f"/admin/items/{id}")
    policy.staff.clear()

    async with sue.watch(page) as stream:
        assert (await stream.event()).type == "starmodel-open"
        await visit(sue.app).call("POST", f"/items/{id}/like")
        assert await stream.silent(0.3)


async def test_parts_of_a_resource_are_replaced_by_name(visit: Any, serve: Any) -> None:
    parts = {"record.detail": banner}
    app = serve(Item, ui=StaffUI, resources=[Resource(Item, prefix="/kiosk", ui=parts)])
    made = await app.starmodel.dispatch(Action(Item, "create", {"name": "Pen"}))
    id = made.entity.id
    browser = visit(app)

    kiosk, own = [(await browser.page(f"{at}/items/{id}")).text for at in ("/kiosk", "")]

    assert f'<div id="banner">kiosk.Item {id}</div>' in kiosk
    assert 'id="staff-detail"' in own
    assert "<b>0</b>" in (await browser.page("/kiosk/items")).text  # of the application's adapter


async def test_error_page_of_a_resource_is_rendered_by_its_skin(visit: Any, serve: Any) -> None:
    parts = {"error.page": lambda ui, problem, actor=None: f"<p>Kiosk {problem.status}</p>"}
    browser = visit(serve(Item, resources=[Resource(Item, prefix="/kiosk", ui=parts)]))

    missing, refused = await browser.page("/kiosk/items/x"), await browser.submit("/kiosk/items/x")

    assert (missing.status_code, missing.text) == (404, "<p>Kiosk 404</p>")
    assert refused.status_code == 405
    assert (await browser.submit("/kiosk/items/x/hide")).text == "<p>Kiosk 403</p>"
    assert "Kiosk" not in (await browser.page("/items/x")).text


async def test_live_view_renders_actions_of_its_area(visit: Any, serve: Any) -> None:
    resources = [Resource(Item, prefix="/admin", policy=StaffOnly("sue"), ui=LikeUI)]
    browser = visit(serve(Item, ui=LikeUI, resources=resources))
    await browser.page("/sign-in/sue")
    id = await make(browser)
    pages = [await browser.page(f"{at}/items/{id}") for at in ("/admin", "")]

    async with browser.watch(pages[0]) as own, browser.watch(pages[1]) as default:
        await browser.click(f"/items/{id}/like")
        patches = [await text_until(stream, "100 likes") for stream in (own, default)]

    for at, page, patch in zip(("/admin", ""), pages, patches, strict=True):
        action = f"@post('{at}/items/{id}/like'"
        assert action in html.unescape(page.text)
        assert action in html.unescape(patch)


async def test_rules_of_the_class_itself_can_be_replaced(visit: Any, serve: Any) -> None:
    browser = visit(serve(Item, resources=[Resource(Item, policy=StaffOnly("sue"))]))

    assert (await browser.call("GET", "/items")).status_code == 401
    await browser.page("/sign-in/sue")
    assert (await browser.call("POST", "/items", {"name": "Pen"})).status_code == 201


async def test_route_table_names_the_resource_of_each_route(app: Any) -> None:
    rows = route_table(app.gateway, [])
    named = {(row.method, row.path): row.target for row in rows}

    assert named["GET", "/items"] == "Item list"
    assert named["GET", "/admin/items"] == "admin.Item list"
    assert named["POST", "/admin/items/{id}/hide"] == "admin.Item.hide"
    assert named["GET", "/admin/items/{id}/edit"] == "admin.Item form to edit"
    assert {row.entity for row in rows if row.path.startswith("/admin")} == {"Item"}


class Pathless(Entity):
    model_config = EntityConfig(path=None)


@pytest.mark.parametrize(
    ("resources", "message"),
    [
        ([Resource(Item, prefix="admin")], "expected a prefix such as '/admin'"),
        ([Resource(Item, prefix="/Admin/")], "expected a prefix"),
        ([Resource(Item, prefix="/items")], "/items is served already"),
        ([Resource(Item, prefix="/items/old")], "/items is served already"),
        ([Resource(Item, prefix="/_starmodel")], "expected a prefix"),
        ([Resource(Item, prefix="/static/x")], "/static is served already"),
        ([Resource(Item, prefix="/a"), Resource(Item, prefix="/a")], "declared twice"),
        ([Resource(Pathless, prefix="/a")], "path=None"),
        ([Resource(Item, prefix="/a", policy=object())], "expected an AccessPolicy"),
        ([Resource(Item, prefix="/a", ui={"record.footer": banner})], "'record.footer'; expected"),
        ([Resource(Item, prefix="/a", ui={"record.detail": 3})], "expected a function"),
        ([Resource(Item, prefix="/a", ui=3)], "ui is 3"),
        ([Item], "expected Resource objects"),
    ],
)
def test_invalid_resource_stops_the_start(serve: Any, resources: list[Any], message: str) -> None:
    with pytest.raises(ConfigurationError, match=re.escape(message)):
        serve(Item, Pathless, resources=resources)


class Memo(Entity):
    model_config = {"scope": "record"}
    text: str = ""


class Diary(Entity):
    model_config = {"scope": "record", "path": "memos/extra"}
    text: str = ""


@pytest.mark.parametrize(
    ("resources", "message"),
    [
        ([Resource("Memo", "/a")], "expected an entity class"),
        ([Resource(Memo, None)], "expected an entity class"),
        ([Resource(Memo, "/a", policy=RulePolicy)], "expected an AccessPolicy"),
        ([Resource(Memo, "/a"), Resource(Diary, "/a")], "collides with /a/memos"),
        ([Resource(Diary, "/a"), Resource(Memo, "/a")], "collides with /a/memos/extra"),
        ([Resource(Memo, "/docs")], "/docs is served already"),
        ([Resource(Memo, "/auth/x")], "/auth is served already"),
    ],
)
def test_resource_that_cannot_be_served_is_refused(resources, message):
    with pytest.raises(ConfigurationError, match=message):
        create_app([Memo, Diary], resources=resources, secret_key="k" * 40)


def test_every_generated_page_has_a_description() -> None:
    assert set(PAGES) == set(get_args(Page))
