"""The area of a request: the rules and the skin of its address."""

from __future__ import annotations

from typing import Any

from starmodel.adapters.web.http.exchange import Exchange
from starmodel.adapters.web.http.routing import Handler
from starmodel.app.context import current_context
from starmodel.app.presentation.areas import Area


def in_area(area: Area, handler: Handler) -> Handler:
    """The handler, with the area in the context of its requests; unchanged for the default one."""
    if not area.prefix:
        return handler

    async def run(exchange: Exchange, found: Any, id: str) -> None:
        context = current_context.get()
        if context is not None:
            context.area = area
        await handler(exchange, found, id)

    return run
