"""Browser state: pages request the live views of entities that the browser stores."""

from __future__ import annotations

from starmodel.plugins import Exchange, Plugin, Route


class BrowserState(Plugin):
    """Restores what pages show of entities in browser stores, from the states of the browser."""

    name = "browser_state"

    def routes(self) -> list[Route]:
        return [Route("/_starmodel/browser_state", self.respond, methods=["POST"], access="public")]

    async def respond(self, exchange: Exchange) -> None:
        """Send the patches for the states of the request."""
        services = self.services
        await services.use_browser_states(exchange)
        patches = await services.patches.encoder.encode_shown(exchange.session)
        await services.patches.send(exchange, patches)
