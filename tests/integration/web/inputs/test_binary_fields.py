"""Binary fields that are no UTF-8, in every store and response type."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import BaseModel

from integration.web.browser import JSON, sse_events
from starmodel import Entity, event

ODD = "data:;base64,iVBOR/8="
RAW = b"\x89PNG\xff"


class Part(BaseModel):
    raw: bytes = b""
    name: str = ""


def _photo(store: str) -> type[Entity]:
    class Photo(Entity):
        model_config = {"store": store, "scope": "record", "access": "public"}
        title: str = ""
        picture: bytes | None = None
        digests: list[bytes] = []
        by_name: dict[str, bytes] = {}
        part: Part = Part()

        @event
        def draw(self, picture: bytes) -> bytes:
            self.picture, self.digests, self.by_name = picture, [picture], {"a": picture}
            self.part = Part(raw=picture)
            return picture

        @event
        def rename(self, title: str) -> None:
            self.title = title

    return Photo


@pytest.mark.parametrize("store", ["memory", "sql"])
async def test_record_with_binary_bytes_is_stored_rendered_and_changed(
    visit: Any, store: str
) -> None:
    options = {"database_url": "sqlite://"} if store == "sql" else {}
    browser = visit(_photo(store), **options)
    made = await browser.call("POST", "/photos", json={"picture": ODD, "digests": [ODD, "abc"]})
    at = made.headers["location"]
    assert (made.status_code, made.json()["entity"]["picture"]) == (201, ODD)

    drawn = await browser.call("POST", f"{at}/draw", json={"picture": ODD})
    assert (drawn.status_code, drawn.json()["result"]) == (200, ODD)
    state = (await browser.call("GET", at)).json()
    assert state["picture"] == state["by_name"]["a"] == state["part"]["raw"] == ODD
    assert state["digests"] == [ODD]

    again = {name: state[name] for name in ("picture", "digests", "by_name", "part")}
    assert (await browser.call("PATCH", at, json=again)).status_code == 200
    assert (await browser.call("GET", at)).json() == state  # the response can be sent back
    assert (await browser.call("GET", "/photos")).json()["items"] == [state]
    for path in ("/photos", at, f"{at}/edit"):
        assert (await browser.page(path)).status_code == 200
    shown = await browser.click(f"{at}/rename?title=b")
    assert sse_events(shown.text)[0].data["status"] == "200"


async def test_session_state_with_binary_bytes_is_rendered(visit: Any) -> None:
    class Sketch(Entity):
        picture: bytes = b""

        @event
        def draw(self) -> dict[str, bytes]:
            self.picture = RAW
            return {"drawn": RAW}

    browser = visit(Sketch)
    reply = await browser.click("/sketch/draw")
    events = sse_events(reply.text)
    assert events[0].signals == {"drawn": ODD}
    assert events[1].signals == {"Sketch": {"picture": ODD}}
    assert (await browser.get("/sketch", headers=JSON)).json()["picture"] == ODD


async def test_edit_form_keeps_untouched_bytes(visit: Any) -> None:
    browser = visit(_photo("memory"))
    made = await browser.call("POST", "/photos", json={"picture": ODD, "part": {"raw": ODD}})
    at = made.headers["location"]
    reply = await browser.post(
        f"{at}/update",
        data={"title": "new", "picture": ODD, "part.raw": ODD},
        headers={"origin": "http://testserver", "accept": "text/html"},
    )
    assert reply.status_code == 303
    state = (await browser.call("GET", at)).json()
    assert (state["title"], state["picture"], state["part"]["raw"]) == ("new", ODD, ODD)
