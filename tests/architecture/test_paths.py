"""The paths of a click, a list page, a form post and a stream delivery, traced for real."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

from architecture.tracing import Trace, is_below, layer_of, traced
from integration.web.browser import HTML, ORIGIN, Browser, unlisted
from starmodel import Entity, create_app, event
from starmodel.app.live import reactions

DOCUMENT = Path(__file__).parents[2] / "docs" / "architecture.md"
STEP = re.compile(r"^\|[^|]+\| `(starmodel\.[\w.]+)` \|$", re.MULTILINE)
# One file intersects decisions with the grants of tokens.
MAX_FUNCTIONS, MAX_FILES, MAX_LAYER_CHANGES = 90, 41, 33


@unlisted
class Hits(Entity):
    model_config = {"scope": "session"}
    count: int = 0

    @event
    def add(self, amount: int = 1) -> None:
        self.count += amount


@unlisted
class Article(Entity):
    model_config = {"scope": "record", "access": "public", "plural": "articles"}
    title: str = ""


@pytest.fixture
async def browser(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Browser]:
    """A visitor who has used the pages, so that caches are filled."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(reactions, "_defined", {})  # of other tests
    app = create_app([Hits, Article], secret_key="k" * 40)
    async with Browser(app) as browser:
        page = await browser.page("/hits")
        for number in range(3):
            await browser.click("/hits/add?amount=1", idempotency_key=f"warm-{number}")
            await browser.submit("/articles", {"title": f"Title {number}"})
            await browser.page("/articles")
        browser.opened = page.text  # type: ignore[attr-defined]
        yield browser
    await app.starmodel.close()


def steps_of_the_document() -> list[str]:
    """The functions that docs/architecture.md names as the path of a click."""
    text = DOCUMENT.read_text(encoding="utf-8")
    section = text[text.index("## The path of a click") :]
    return STEP.findall(section[: section.index("\n## ", 3)])


async def click(browser: Browser) -> Trace:
    with traced() as trace:
        reply = await browser.click(
            "/hits/add?amount=1", idempotency_key="traced", sec_fetch_site="same-origin"
        )
    assert reply.status_code == 200
    return trace


async def test_click_runs_the_documented_functions_in_order(browser: Browser) -> None:
    async with browser.watch(browser.opened) as stream:  # type: ignore[attr-defined]
        await stream.event()
        await stream.event()
        with traced() as trace:
            await browser.click("/hits/add?amount=1", idempotency_key="traced")
            delivered = await stream.event()
    assert delivered.type.startswith("datastar-patch-")
    steps = steps_of_the_document()
    assert len(steps) > 8
    positions = [trace.position(step) for step in steps]
    in_order = [step for _, step in sorted(zip(positions, steps, strict=True))]
    assert in_order == steps


async def test_click_in_memory_passes_few_functions_files_and_layers(
    browser: Browser, capsys: pytest.CaptureFixture[str]
) -> None:
    trace = await click(browser)
    with capsys.disabled():
        print(f"\nclick: {trace.summary()}")  # noqa: T201  # the figures are the point
    assert len(trace.functions) <= MAX_FUNCTIONS, trace.listing()
    assert len(trace.files) <= MAX_FILES, trace.listing()
    assert trace.layer_changes <= MAX_LAYER_CHANGES, [layer_of(m) for m, _ in trace.calls]


async def test_paths_of_page_form_and_delivery_stay_short(
    browser: Browser, capsys: pytest.CaptureFixture[str]
) -> None:
    with traced() as page:
        await browser.get("/articles", headers=HTML)
    with traced() as form:
        headers = HTML | {"origin": ORIGIN}
        reply = await browser.post("/articles", data={"title": "New"}, headers=headers)
    assert reply.status_code in (303, 302)

    def of_the_delivery(frame: FrameType) -> bool:
        return is_below(frame, "InProcessBus.publish", "HttpTransport.stream")

    async with browser.watch(browser.opened) as stream:  # type: ignore[attr-defined]
        await stream.event()
        await stream.event()
        with traced(of_the_delivery) as delivery:
            await browser.click("/hits/add?amount=1", idempotency_key="delivered")
            await stream.event()
    with capsys.disabled():
        for name, trace in (("list page", page), ("form post", form), ("delivery", delivery)):
            print(f"\n{name}: {trace.summary()}", end="")  # noqa: T201
    found: dict[str, Any] = {"page": page, "form": form, "delivery": delivery}
    assert {name: len(trace.functions) <= 150 for name, trace in found.items()} == dict.fromkeys(
        found, True
    )
