"""The context of a request: what code that runs for it reaches without a parameter."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace
from typing import Any, cast

from starmodel.app.sessions.browser_state import BrowserState
from starmodel.app.sessions.session import Session
from starmodel.core import current_app
from starmodel.core.current_app import Host
from starmodel.texts.language import Language


@dataclass(slots=True)
class RequestContext:
    """The application, session, browser state and page of one request.

    Tasks inherit the context of the code that creates them, and share this object with it.
    Scripts and WebSockets have a context without a page.

    Shapes: browser_state is None while a page is made: its request has no state, and the page
    begins with defaults. root_path is where the response's page is mounted, None for code that
    makes no page; is_patch is True for content that goes into an open page. The frontend
    makes the page at its first use. scope is the ASGI scope. area is that of the resource which
    serves the request, None for the default one. language is that of the visitor, None in an
    application with one language.
    """

    host: Host | None = None
    session: Session | None = None
    browser_state: BrowserState | None = None
    root_path: str | None = None
    is_patch: bool = False
    scope: Any = None
    page: Any = None
    area: Any = None
    language: Language | None = None


current_context = cast("ContextVar[RequestContext | None]", current_app.current_context)
"""The same variable as in `core.current_app`, where the domain reads the host only."""


def current_browser_state() -> BrowserState | None:
    """The browser's states in the current request; None while a page is made."""
    context = current_context.get()
    return None if context is None else context.browser_state


def use_browser_state(state: BrowserState) -> None:
    """Let the current request work on these states."""
    context = current_context.get()
    if context is None:
        current_context.set(RequestContext(browser_state=state))
    else:
        context.browser_state = state


@contextmanager
def speaking(language: Language | None) -> Iterator[None]:
    """Render in this language, whatever that of the current request; no effect for None."""
    if language is None:
        yield
        return
    before = current_context.set(derived_context(language=language))
    try:
        yield
    finally:
        current_context.reset(before)


def derived_context(**changes: Any) -> RequestContext:
    """A copy of the current context with `changes`, for code that must not change the original."""
    context = current_context.get()
    return RequestContext(**changes) if context is None else replace(context, **changes)
