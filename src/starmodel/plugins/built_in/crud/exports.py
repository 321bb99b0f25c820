"""The routes of exports: the question of a list's URL, answered with all matching records."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from urllib.parse import quote

from starmodel.app.access.fields import readable_fields
from starmodel.app.exporting import workbook
from starmodel.app.exporting.columns import ExportColumn, export_columns
from starmodel.app.exporting.rows import Rows, export_rows
from starmodel.app.exporting.text_files import CsvFile, JsonLinesFile, TextFile
from starmodel.app.exporting.workbook import MEDIA_TYPE, Workbook
from starmodel.app.presentation.resource import MountedResource
from starmodel.app.queries.listing import Listing, listing_of
from starmodel.core.errors import RequestError
from starmodel.plugins import Exchange
from starmodel.plugins.web import PluginServices
from starmodel.texts.catalogue import Message

_NOT_IN_NAMES = re.compile(r"[^\w]+")
_CSV, _JSON_LINES = CsvFile(), JsonLinesFile()


class Exports:
    """Sends a list as a file, under the access rules of each record and field.

    Filters, search, order and columns are those of the URL; the page is not: all matches are
    sent, read in batches. A file whose connection ends early is incomplete, as its length says.
    """

    def __init__(self, services: PluginServices) -> None:
        self._application = services.application

    async def csv(self, exchange: Exchange, resource: MountedResource, entity: None) -> None:
        """Stream CSV. Raises: RequestError, ListQueryError, AccessScanLimitError."""
        await self._send_text(exchange, resource, _CSV, "csv")

    async def json_lines(self, exchange: Exchange, resource: MountedResource, entity: None) -> None:
        """Stream JSON lines. Raises: as `csv`."""
        await self._send_text(exchange, resource, _JSON_LINES, "jsonl")

    async def xlsx(self, exchange: Exchange, resource: MountedResource, entity: None) -> None:
        """Send a workbook. Raises: as `csv`; RequestError 422, for more rows than a sheet has."""
        listing = self._listing(exchange, resource)
        columns = self._columns(exchange, resource, listing)
        things = resource.entity_type.plural_title
        if exchange.request.method != "HEAD":
            await self._check_size(exchange, resource, listing)
        book = await asyncio.to_thread(Workbook, things, columns)
        try:
            async with self._rows(exchange, resource, listing) as rows:
                async for batch in rows:
                    await asyncio.to_thread(book.add, batch)
            size = await asyncio.to_thread(book.finish)
            length = (b"content-length", str(size).encode())
            await exchange.start(200, MEDIA_TYPE, [*_headers(things, "xlsx"), length])
            if exchange.request.method != "HEAD":
                for part in book.chunks():
                    await exchange.part(part)
            await exchange.part(b"", last=True)
        finally:
            await asyncio.to_thread(book.close)

    async def _send_text(
        self, exchange: Exchange, resource: MountedResource, file: TextFile, suffix: str
    ) -> None:
        listing = self._listing(exchange, resource)
        columns = self._columns(exchange, resource, listing)
        headers = _headers(resource.entity_type.plural_title, suffix)
        async with self._rows(exchange, resource, listing) as rows:
            # Refusals of the query come before the first row, so they are a response of their own.
            first = await anext(rows, None)  # anext fails with a tuple as its default
            await exchange.start(200, file.media_type, headers)
            if exchange.request.method != "HEAD":
                await exchange.part(file.opening(columns) + file.rows(columns, first or ()))
                async for batch in rows:
                    await exchange.part(file.rows(columns, batch))
            await exchange.part(b"", last=True)

    def _listing(self, exchange: Exchange, resource: MountedResource) -> Listing:
        exchange.request.check_repeated()
        actor, entity_type = exchange.session.actor, resource.entity_type
        hidden = readable_fields(resource.policy, entity_type, actor).uncertain
        return listing_of(entity_type, exchange.request.query, hidden=hidden)

    def _columns(
        self, exchange: Exchange, resource: MountedResource, listing: Listing
    ) -> list[ExportColumn]:
        entity_type, titles = resource.entity_type, self._application.titles
        fields = readable_fields(resource.policy, entity_type, exchange.session.actor)
        return export_columns(entity_type, titles, fields.closed, listing.columns)

    async def _check_size(
        self, exchange: Exchange, resource: MountedResource, listing: Listing
    ) -> None:
        """Raises: RequestError 422, for more records than a sheet has rows."""
        window = await self._application.window(
            listing, exchange.session.actor, total=True, policy=resource.policy
        )
        most = workbook.MAX_ROWS - 1
        if (window.total or 0) > most:
            things = resource.entity_type.plural_title
            raise RequestError(
                Message("export.too_many", total=window.total, most=most, things=things), status=422
            )

    @asynccontextmanager
    async def _rows(
        self, exchange: Exchange, resource: MountedResource, listing: Listing
    ) -> AsyncIterator[Rows]:
        """The rows in batches, which end when the visitor has gone."""
        application, actor, policy = self._application, exchange.session.actor, resource.policy
        gone = asyncio.create_task(disconnected(exchange))

        async def rows() -> Rows:
            every = export_rows(application, listing, actor, policy)
            async with aclosing(every) as batches:
                async for batch in batches:
                    if gone.done():
                        return
                    yield batch

        try:
            async with aclosing(rows()) as batches:
                yield batches
        finally:
            gone.cancel()


async def disconnected(exchange: Exchange) -> None:
    while (await exchange.request.receive())["type"] != "http.disconnect":
        pass


def _headers(things: str, suffix: str) -> list[tuple[bytes, bytes]]:
    """The headers of a file that is named after the records."""
    name = _NOT_IN_NAMES.sub("-", things.lower()).strip("-") or "records"
    plain = name if name.isascii() else "records"
    named = f"attachment; filename=\"{plain}.{suffix}\"; filename*=UTF-8''{quote(name)}.{suffix}"
    return [
        (b"content-disposition", named.encode("ascii")),
        (b"cache-control", b"no-store"),  # the rows depend on who reads them
        (b"x-content-type-options", b"nosniff"),
    ]
