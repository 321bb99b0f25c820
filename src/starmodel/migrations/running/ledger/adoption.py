"""Adopts the tables of a database that was created without migrations."""

from __future__ import annotations

from starmodel.migrations.errors import MigrationError
from starmodel.migrations.files.order import Migrations
from starmodel.migrations.migration import MigrationFile
from starmodel.migrations.running.database.connection import Link
from starmodel.migrations.running.database.session import Session
from starmodel.migrations.running.ddl.catalogue import Catalogue
from starmodel.migrations.running.ledger.ledger import Ledger
from starmodel.migrations.schema.definitions import Schema
from starmodel.migrations.schema.physical import table_differences


async def adopt(link: Link, ledger: Ledger, migrations: Migrations) -> tuple[str, ...]:
    """Record the migrations whose snapshot equals the tables, when none is recorded yet.

    Raises: MigrationError, for tables that equal no snapshot; it names the differences.
    """
    recorded = await link.run(ledger.entries)
    if recorded or not len(migrations):
        return ()
    present = await link.run(lambda session: _present(session, migrations))
    if not present:
        return ()
    found = None
    for file in reversed(migrations.files):
        differences = await link.run(lambda s, f=file: differences_from(s, f.schema))  # type: ignore[misc]
        if not differences:
            found = file
            break
    if found is None:
        first = migrations.files[0]
        listed = await link.run(lambda s: differences_from(s, first.schema))
        raise MigrationError(
            f"The database has tables of this application that no migration created, and they "
            f"equal no snapshot. From {first.id} they differ in this: {' '.join(listed)} "
            "Change them by hand to what it says, and run this again; or delete the migrations "
            "and let `starmodel migrate` write the first one for the tables of the classes."
        )
    return await link.run(lambda session: _record(session, ledger, migrations, found))


def _record(
    session: Session, ledger: Ledger, migrations: Migrations, file: MigrationFile
) -> tuple[str, ...]:
    known = migrations.ancestors(file)
    ids = [each.id for each in migrations if each.id in known]
    with session.transaction():
        for position, id in enumerate(ids, 1):
            ledger.begin(session, id, "adopted", position)
    return tuple(ids)


def _present(session: Session, migrations: Migrations) -> set[str]:
    """Return the tables that some snapshot has and the database too."""
    catalogue = Catalogue(session)
    names = {
        (entity.table, entity.schema_name)
        for file in migrations
        for entity in file.schema
        if not entity.external
    }
    return {table for table, schema in names if catalogue.has_table(table, schema)}


def differences_from(session: Session, schema: Schema) -> list[str]:
    """Return sentences on how the tables differ from a snapshot; what is more does not count."""
    found = table_differences(session.connection, schema, session.sql_dialect)
    return [difference.text for difference in found if not difference.is_extra]
