"""Forms without JavaScript: POST, redirect, GET, and the form with errors when refused."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import SecretStr

from integration.web.browser import unlisted
from integration.web.entities import Product
from integration.web.html_forms import form_of
from starmodel import Entity, EntityConfig, Field, Redirect, Toast, event


async def pen(browser: Any) -> str:
    response = await browser.submit("/products", {"name": "Pen", "price": "2", "stock": "1"})
    assert response.status_code == 303, response.text
    return str(response.headers["location"])


async def test_create_update_and_delete_by_plain_forms(visit: Any) -> None:
    browser = visit(Product)
    url = await pen(browser)

    updated = await browser.submit(f"{url}/update", {"name": "Ink"})
    page = await browser.page(updated.headers["location"])
    deleted = await browser.submit(f"{url}/delete")

    assert (updated.status_code, updated.headers["location"]) == (303, url)
    assert "Ink" in page.text
    assert (deleted.status_code, deleted.headers["location"]) == (303, "/products")
    assert (await browser.page(url)).status_code == 404


async def test_event_redirects_to_its_page(visit: Any) -> None:
    browser = visit(Product)
    url = await pen(browser)

    response = await browser.submit(
        f"{url}/adjust_stock", {"amount": "4"}, headers={"referer": f"http://testserver{url}?a=1"}
    )

    assert (response.status_code, response.headers["location"]) == (303, f"{url}?a=1")
    assert (await browser.call("GET", url)).json()["stock"] == 5


@pytest.mark.parametrize(
    "referer",
    ["https://evil.example/x", "http://testserver//evil.example/", "", "http://[", "/relative"],
)
async def test_event_never_redirects_to_another_host(visit: Any, referer: str) -> None:
    browser = visit(Product)
    url = await pen(browser)

    response = await browser.submit(
        f"{url}/adjust_stock", {"amount": "4"}, headers={"referer": referer}
    )

    assert response.status_code == 303
    assert response.headers["location"] in ("/products", "/evil.example/", url)


async def test_form_action_is_the_event_url(visit: Any) -> None:
    browser = visit(Product)
    url = await pen(browser)

    page = (await browser.page(url)).text

    assert f'action="{url}/adjust_stock"' in page
    assert 'method="post"' in page


async def test_rejected_create_renders_the_form_with_values_and_errors(visit: Any) -> None:
    browser = visit(Product)

    response = await browser.submit("/products", {"name": 'P"<en', "price": "cheap", "tags": "[1"})

    assert response.status_code == 422
    assert "<form" in response.text
    assert 'action="/products"' in response.text
    assert 'value="P&quot;&lt;en"' in response.text
    assert 'value="cheap"' in response.text
    assert ">\n[1</textarea>" in response.text  # browsers drop the first line break
    assert "Enter a number." in response.text.partition('id="Product-create-price-problem"')[2][:80]
    assert (await browser.call("GET", "/products")).json()["items"] == []


async def test_rejected_update_and_event_render_their_forms(visit: Any) -> None:
    browser = visit(Product)
    url = await pen(browser)

    update = await browser.submit(f"{url}/update", {"price": "much"})
    stock = await browser.submit(f"{url}/adjust_stock", {"amount": "-5"})

    assert update.status_code == stock.status_code == 422
    assert 'value="much"' in update.text
    assert f'action="{url}/update"' in update.text
    assert "Insufficient stock" in stock.text
    assert 'value="-5"' in stock.text
    assert f'action="{url}/adjust_stock"' in stock.text


async def test_password_is_not_rendered_again(visit: Any) -> None:
    class Door(Entity):
        @event
        def enter(self, password: SecretStr, name: str) -> None:
            raise ValueError("Wrong name or password")

    response = await visit(Door).submit("/door/enter", {"password": "s3cr3t", "name": "Ann"})

    assert response.status_code == 422
    assert 'value="Ann"' in response.text
    assert "s3cr3t" not in response.text


async def test_unchecked_checkbox_is_false(visit: Any) -> None:
    class Lamp(Entity):
        on: bool = True

        @event
        def switch(self, on: bool) -> None:
            self.on = on

    browser = visit(Lamp)

    await browser.submit("/lamp/switch", {"on": "false"})
    off = (await browser.call("GET", "/lamp")).json()["on"]
    await browser.submit("/lamp/switch", {"on": ["false", "true"]})

    assert off is False
    assert (await browser.call("GET", "/lamp")).json()["on"] is True


async def test_denied_form_is_an_error_page(visit: Any) -> None:
    class Safe(Entity):
        model_config = EntityConfig(scope="app")
        open: bool = False

        @event
        def crack(self, code: int) -> None:
            self.open = True

    response = await visit(Safe).submit("/safe/crack", {"code": "x"})

    assert response.status_code == 401
    assert "Sign in to" in response.text
    assert "sm-form" not in response.text


class Form(Entity):
    model_config = EntityConfig(access="public", scope="record")
    title: str
    stock: int = Field(default=3, ge=0)
    limit: int | None = 5
    share: float = 0.5
    tags: list[str] = ["a"]

    @event
    def rename(self, title: str) -> Any:
        self.title = title
        return Toast(f"Now {title}", "success")

    @event
    async def work(self) -> Any:
        yield Toast("Begun")
        yield [Toast("Done"), Redirect("/forms")]


async def _form(browser: Any) -> str:
    response = await browser.submit("/forms", {"title": "One"})
    return str(response.headers["location"])


async def test_empty_required_text_is_rejected_in_a_form_and_accepted_in_json(visit: Any) -> None:
    browser = visit(Form)
    url = await _form(browser)

    created = await browser.submit("/forms", {"title": ""})
    renamed = await browser.submit(f"{url}/rename", {"title": ""})
    as_json = await browser.call("POST", f"{url}/rename", {"title": ""})

    assert (created.status_code, renamed.status_code) == (422, 422)
    assert "Please fill this in." in created.text
    assert as_json.json()["entity"]["title"] == ""


async def test_cleared_input_is_rejected_or_none_or_an_empty_list_on_update(visit: Any) -> None:
    browser = visit(Form)
    url = await _form(browser)

    emptied = await browser.submit(f"{url}/update", {"title": "Two", "stock": ""})
    nothing = await browser.submit(f"{url}/update", {"limit": "", "tags": ""})

    now = (await browser.call("GET", url)).json()
    assert emptied.status_code == 422
    assert "Please fill this in." in emptied.text
    assert nothing.status_code == 303
    assert now == {"id": now["id"], "title": "One", "stock": 3, "limit": None, "share": 0.5} | {
        "tags": []
    }


async def test_empty_input_of_a_create_form_leaves_the_default(visit: Any) -> None:
    browser = visit(Form)

    response = await browser.submit("/forms", {"title": "One", "stock": "", "share": ""})

    now = (await browser.call("GET", response.headers["location"])).json()
    assert (now["stock"], now["share"]) == (3, 0.5)


@pytest.mark.parametrize("text", ["nan", "inf", "-Infinity", "1e999"])
async def test_number_that_is_not_finite_is_rejected_by_every_converter(
    visit: Any, text: str
) -> None:
    browser = visit(Form)
    url = await _form(browser)

    results = [
        await browser.submit(f"{url}/update", {"share": text}),
        await browser.call("PATCH", url, {"share": text}),
    ]

    assert [result.status_code for result in results] == [422, 422]
    assert "Enter a finite number." in results[0].text
    assert (await browser.call("GET", url)).json()["share"] == 0.5


async def test_form_check_reports_all_errors(visit: Any) -> None:
    browser = visit(Form)

    response = await browser.post(
        "/forms",
        data={"title": "", "stock": "-1"},
        headers={"accept": "application/json", "origin": "http://testserver"}
        | {"starmodel-check": "1"},
    )

    assert response.json()["errors"] == {
        "title": "Please fill this in.", "stock": "Must be at least 0.",
    }  # fmt: skip


async def test_toasts_of_a_plain_form_are_on_the_next_page_only(visit: Any) -> None:
    browser = visit(Form)
    url = await _form(browser)

    await browser.submit(f"{url}/rename", {"title": "<b>"})
    await browser.submit(f"{url}/work")
    first, second = await browser.page("/forms"), await browser.page("/forms")

    messages = [text for text in ("Now &lt;b&gt;", "Begun", "Done") if text in first.text]
    assert messages == ["Now &lt;b&gt;", "Begun", "Done"]
    assert "data-toast" not in second.text


async def test_long_toasts_never_fill_the_cookie(visit: Any) -> None:
    browser = visit(Form)
    url = await _form(browser)

    for _ in range(6):
        response = await browser.submit(f"{url}/rename", {"title": "\u4f60" * 2000})
        assert response.status_code == 303

    page = await browser.page("/forms")
    assert page.text.count("data-toast=") <= 3


async def test_field_named_like_a_property_of_forms_is_sent_under_another_name(
    visit: Any,
) -> None:
    browser = visit(Named)

    form = (await browser.page("/nameds/new")).text
    response = await browser.submit("/nameds", {"_field.dataset": "d", "closest": "c"})

    assert 'name="_field.dataset"' in form
    stored = (await browser.call("GET", response.headers["location"])).json()
    assert (stored["dataset"], stored["closest"]) == ("d", "c")


class Named(Entity):
    model_config = EntityConfig(access="public", scope="record")
    dataset: str = ""
    closest: str = ""


async def test_cleared_required_text_is_rejected_on_update(visit: Any) -> None:
    browser = visit(Product)
    url = await pen(browser)

    response = await browser.submit(f"{url}/update", {"name": "", "price": "3"})

    assert response.status_code == 422
    assert "Please fill this in." in response.text
    assert (await browser.call("GET", url)).json()["price"] == 2


async def test_bulk_results_are_on_the_next_page(visit: Any) -> None:
    browser = visit(Product)
    id = (await pen(browser)).rpartition("/")[2]

    asked = await browser.submit("/products/_bulk", {"event": "delete", "id[]": id})
    assert "Delete 1 product?" in asked.text
    fields = dict(form_of(asked.text, "/products/_bulk").sent)
    response = await browser.submit("/products/_bulk", fields)
    page = await browser.page(response.headers["location"])

    assert fields == {"event": "delete", "confirmed": "1", "id[]": id}
    assert "1 product deleted." in page.text


@pytest.mark.parametrize("words", ["order=nope", "page=0", "price__near=1"])
async def test_invalid_list_url_error_is_a_sentence(visit: Any, words: str) -> None:
    browser = visit(Product)

    page = await browser.page(f"/products?{words}")
    response = await browser.call("GET", f"/products?{words}")

    assert (page.status_code, response.status_code) == (400, 400)
    assert "Open the list and choose again." in page.text
    assert response.json()["detail"] not in page.text


async def test_value_that_no_filter_has_is_named_with_its_field(visit: Any) -> None:
    page = await visit(Product).page("/products?price__gte=abc")

    assert page.status_code == 400
    assert "“Price” is filtered by a number" in page.text


async def test_refusal_names_no_class_to_visitors(visit: Any) -> None:
    @unlisted
    class LedgerEntry(Entity):
        model_config = EntityConfig(scope="app", access="role:boss", path="/ledger")
        count: int = 0

    browser = visit(LedgerEntry)
    await browser.page("/sign-in/ann")

    page = await browser.page("/ledger")
    response = await browser.call("GET", "/ledger")

    assert (page.status_code, response.status_code) == (403, 403)
    assert "You don't have permission to see this." in page.text
    assert "LedgerEntry" not in page.text
    assert response.json()["detail"] == "You may not read LedgerEntry."
