"""Handlers for the routes of plugins: access, response and errors."""

from __future__ import annotations

import functools
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from pydantic import BaseModel
from starlette.responses import Response

from starmodel.adapters.web.errors.responses import ErrorResponses
from starmodel.adapters.web.http.exchange import Exchange
from starmodel.app.access.disclosure import Viewer
from starmodel.app.access.rules import check_rule
from starmodel.app.application import Application
from starmodel.app.presentation.ui import UIAdapter
from starmodel.core.events.results import Redirect
from starmodel.plugins.contributions import Page, Route

Handler = Callable[..., Awaitable[None]]


class Endpoints:
    """Turns each `Route` into a handler of the gateway."""

    def __init__(
        self, application: Application, ui: UIAdapter, error_responses: ErrorResponses
    ) -> None:
        self._application, self._ui = application, ui
        self._error_responses = error_responses

    def handler(self, route: Route) -> Handler:
        """The handler: decides access, calls the endpoint and sends what it returned."""

        @functools.wraps(route.endpoint)  # its name is in the route table
        async def run(exchange: Exchange, found: Any, id: str) -> None:
            try:
                await self._application.ready()
                check_rule(route.access, exchange.session.actor, route.path)
                made = await route.endpoint(exchange)
                if not exchange.started:
                    await self._send(exchange, made)
            except Exception as error:  # the web edge: every exception becomes a response
                if exchange.started:
                    raise
                await self._error_responses.send_error(exchange, error)

        return run

    async def _send(self, exchange: Exchange, made: Any) -> None:
        if made is None:
            await exchange.empty(204)
        elif isinstance(made, Redirect):
            await exchange.redirect(exchange.redirect_url(made.url))
        elif isinstance(made, Response):
            await exchange.relay(made)
        elif isinstance(made, Mapping | BaseModel) or (
            isinstance(made, list) and not any(map(_is_component, made))
        ):  # an entity is a BaseModel
            application = self._application
            viewer = Viewer(application.registry, application.policy, exchange.session.actor)
            await exchange.json(await viewer.json_of(made))
        else:
            page = made if isinstance(made, Page) else Page("", made)
            own_title = self._application.texts.render(page.title)
            title = own_title or self._application.settings.title
            actor = exchange.session.actor
            await exchange.page(lambda: self._ui.page(title, *page.content, actor=actor))


def _is_component(value: Any) -> bool:
    return not isinstance(value, BaseModel) and (
        hasattr(value, "__ft__") or hasattr(value, "__html__")
    )
