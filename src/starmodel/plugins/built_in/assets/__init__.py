"""Assets: the style sheet, scripts and icons of StarModel, and the files of plugins."""

from __future__ import annotations

from starmodel.plugins import Exchange, Plugin, Route

PATH = "/_starmodel/assets"


class Assets(Plugin):
    """Serves the files that pages load, with a hash in each name and a cache time of a year."""

    name = "assets"

    def routes(self) -> list[Route]:
        return [
            Route(
                PATH, self.send, access="public", is_open=True, has_session=False, below=True
            )
        ]  # fmt: skip

    async def send(self, exchange: Exchange) -> None:
        """Send the file of the path, or 404."""
        name = exchange.request.path.removeprefix(PATH).removeprefix("/")
        if not await self.services.send_asset(exchange, name):
            await self.services.errors.send_not_found(exchange)
