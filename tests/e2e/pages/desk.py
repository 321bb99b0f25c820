"""Visitors of the example of an order desk."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import Page

from e2e.browsing import Visitor
from e2e.serving import Server

Visit = Callable[..., Visitor]


def signed_in(visit: Visit, desk: Server, **options: object) -> Page:
    """A page of the developer. Shapes: options are those of the browser's context."""
    page: Page = visit(desk, **options).context.new_page()
    page.goto(desk.sign_in_url)
    return page
