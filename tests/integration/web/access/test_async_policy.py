"""Every access test again, with a policy that awaits each decision."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from typing import Any

import pytest

from integration.web.access.test_access import *  # noqa: F403 - the same tests and fixtures
from integration.web.access.test_access_at_commit import *  # noqa: F403
from integration.web.access.test_list_access import *  # noqa: F403
from integration.web.access.test_list_access import mine as own
from integration.web.access.test_reply_disclosure import *  # noqa: F403
from integration.web.browser import unlisted
from integration.web.streams.test_stream_lists import keys, watch
from starmodel import AccessDeniedError, Actor, Entity, event
from starmodel.app.access.policy import TRUSTED, Audience
from starmodel.app.access.rules import RulePolicy
from starmodel.core.snapshot import version_of

pytestmark = pytest.mark.slow
del test_scan_limit_does_not_apply_to_what_the_store_decides  # noqa: F821 - see the next test


@pytest.mark.parametrize("rule", ["expression", "mixed"], indirect=True)
async def test_scan_limit_applies_to_rules_of_a_policy_with_a_check_of_its_own(make: Any) -> None:
    """No store decides for a policy that may decide otherwise."""
    browser = await make(40, [0, 39], access_scan_limit=3)

    assert (await browser.call("GET", "/orders?order=id")).status_code == 422


class AsyncRules(RulePolicy):
    """The rules, each decided after a pause."""

    async def check(self, *args: Any, **options: Any) -> None:  # type: ignore[override]
        await asyncio.sleep(0)
        super().check(*args, **options)


@pytest.fixture(autouse=True)
def _asynchronous(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("starmodel.bootstrap.RulePolicy", AsyncRules)


class Grants:
    """A policy that reads grants from a store: (actor, need, id of the record)."""

    def __init__(self, *grants: tuple[str, str, str]) -> None:
        self.rows = set(grants)
        self.running = 0

    async def _has(self, actor: Actor | None, need: str, id: str | None) -> bool:
        self.running += 1
        await asyncio.sleep(0.001)
        self.running -= 1
        who = "" if actor is None else actor.id
        return any((who, need) == row[:2] and id in (None, row[2]) for row in self.rows)

    async def check(
        self, entity_type: Any, need: str, actor: Any, *, event: Any = None, entity: Any = None
    ) -> None:
        if actor is TRUSTED:
            return
        id = None if entity is None or not version_of(entity) else entity.id
        if not await self._has(actor, need, id):
            raise AccessDeniedError(f"You may not {need} this.")

    def reads_fields(self, entity_type: Any) -> bool:
        return True

    async def audience(self, entity_type: Any, actor: Any) -> Audience:
        may = await self._has(actor, "write", None)
        return Audience(frozenset(entity_type.events) if may else frozenset())


@unlisted
class Page(Entity):
    model_config = {"scope": "record"}
    id: str
    title: str = ""

    @event
    async def revise(self, title: str, delay_s: float = 0.0) -> Any:
        await asyncio.sleep(delay_s)
        self.title = title

    @event
    async def all(self) -> Any:
        return await Page.objects.list(order="title")


@pytest.fixture
async def site(serve: Callable[..., Any], visit: Any) -> Any:
    """An application with the pages a, b and c; Ann reads a and b, and writes a."""
    policy = Grants(("ann", "read", "a"), ("ann", "read", "b"), ("ann", "write", "a"))
    app = serve(Page, policy=policy)
    for id in "abc":
        await app.starmodel.objects(Page).create(id=id, title=f"Title {id}")
    browser = visit(app)
    await browser.page("/sign-in/ann")
    browser.policy = policy
    return browser


async def test_reads_follow_the_grants(site: Any, visit: Any) -> None:
    statuses = [(await site.call("GET", f"/pages/{id}")).status_code for id in "abc"]
    assert statuses == [200, 200, 404]
    response = (await site.call("GET", "/pages?total=1&order=title")).json()
    assert ([item["id"] for item in response["items"]], response["total"]) == (["a", "b"], 2)
    cursor = (await site.call("GET", "/pages?cursor=&per_page=1")).json()
    assert len(cursor["items"]) == 1
    assert cursor["next"]
    assert (await visit(site.app).call("GET", "/pages")).status_code == 403


async def test_writes_follow_the_grants(site: Any) -> None:
    statuses = [
        (await site.call("PATCH", f"/pages/{id}", {"title": "New"})).status_code for id in "abc"
    ]
    assert statuses == [200, 403, 404]
    assert (await site.call("POST", "/pages/b/revise", {"title": "New"})).status_code == 403
    assert [page.title for page in await Page.objects.list(order="id")] == [
        "New", "Title b", "Title c",
    ]  # fmt: skip


async def test_record_page_offers_what_the_policy_permits(site: Any) -> None:
    mine, other = await site.page("/pages/a"), await site.page("/pages/b")
    assert "/pages/a/edit" in mine.text
    assert "/pages/b/edit" not in other.text
    assert 'href="/pages"' in other.text  # the navigation
    assert (await site.call("GET", "/pages/a/edit")).status_code == 200
    assert (await site.call("GET", "/pages/b/edit")).status_code == 403
    assert (await site.call("GET", "/pages/c/edit")).status_code == 404


async def test_list_page_shows_readable_rows(site: Any) -> None:
    page = await site.page("/pages?order=title")
    assert keys(page.text) == ["a", "b"]
    assert "/pages/new" in page.text
    site.policy.rows = {row for row in site.policy.rows if row[1] == "read"}
    assert "/pages/new" not in (await site.page("/pages")).text


async def test_access_is_awaited_again_at_the_commit(site: Any) -> None:
    running = asyncio.ensure_future(
        site.call("POST", "/pages/a/revise", {"title": "New", "delay_s": 0.1})
    )
    await asyncio.sleep(0.05)
    site.policy.rows.discard(("ann", "write", "a"))
    assert (await running).status_code == 403
    assert (await Page.objects.get("a")).title == "Title a"


class Pausing(AsyncRules):
    """Rules that pause each decision about a record until the test releases them."""

    def __init__(self) -> None:
        super().__init__()
        self.reached, self.opened = asyncio.Event(), asyncio.Event()

    async def check(self, *args: Any, **options: Any) -> None:  # type: ignore[override]
        if args[2] is not TRUSTED and options.get("entity") is not None:
            self.reached.set()
            await self.opened.wait()
        await super().check(*args, **options)


async def test_synchronous_event_changes_nothing_after_a_sign_out_during_its_decision(
    serve: Callable[..., Any], visit: Any
) -> None:
    policy = Pausing()
    ann = visit(serve(Page, policy=policy))
    await Page.objects.create(id="a", title="Title a")
    await ann.page("/sign-in/ann")
    running = asyncio.ensure_future(ann.call("PATCH", "/pages/a", {"title": "New"}))
    await policy.reached.wait()
    await ann.page("/sign-out")
    policy.opened.set()
    assert (await running).status_code == 401
    assert (await Page.objects.get("a")).title == "Title a"


async def test_result_omits_unreadable_records(site: Any) -> None:
    response = await site.call("POST", "/pages/a/all")
    assert [page["id"] for page in response.json()["result"]] == ["a", "b"]


async def test_repeated_command_is_decided_again(site: Any) -> None:
    key = {"idempotency-key": "k" * 20}
    first = await site.call("POST", "/pages/a/all", headers=key)
    assert len(first.json()["result"]) == 2
    site.policy.rows.discard(("ann", "read", "b"))
    again = await site.call("POST", "/pages/a/all", headers=key)
    assert again.json()["result"] is None


async def test_stream_of_a_record_ends_with_its_grant(site: Any) -> None:
    page = await site.page("/pages/b")
    async with site.watch(site.stream_url(page.text)) as stream:
        assert (await stream.event()).type == "starmodel-open"
        while not await stream.silent():
            pass
        await site.app.starmodel.dispatch(Page(id="b").do.update(title="Visible"))
        assert "Visible" in await stream.block() + await stream.block()
        site.policy.rows.discard(("ann", "read", "b"))
        await site.app.starmodel.dispatch(Page(id="b").do.update(title="Hidden"))
        assert "Hidden" not in await stream.block() + await stream.block()


async def test_stream_of_a_list_follows_the_grants(site: Any) -> None:
    page = await site.page("/pages?order=title")
    async with watch(site, page) as stream:
        assert (await stream.event()).type == "starmodel-open"
        await site.app.starmodel.dispatch(Page(id="c").do.update(title="Hidden"))
        assert await stream.silent()
        site.policy.rows.add(("ann", "read", "c"))
        await site.app.starmodel.dispatch(Page(id="c").do.update(title="Title d"))
        assert "Title d" in await stream.block()


async def test_rendered_pages_equal_those_of_the_synchronous_policy(
    serve: Callable[..., Any], visit: Any
) -> None:
    @unlisted
    class Note(Entity):
        model_config = {
            "scope": "record",
            "access": {"read": "public", "write": own},
        }
        id: str
        owner: str = "ann"

        @event
        def sign(self) -> None:
            """Sign the note."""

    made = []
    for policy in (RulePolicy(), AsyncRules()):
        app = serve(Note, policy=policy)
        for id, owner in (("1", "ann"), ("2", "bob")):
            await app.starmodel.objects(Note).create(id=id, owner=owner)
        browser = visit(app)
        texts = []
        for sign_in in ("", "/sign-in/ann"):
            if sign_in:
                await browser.page(sign_in)
            for path in ("/", "/notes", "/notes/1", "/notes/2", "/nothing"):
                text = (await browser.call("GET", path, headers={"accept": "text/html"})).text
                text = re.sub(r'token=[^"&]+|data-state="[^"]+"', "", text)
                texts.append(re.sub(r"[0-9a-f]{8,}|[\w-]{40,}", "", text))
        made.append(texts)
    for synchronous, asynchronous in zip(*made, strict=True):
        assert asynchronous == synchronous
