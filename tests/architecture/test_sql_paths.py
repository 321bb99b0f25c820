"""The path of a click on an entity in a database, traced with the writer thread of SQLite."""

from __future__ import annotations

from pathlib import Path

import pytest

from architecture.tracing import Trace, threads_traced, traced
from databases import empty_database
from integration.web.browser import Browser, unlisted
from starmodel import Entity, create_app, event
from starmodel.app.live import reactions

# Functions, files and changes of layer, at most.
LIMITS = {"sqlite": (138, 54, 36), "postgresql": (161, 59, 40)}


@unlisted
class StoredHits(Entity):
    model_config = {"store": "sql", "scope": "session"}
    count: int = 0

    @event
    def add(self, amount: int = 1) -> None:
        self.count += amount


@pytest.fixture(params=LIMITS)
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    return empty_database(request, tmp_path)


async def _traced_click(browser: Browser, number: int) -> Trace:
    with traced() as trace:
        reply = await browser.click(
            "/storedhits/add?amount=1",
            idempotency_key=f"traced-{number}",
            sec_fetch_site="same-origin",
        )
    assert reply.status_code == 200
    assert f'"count":{4 + number}' in reply.text
    return trace


async def test_click_in_a_database_passes_few_functions_files_and_layers(
    url: str,
    request: pytest.FixtureRequest,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(reactions, "_defined", {})  # of other tests
    app = create_app([StoredHits], secret_key="k" * 40, database_url=url)
    with threads_traced():
        async with Browser(app) as browser:
            await browser.page("/storedhits")
            for number in range(3):
                await browser.click("/storedhits/add?amount=1", idempotency_key=f"warm-{number}")
            traces = [await _traced_click(browser, number) for number in range(3)]
    # A poll of a store in the background may run during a click.
    trace = min(traces, key=lambda each: len(each.functions))
    await app.starmodel.close()
    kind: str = request.node.callspec.params["url"]
    with capsys.disabled():
        print(f"\nclick on {kind}: {trace.summary()}")  # noqa: T201  # the figures are the point
    found = len(trace.functions), len(trace.files), trace.layer_changes
    assert all(a <= b for a, b in zip(found, LIMITS[kind], strict=True)), trace.listing()
