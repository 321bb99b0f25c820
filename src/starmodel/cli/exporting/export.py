"""Writes the records of a list to a file, as the export of its page does."""

from __future__ import annotations

import contextlib
import os
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from pathlib import Path
from typing import IO
from urllib.parse import parse_qsl

from starmodel.app.access.fields import readable_fields
from starmodel.app.access.policy import TRUSTED, Actor
from starmodel.app.application import Application
from starmodel.app.exporting import workbook
from starmodel.app.exporting.columns import ExportColumn, export_columns
from starmodel.app.exporting.rows import export_rows
from starmodel.app.exporting.text_files import CsvFile, JsonLinesFile, TextFile
from starmodel.app.exporting.workbook import Workbook
from starmodel.app.queries.listing import Listing, listing_of
from starmodel.cli.events.lookup import find_entity
from starmodel.cli.serving.loading import open_stores
from starmodel.cli.terminal.errors import CommandError, UsageError
from starmodel.core.errors import ListQueryError

FORMATS = ("csv", "jsonl", "xlsx")


@dataclass(frozen=True, slots=True)
class ExportLine:
    """The command line of an export. Shapes: where is the query string of a list."""

    entity: str
    format: str | None
    where: str
    order: str
    columns: str
    output: str | None
    actor: str | None = None
    roles: Sequence[str] = ()

    @property
    def file_format(self) -> str:
        """The format: the given one, else that of the file's name. Raises: UsageError."""
        suffix = Path(self.output).suffix.lstrip(".").lower() if self.output else ""
        found = self.format or (suffix if suffix in FORMATS else "csv")
        if found not in FORMATS:
            raise UsageError(f"--format is {found!r}; expected one of {', '.join(FORMATS)}.")
        if found == "xlsx" and not self.output:
            raise UsageError("A workbook needs a file: -o FILE.xlsx")
        if found == "xlsx" and not workbook.is_available():
            raise UsageError("A workbook needs XlsxWriter: pip install 'starmodel[xlsx]'.")
        return found


async def export(application: Application, line: ExportLine) -> int:
    """Write the file; the number of records in it.

    Shapes: a file appears under its name once it is complete.
    Raises: UsageError, for a list that the class does not have; AccessDeniedError;
    CommandError, when a store can't be opened.
    """
    file_format = line.file_format
    entity_type = find_entity(application, line.entity)
    if entity_type.in_browser or not entity_type.is_record:
        raise CommandError(f"{entity_type.name} has no list of records to export.")
    if line.roles and line.actor is None:
        raise UsageError("--role needs an actor. Add one: --actor ID --role NAME.")
    actor = TRUSTED if line.actor is None else Actor(line.actor, roles=frozenset(line.roles))
    fields = readable_fields(application.policy, entity_type, actor)
    try:
        listing = listing_of(entity_type, _parameters(line), hidden=fields.uncertain)
    except ListQueryError as error:
        raise UsageError(str(error)) from error
    async with open_stores(application):
        columns = export_columns(entity_type, application.titles, fields.closed, listing.columns)
        with _destination(line.output) as file:
            return await _write(application, listing, actor, columns, file_format, file)


def _parameters(line: ExportLine) -> dict[str, str]:
    """The parameters of the list. Raises: UsageError, for a repeated one."""
    try:
        pairs = parse_qsl(line.where, keep_blank_values=True, strict_parsing=bool(line.where))
    except ValueError as error:
        raise UsageError(
            f"--where is {line.where!r}; expected the filters of a list, such as 'status=open'."
        ) from error
    pairs += [(name, value) for name, value in
              (("order", line.order), ("columns", line.columns)) if value]  # fmt: skip
    parameters = dict(pairs)
    if len(parameters) < len(pairs):
        raise UsageError("A parameter is given twice; expected each once.")
    return parameters


async def _write(
    application: Application,
    listing: Listing,
    actor: Actor,
    columns: Sequence[ExportColumn],
    file_format: str,
    file: IO[bytes],
) -> int:
    number = 0
    rows = export_rows(application, listing, actor, application.policy)
    if file_format == "xlsx":
        book = Workbook(listing.entity_type.plural_title, columns)
        try:
            async with aclosing(rows) as batches:
                async for batch in batches:
                    book.add(batch)
                    number += len(batch)
            if number >= workbook.MAX_ROWS:
                raise CommandError(
                    f"{number} records are more than a sheet has rows; export them as CSV."
                )
            book.finish()
            for part in book.chunks():
                file.write(part)
        finally:
            book.close()
        return number
    text: TextFile = CsvFile() if file_format == "csv" else JsonLinesFile()
    file.write(text.opening(columns))
    async with aclosing(rows) as batches:
        async for batch in batches:
            file.write(text.rows(columns, batch))
            number += len(batch)
    return number


@contextlib.contextmanager
def _destination(output: str | None) -> Iterator[IO[bytes]]:
    """Standard output, or a file that replaces an older one when it is complete."""
    if output is None or output == "-":
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
        return
    path = Path(output)
    try:
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    except OSError as error:
        raise CommandError(f"{output} can't be written: {error}") from error
    try:
        with os.fdopen(handle, "wb") as file:
            yield file
        os.chmod(name, 0o666 & ~_umask())
        os.replace(name, path)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(name)
        raise


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
