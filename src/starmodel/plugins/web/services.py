"""The services of an application that plugins use while they serve requests."""

from __future__ import annotations

import sys
from dataclasses import dataclass, field

from starmodel.adapters.web.errors.responses import ErrorResponses
from starmodel.adapters.web.http.exchange import Exchange
from starmodel.adapters.web.http.patches import PatchResponses
from starmodel.adapters.web.pages.assets import find_asset
from starmodel.adapters.web.pages.plugin_assets import PluginAssets
from starmodel.adapters.web.resources.browser_states import parse_states, use_states
from starmodel.adapters.web.server_address import server_address
from starmodel.adapters.web.settings import WebSettings
from starmodel.app.application import Application
from starmodel.app.credentials.credentials import Credentials
from starmodel.app.health import CheckResult, run_checks
from starmodel.app.ports.transport import Transport
from starmodel.app.presentation.frontend import DataFrontend
from starmodel.app.presentation.ui import UIAdapter
from starmodel.core.values.derived_keys import derived_key


@dataclass(frozen=True, kw_only=True)
class PluginServices:
    """What the application offers to every plugin.

    Shapes: ui renders generated pages; patches sends replies to live pages, errors error
    responses; data and data_transport are the frontend and the default transport of streams of
    data.
    """

    application: Application
    ui: UIAdapter
    patches: PatchResponses
    errors: ErrorResponses
    data: DataFrontend
    data_transport: Transport
    settings: WebSettings
    assets: PluginAssets
    secret: str = field(repr=False)

    @property
    def address(self) -> str:
        """The URL of the server process, as far as it is known; for display only."""
        return server_address(sys.argv)

    def derived_key(self, purpose: str) -> bytes:
        """A key for one purpose, derived from the secret key of the application."""
        return derived_key(self.secret, purpose)

    @property
    def credentials(self) -> Credentials:
        """One-time secrets and other credentials, in the system store.

        Raises: RuntimeError, without a system store.
        """
        found = self.application.credentials
        if found is None:
            raise RuntimeError("This application has no system store for credentials.")
        return found

    async def check_health(self) -> list[CheckResult]:
        """Run the health checks of all plugins."""
        return await run_checks(self.application.extensions.health_checks)

    async def use_browser_states(self, exchange: Exchange) -> None:
        """Read the states of browser stores from the body, and use them in this request.

        Raises: RequestError, for a body without them; AccessDeniedError, for the page of another
        actor.
        """
        application = self.application
        sent = parse_states(exchange.request, await exchange.request.json())
        types = [t for t in application.registry if t.in_browser]
        names = [entity_type.name for entity_type in types if entity_type.name in sent.states]
        use_states(sent, exchange.session, application.scopes, names)

    async def send_asset(self, exchange: Exchange, name: str) -> bool:
        """Send a file of StarModel, or of a plugin ("audit/notes-12345678.css").

        False for an unknown name, which is never used as a path.
        """
        request = exchange.request
        if "/" in name:
            file = self.assets.find(name, request.takes_gzip)
        else:
            file = find_asset(name, request.content_codings)
        if file is None:
            return False
        await exchange.answer(200, file.kind, file.body, file.headers)
        return True
