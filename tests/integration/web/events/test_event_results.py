"""Return values of events, as encoded for each client."""

from __future__ import annotations

from typing import Any

import pytest
from fasthtml.common import Div, P
from fasthtml.common import Redirect as FastRedirect
from fasthtml.toaster import Toast as FastToast

from integration.web.browser import sse_events, toasts, unlisted
from starmodel import Entity, Redirect, Toast, event


@unlisted
class Desk(Entity):
    n: int = 0

    @event
    def nothing(self) -> None:
        self.n += 1

    @event
    def component(self) -> Any:
        return Div("New <b>", id="box")

    @event(selector="#list", mode="append")
    def appended(self) -> Any:
        return P("row")

    @event(mode="append")
    def appended_at_its_id(self) -> Any:
        return P("row", id="list")

    @event
    def nameless(self) -> Any:
        self.n += 1
        return Div(P("inner", id="inner"))

    @event
    def several(self) -> Any:
        return [Div("1", id="a"), Div("2", id="b"), Toast("Both")]

    @event
    def go(self, to: str) -> Redirect:
        self.n += 1
        return Redirect(to)

    @event
    def go_fast(self) -> Any:
        return FastRedirect("/there")

    @event
    def toast(self) -> Toast:
        return Toast("Saved <b>", "success")

    @event
    def fast_toast(self) -> Any:
        return FastToast("Done", "warning")

    @event
    def extra(self) -> dict[str, Any]:
        return {"draft": "", "total": 2**60, "none": None, "deep": {"big": [2**60]}}

    @event
    def functional(self) -> Desk:
        return self.evolve(n=self.n + 10)

    @event
    def data(self) -> Any:
        return [1, {"two": 2}]


async def parts(visit: Any, name: str) -> list[Any]:
    response = await visit(Desk).click(f"/desk/{name}", starmodel_page="1")
    assert response.headers["starmodel-status"] == "200", response.text
    return sse_events(response.text)[1:]


async def test_none_sends_nothing_more(visit: Any) -> None:
    assert await parts(visit, "nothing") == []


async def test_component_is_patched_at_its_id(visit: Any) -> None:
    (made,) = await parts(visit, "component")

    assert made.data == {"elements": '<div id="box">New &lt;b&gt;</div>'}


async def test_component_is_patched_at_selector_with_mode(visit: Any) -> None:
    (made,) = await parts(visit, "appended")

    assert made.data == {"selector": "#list", "mode": "append", "elements": "<p>row</p>"}


async def test_component_with_mode_but_no_selector_goes_to_its_id(visit: Any) -> None:
    """Datastar itself wants a selector for every mode but outer and replace."""
    (made,) = await parts(visit, "appended_at_its_id")

    assert made.data["selector"] == "#list"


async def test_component_without_id_is_an_error_that_changes_nothing(
    visit: Any, caplog: Any
) -> None:
    browser = visit(Desk)

    response = await browser.click("/desk/nameless")

    assert response.headers["starmodel-status"] == "500"
    assert "id" in caplog.text
    assert "selector" in caplog.text
    assert "Desk.nameless" in caplog.text
    assert (await browser.call("GET", "/desk")).json()["n"] == 0


async def test_list_is_patched_one_by_one(visit: Any) -> None:
    first, second, toast = await parts(visit, "several")

    assert (first.elements, second.elements) == ('<div id="a">1</div>', '<div id="b">2</div>')
    assert toasts(toast.elements) == [("info", "Both")]


@pytest.mark.parametrize(
    "url", ["/there", "there?x=1", "http://testserver/x", "https://ok.example/"]
)
async def test_redirect_to_own_and_allowed_urls(visit: Any, url: str) -> None:
    browser = visit(Desk, allowed_hosts=["testserver", "ok.example"])

    click = await browser.click(f"/desk/go?to={url}")
    plain = await browser.submit(f"/desk/go?to={url}")

    go = sse_events(click.text)[-1]
    assert (go.data["selector"], go.data["mode"]) == ("body", "append")
    assert go.elements.startswith('<div hidden data-init="window.location = &quot;')
    assert (plain.status_code, plain.headers["location"]) == (303, url)


BAD_URLS = [
    "https://evil.example/",
    "//evil.example",
    "///evil.example",
    "\\\\evil.example",
    "/\\evil.example",
    "javascript:alert(1)",
    " javascript:alert(1)",
    "data:text/html,x",
    "/x\r\nSet-Cookie: a=b",
    "/\t/evil.example",
    "http://testserver@evil.example/",
    "http://evil.example\\@testserver/",
    "http://[evil",
    "https:evil.example",
]


@pytest.mark.parametrize("url", BAD_URLS)
async def test_redirect_to_another_host_is_rejected_and_changes_nothing(
    visit: Any, url: str
) -> None:
    browser = visit(Desk)

    click = await browser.click("/desk/go", {"to": url})
    plain = await browser.submit("/desk/go", {"to": url})

    assert click.headers["starmodel-status"] == "400"
    assert "window.location" not in click.text
    assert plain.status_code == 400
    assert "location" not in plain.headers
    assert (await browser.call("GET", "/desk")).json()["n"] == 0


async def test_redirect_with_non_ascii_url_is_percent_encoded(visit: Any) -> None:
    response = await visit(Desk).submit("/desk/go", {"to": "/søk?q=日本&a=1"})

    assert response.headers["location"] == "/s%C3%B8k?q=%E6%97%A5%E6%9C%AC&a=1"


async def test_fasthtml_redirect_and_toast_are_accepted(visit: Any) -> None:
    (go,) = await parts(visit, "go_fast")
    (toast,) = await parts(visit, "fast_toast")

    assert "/there" in go.elements.replace("\\u002f", "/")
    assert toasts(toast.elements) == [("warning", "Done")]


async def test_toast_is_appended_escaped(visit: Any) -> None:
    (made,) = await parts(visit, "toast")

    assert (made.data["selector"], made.data["mode"]) == ("#starmodel-toasts", "append")
    assert "<p>Saved &lt;b&gt;</p>" in made.elements
    assert toasts(made.elements) == [("success", "Saved <b>")]


async def test_dict_patches_signals_with_browser_safe_values(visit: Any) -> None:
    browser = visit(Desk)

    response = await browser.click("/desk/extra", starmodel_page="1")
    api = await browser.call("POST", "/desk/extra")

    assert sse_events(response.text)[0].signals == {
        "draft": "",
        "total": str(2**60),
        "none": "",
        "deep": {"big": [str(2**60)]},
    }
    assert api.json()["result"]["total"] == 2**60


async def test_returned_snapshot_of_the_same_class_becomes_the_state(visit: Any) -> None:
    response = await visit(Desk).call("POST", "/desk/functional")

    assert response.json()["entity"]["n"] == 10
    assert response.json()["result"] is None


async def test_other_data_is_the_result_of_an_api_call(visit: Any) -> None:
    response = await visit(Desk).call("POST", "/desk/data")

    assert response.json()["result"] == [1, {"two": 2}]
