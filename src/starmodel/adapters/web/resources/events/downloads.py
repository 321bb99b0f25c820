"""Files for live pages: kept for a minute, and fetched once from an address of their own.

A page can't save the response of a request by script, so its reply has an address instead.
"""

from __future__ import annotations

import secrets
from collections import OrderedDict
from typing import Any, NamedTuple
from urllib.parse import urlencode

from starmodel.adapters.web.errors.responses import ErrorResponses
from starmodel.adapters.web.http.attachments import send_attachment
from starmodel.adapters.web.http.exchange import Exchange
from starmodel.adapters.web.paths import DOWNLOADS_PATH
from starmodel.app.application import Application
from starmodel.core.errors import RequestError
from starmodel.core.events.results import Download
from starmodel.texts.catalogue import Message

LASTS_S = 60.0
MAX_KEPT = 200


class _Kept(NamedTuple):
    session_id: str
    download: Download
    until: float


class Downloads:
    """The files that are waiting in this process; the oldest give way beyond `MAX_KEPT`."""

    def __init__(self, application: Application) -> None:
        self._application = application
        self._kept: OrderedDict[str, _Kept] = OrderedDict()

    def keep(self, exchange: Exchange, download: Download) -> str:
        """Keep a file for the session of the exchange. Returns its URL."""
        now = self._application.clock()
        while self._kept and (len(self._kept) >= MAX_KEPT or self._oldest().until < now):
            self._kept.popitem(last=False)
        token = secrets.token_urlsafe(32)
        self._kept[token] = _Kept(exchange.session.id, download, now + LASTS_S)
        return f"{exchange.root_path}{DOWNLOADS_PATH}?{urlencode({'token': token})}"

    def take(self, exchange: Exchange, token: str) -> Download:
        """The file of a token, once. Raises: RequestError, for an unknown or expired one."""
        kept = self._kept.get(token)
        if kept is None or kept.session_id != exchange.session.id:
            raise RequestError(Message("download.gone"), status=404)
        del self._kept[token]
        if kept.until < self._application.clock():
            raise RequestError(Message("download.gone"), status=404)
        return kept.download

    def _oldest(self) -> _Kept:
        return next(iter(self._kept.values()))


class DownloadRoute:
    """Sends a kept file."""

    def __init__(self, downloads: Downloads, error_responses: ErrorResponses) -> None:
        self._downloads, self._error_responses = downloads, error_responses

    async def run(self, exchange: Exchange, found: Any, id: str) -> None:
        """Send the file of the token in the query, or an error response."""
        try:
            download = self._downloads.take(exchange, exchange.request.query.get("token", ""))
        except RequestError as error:
            await self._error_responses.send_error(exchange, error)
            return
        await send_attachment(exchange, download)
