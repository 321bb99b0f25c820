"""Access is checked again at every commit: a waiting command may lose its permission."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from integration.web.browser import unlisted
from integration.web.entities import owns
from starmodel import Entity, EntityConfig, dispatch, event


class Gate:
    """Blocks one event until the test releases it."""

    def close(self) -> None:
        self.reached, self.opened = asyncio.Event(), asyncio.Event()

    async def __call__(self) -> None:
        self.reached.set()
        await self.opened.wait()


gate = Gate()


@unlisted
class Note(Entity):
    model_config = EntityConfig(access={"read": "public", "write": owns})
    owner: str
    text: str = ""
    other: int = 0

    @event
    async def slowly(self) -> None:
        await gate()
        self.text = "slow"

    @event(retry=True)
    async def stubborn(self) -> None:
        before = self.text
        await gate()
        self.text = before + "stubborn"

    @event
    async def in_steps(self) -> Any:
        self.text = "one"
        yield "one"
        await gate()
        self.text = "two"
        yield "two"
        self.text = "three"

    @event
    async def catching(self) -> Any:
        try:
            yield "start"
            await gate()
            self.text = "two"
            yield "two"
        except Exception:
            self.text = "caught"

    @event
    async def give_away(self) -> Any:
        self.owner = "bob"
        yield "given"
        self.text = "still here"

    @event(access="signed_in")
    async def signed_in_only(self) -> Any:
        yield "start"
        await gate()
        self.text = "late"


@unlisted
class Diary(Entity):
    model_config = EntityConfig(access=owns)
    owner: str
    text: str = "dear diary"


@unlisted
class Board(Entity):
    model_config = EntityConfig(scope="app", access="public")
    text: str = ""

    @event
    async def copy_of(self, source: Diary) -> None:
        await gate()
        self.text = "copied"

    @event
    async def copy_in_steps(self, source: Diary) -> Any:
        yield "start"
        await gate()
        self.text = "copied"


@pytest.fixture
async def ann(visit: Any) -> Any:
    gate.close()
    browser = visit(Note)
    await browser.page("/sign-in/ann")
    browser.note = await Note.objects.create(owner="ann")
    browser.url = f"/notes/{browser.note.id}"
    return browser


async def text(browser: Any) -> str:
    return (await Note.objects.get(browser.note.id)).text


async def lose(browser: Any) -> None:
    """Assign the record to another owner, as trusted code."""
    await dispatch(browser.note.do.update(owner="bob"))


@pytest.mark.parametrize("name", ["slowly", "stubborn", "in_steps", "catching"])
@pytest.mark.parametrize("kind", ["json", "click"])
async def test_record_that_changes_owner_is_not_changed(ann: Any, name: str, kind: str) -> None:
    send = (
        ann.click(f"{ann.url}/{name}") if kind == "click" else ann.call("POST", f"{ann.url}/{name}")
    )
    running = asyncio.create_task(send)
    await gate.reached.wait()
    before = await text(ann)
    await lose(ann)
    gate.opened.set()
    result = await running

    assert await text(ann) == before
    if kind == "json":
        assert result.status_code == 403
    else:
        assert "permission to " in result.text


async def test_generator_that_loses_its_record_stops(ann: Any) -> None:
    response = await ann.call("POST", f"{ann.url}/give_away")

    assert response.status_code == 403
    note = await Note.objects.get(ann.note.id)
    assert (note.owner, note.text) == ("bob", "")


@pytest.mark.parametrize("name", ["slowly", "in_steps", "signed_in_only"])
async def test_command_of_a_signed_out_actor_changes_nothing(ann: Any, name: str) -> None:
    running = asyncio.create_task(ann.call("POST", f"{ann.url}/{name}"))
    await gate.reached.wait()
    before = await text(ann)
    await ann.page("/sign-out")
    gate.opened.set()

    assert (await running).status_code == 401
    assert await text(ann) == before


async def test_another_sign_in_of_the_browser_ends_the_command(ann: Any) -> None:
    running = asyncio.create_task(ann.call("POST", f"{ann.url}/slowly"))
    await gate.reached.wait()
    await ann.page("/sign-in/bob")
    gate.opened.set()

    assert (await running).status_code == 401
    assert await text(ann) == ""


async def test_sign_out_of_another_browser_ends_nothing(ann: Any, visit: Any) -> None:
    other = visit(ann.app)
    await other.page("/sign-in/ann")
    running = asyncio.create_task(ann.call("POST", f"{ann.url}/slowly"))
    await gate.reached.wait()
    await other.page("/sign-out")
    gate.opened.set()

    assert (await running).status_code == 200
    assert await text(ann) == "slow"


async def test_change_of_another_field_is_still_rebased(ann: Any) -> None:
    running = asyncio.create_task(ann.call("POST", f"{ann.url}/slowly"))
    await gate.reached.wait()
    await dispatch(ann.note.do.update(other=5))
    gate.opened.set()

    assert (await running).json()["entity"]["other"] == 5
    assert await text(ann) == "slow"


@pytest.mark.parametrize("name", ["copy_of", "copy_in_steps"])
async def test_record_of_an_argument_must_stay_readable(visit: Any, name: str) -> None:
    gate.close()
    browser = visit(Diary, Board)
    await browser.page("/sign-in/ann")
    diary = await Diary.objects.create(owner="ann")
    running = asyncio.create_task(browser.call("POST", f"/board/{name}", {"source": diary.id}))
    await gate.reached.wait()
    await dispatch(diary.do.update(owner="bob"))
    gate.opened.set()

    assert (await running).status_code == 404
    assert (await browser.call("GET", "/board")).json()["text"] == ""


async def test_session_that_ends_in_another_process_ends_the_command(ann: Any) -> None:
    application, keys = ann.app.starmodel, []

    @ann.app.get("/key")
    def key(session):  # type: ignore[no-untyped-def]
        keys.append(session.key)
        return "key"

    await ann.page("/key")
    running = asyncio.create_task(ann.call("POST", f"{ann.url}/slowly"))
    await gate.reached.wait()
    assert application.follows_sessions  # so that the store is polled
    await application.session_changed(keys[0])
    gate.opened.set()

    assert (await running).status_code == 401
    assert await text(ann) == ""
    assert not application.follows_sessions
