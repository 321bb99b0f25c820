"""Ids, field names and parameters never collide with route segments."""

from __future__ import annotations

from typing import Any
from urllib.parse import urljoin

import pytest
from starlette.applications import Starlette
from starlette.routing import Mount

from integration.web.browser import moved_to, unlisted
from integration.web.entities import Product
from starmodel import ConfigurationError, Entity, EntityConfig, Redirect, create_app, event

IDS = [
    "new", "_bulk", ".", "..", "~", "~new", "~~..", "~a", "edit", "hit", "create", "a/b", "/",
    "//x",
    "100%", "%2F", "%2e%2e", "a?b#c", "a\\b", "a b", " a", "+", "null", "none", "{id}", "<b>", "'",
    '"', "a,b", "ä", "日本", "x" * 200,
]  # fmt: skip


@unlisted
class Brand(Entity):
    model_config = EntityConfig(scope="record", access="public")
    id: str
    name: str = "x"
    hits: int = 0

    @event
    def hit(self) -> None:
        self.hits += 1


@pytest.mark.parametrize("id", IDS)
async def test_record_of_any_id_is_usable_at_its_location(visit: Any, id: str) -> None:
    browser = visit(Brand)
    made = await browser.call("POST", "/brands", {"id": id})
    at = made.headers["location"]
    assert made.status_code == 201
    assert urljoin("http://h/brands/other", at) == f"http://h{at}"  # as a browser resolves it

    assert (await browser.call("GET", at)).json()["id"] == id
    assert (await browser.call("POST", f"{at}/hit")).json()["entity"]["hits"] == 1
    assert (await browser.click(f"{at}/hit")).headers["starmodel-status"] == "200"
    assert (await browser.call("PATCH", at, {"name": "y"})).json()["entity"]["name"] == "y"
    page, edit = await browser.page(at), await browser.page(f"{at}/edit")
    assert page.status_code == edit.status_code == 200
    listed = await browser.page("/brands")
    assert f'href="{at}"'.replace("'", "&#x27;") in listed.text
    for address in (f'href="{at}/edit"', f"{at}/hit"):
        assert address in page.text
    assert f'action="{at}/update"' in edit.text
    done = await browser.call("POST", "/brands/_bulk", {"event": "hit", "id": [id]})
    assert done.json()["done"] == [id]
    assert (await browser.call("DELETE", at)).status_code == 200
    assert (await browser.call("GET", at)).status_code in (404, 410)


async def test_empty_id_has_its_error_beside_its_input(visit: Any) -> None:
    browser = visit(Brand)

    response = await browser.call("POST", "/brands", {"id": ""})

    assert response.status_code == 422
    assert "id" in response.json()["errors"]
    assert (await browser.call("GET", "/brands?total=1")).json()["total"] == 0


async def test_reserved_route_segments_still_respond(visit: Any) -> None:
    browser = visit(Brand)
    for id in ("new", "_bulk"):
        await browser.call("POST", "/brands", {"id": id, "name": f"the {id}"})

    assert "New brand" in (await browser.page("/brands/new")).text
    assert "the new" in (await browser.page("/brands/~new")).text
    assert (await browser.call("GET", "/brands/~other")).status_code == 404


@unlisted
class Print(Entity):
    model_config = EntityConfig(
        store="sql", access="public",
        list_filter=["page", "order", "cursor", "total", "datastar", "search", "per_page"],
    )  # fmt: skip
    page: int = 0
    order: str = ""
    search: str = ""
    per_page: bool = False
    cursor: bool = False
    total: bool = False
    datastar: bool = False


async def test_fields_named_as_list_parameters_are_filtered_and_sorted_by(visit: Any) -> None:
    browser = visit(Print)
    for number in (1, 2):
        values: dict[str, Any] = dict.fromkeys(["cursor", "total", "datastar"], number == 2)
        values |= {"order": f"o{number}", "search": f"s{number}", "per_page": number == 2}
        await browser.call("POST", "/prints", {"page": number, **values})

    async def pages(question: str) -> list[int]:
        items = (await browser.call("GET", f"/prints?{question}")).json()["items"]
        return [item["page"] for item in items]

    for name, value in (
        ("page", "2"), ("order", "o2"), ("search", "s2"), ("per_page", "true"),
        ("cursor", "true"), ("total", "true"), ("datastar", "true"),
    ):  # fmt: skip
        assert await pages(f"{name}__eq={value}") == [2], name
        assert await pages(f"order=-{name}") == [2, 1], name
        # The page's filter form uses the same parameter name, and its links preserve it.
        shown = await browser.page(f"/prints?{name}__eq={value}&per_page=1")
        assert shown.text.count("<tr data-key=") == 1, name
        assert f"{name}__eq={value}" in shown.text, name
    form = (await browser.page("/prints")).text
    for name in ("per_page", "cursor", "total", "datastar"):
        assert f'<select name="{name}__eq"' in form
        assert f'<select name="{name}"' not in form


TRACKERS = [
    "utm_source=news&utm_medium=mail", "fbclid=IwAR0", "gclid=x", "_ga=1.2", "__hstc=1", "ref=x",
    "fbclid", "=x", "&", "utm_id=%00", "a[b]=c", "__s=5", "_hsenc=p2A",
]  # fmt: skip


@pytest.mark.parametrize("extra", TRACKERS)
async def test_page_of_a_list_ignores_parameters_that_name_no_field(visit: Any, extra: str) -> None:
    browser = visit(Product)
    for name in ("Pen", "Ink"):
        await browser.call("POST", "/products", {"name": name})

    for question in ("", "search=pen&", "name=Pen&order=-name&"):
        plain = await browser.page(f"/products?{question}")
        shown = await browser.page(f"/products?{question}{extra}")
        assert shown.status_code == 200
        rows = plain.text.partition("<tbody")[2]
        assert (
            shown.text.partition("<tbody")[2].partition("</table>")[0]
            == (rows.partition("</table>")[0])
        )
        assert "utm_" not in shown.text


@pytest.mark.parametrize(
    "question", ["price__gtt=5", "prise__gt=5", "price=x", "order=prise", "page=x"]
)
async def test_page_of_a_list_rejects_a_mistaken_filter(visit: Any, question: str) -> None:
    assert (await visit(Product).page(f"/products?{question}")).status_code == 400


@pytest.mark.parametrize("question", ["prise=5", "utm_source=x", "cost=1", "total=often"])
async def test_list_in_json_rejects_every_unknown_parameter(visit: Any, question: str) -> None:
    assert (await visit(Product).call("GET", f"/products?{question}")).status_code == 400


async def test_private_field_is_as_unknown_to_a_page_as_any_other_name(visit: Any) -> None:
    browser = visit(Product)
    await browser.call("POST", "/products", {"name": "Pen"})

    pages = [await browser.page(f"/products?{name}=0.5") for name in ("cost", "unknown", "_")]
    wrong = [await browser.page(f"/products?{name}__gt=0.5") for name in ("cost", "unknown")]

    assert {page.status_code for page in pages} == {200}
    assert {page.text.count("<tr data-key=") for page in pages} == {1}
    assert [page.status_code for page in wrong] == [400, 400]


@pytest.mark.parametrize(
    ("parameters", "leads"),
    [
        ("/products/", "/products"), ("/products/?order=-name", "/products?order=-name"),
        ("//products", "/products"), ("/products//", "/products"),
        ("/products/new/", "/products/new"),
        ("/products/{id}/", "/products/{id}"), ("/products//{id}/edit", "/products/{id}/edit"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("mount", ["", "/shop"])
async def test_double_slash_redirects_to_the_page(
    visit: Any, serve: Any, parameters: str, leads: str, mount: str
) -> None:
    app = serve(Product)
    browser = visit(Starlette(routes=[Mount(mount, app)]) if mount else app)
    made = await browser.call("POST", f"{mount}/products", {"name": "Pen"})
    id = made.json()["entity"]["id"]
    parameters, leads = parameters.replace("{id}", id), leads.replace("{id}", id)

    for method in ("GET", "HEAD"):
        response = await browser.request(method, f"http://testserver{mount}{parameters}")
        assert response.status_code == 308, response.text
        assert response.headers["location"] == f"{mount}{leads}"
    assert (await browser.page(f"{mount}{leads}")).status_code == 200


async def test_trailing_slash_runs_the_same_event(visit: Any) -> None:
    browser = visit(Product)

    made = await browser.call("POST", "/products/", {"name": "Pen"})
    ran = await browser.call("POST", f"{made.headers['location']}/adjust_stock/", {"amount": 2})

    assert (made.status_code, ran.json()["entity"]["stock"]) == (201, 2)
    assert (await browser.call("DELETE", "/products/")).status_code == 405
    for nowhere in ("/nothing/", "//evil.example/", "/%2F%2Fevil.example/", "/\\evil/"):
        assert (await browser.get(f"http://testserver{nowhere}")).status_code == 404


@unlisted
class Lamp(Entity):
    @event
    def go(self, to: str) -> Any:
        return Redirect(to)

    @event
    def steps(self, to: str) -> Any:
        yield None
        yield Redirect(to)


@pytest.mark.parametrize(
    ("url", "leads"),
    [
        ("/x?y=1#z", "/shop/x?y=1#z"), ("/", "/shop/"), ("/shop/x", "/shop/x"), ("/shop", "/shop"),
        ("/shopping", "/shop/shopping"), ("x", "x"), ("?a=1", "?a=1"),
        ("http://testserver/x", "http://testserver/x"),
    ],
)  # fmt: skip
async def test_redirect_of_an_event_follows_the_mount_path(
    visit: Any, serve: Any, url: str, leads: str
) -> None:
    app = serve(Lamp)

    @app.get("/own")
    def own(to: str) -> Any:
        return Redirect(to)

    browser = visit(Starlette(routes=[Mount("/shop", app)]))

    for name in ("go", "steps"):
        clicked = await browser.click(f"/shop/lamp/{name}?to={url.replace('#', '%23')}")
        assert moved_to(clicked.text) == leads
        posted = await browser.submit(f"/shop/lamp/{name}", {"to": url})
        assert posted.headers["location"] == leads
    response = await browser.get("/shop/own", params={"to": url})
    assert response.headers["location"] == leads
    inner = visit(app)
    assert (await inner.submit("/lamp/go", {"to": url})).headers["location"] == url


@pytest.mark.parametrize(
    ("name", "path"),
    [("Doc", "/docs"), ("Admin", "/admin"), ("Static", "/static"), ("Auth", "/auth")],
)
def test_class_with_reserved_path_fails_startup(name: str, path: str) -> None:
    scope = "record" if name == "Doc" else "session"
    made = type(name, (Entity,), {"__module__": __name__, "__qualname__": f"x.<locals>.{name}",
                                  "model_config": EntityConfig(scope=scope)})  # fmt: skip

    with pytest.raises(ConfigurationError) as raised:
        create_app([made], secret_key="k" * 40)
    assert path in str(raised.value)
    assert name in str(raised.value)
    assert "model_config['path']" in str(raised.value)


@pytest.mark.parametrize(
    "path",
    ["/docs", "docs/", "/admin/things", "/_starmodel", "/_starmodel/assets", "/openapi.json",
     "/sign-in", "/sign-up", "/sign-out", "/auth/x", "/static", "/DOCS"],
)  # fmt: skip
def test_reserved_path_fails_startup(path: str) -> None:
    class Thing(Entity):
        model_config = EntityConfig(path=path)

    with pytest.raises(ConfigurationError, match="reserved"):
        create_app([Thing], secret_key="k" * 40)


def test_path_with_a_reserved_prefix_is_accepted() -> None:
    class Thing(Entity):
        model_config = EntityConfig(path="/docsets")

    class Other(Entity):
        model_config = EntityConfig(path="/my/docs")

    class Hidden(Entity):
        model_config = EntityConfig(path=None)

    assert create_app([Thing, Other, Hidden], secret_key="k" * 40)
