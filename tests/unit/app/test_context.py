"""One context variable has the application, session, browser state and page of a request."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest

from starmodel import Session
from starmodel.app.context import (
    RequestContext,
    current_browser_state,
    current_context,
    derived_context,
    use_browser_state,
)
from starmodel.app.sessions.browser_state import NO_BROWSER_STATE, BrowserState
from starmodel.core import current_app


@pytest.fixture(autouse=True)
def _no_request() -> Iterator[None]:
    token = current_context.set(None)
    yield
    current_context.reset(token)


def test_core_reads_the_host_of_the_request() -> None:
    assert current_app.current_host() is None
    host = object()
    current_context.set(RequestContext(host))  # type: ignore[arg-type]
    assert current_app.current_host() is host


def test_derived_context_leaves_the_original_as_it_is() -> None:
    original = RequestContext(session=Session("v", "v", "key"), browser_state=BrowserState("key"))
    current_context.set(original)
    derived = derived_context(browser_state=NO_BROWSER_STATE)
    assert derived.session is original.session
    assert derived.browser_state is NO_BROWSER_STATE
    assert current_browser_state() is original.browser_state


async def test_tasks_share_the_context_of_their_request() -> None:
    current_context.set(RequestContext())
    state = BrowserState("key")

    async def change() -> None:
        use_browser_state(state)

    await asyncio.create_task(change())
    assert current_browser_state() is state


def test_browser_state_without_a_request_is_none_until_it_is_set() -> None:
    assert current_browser_state() is None
    use_browser_state(NO_BROWSER_STATE)
    assert current_browser_state() is NO_BROWSER_STATE
