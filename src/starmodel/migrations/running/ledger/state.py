"""What a database has: recorded migrations, and tables that no migration created."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from sqlalchemy import inspect

from starmodel.adapters.persistence.sql.engines import parsed_url
from starmodel.adapters.persistence.sql.schema.entity_table import VERSION
from starmodel.migrations.environment import Environment
from starmodel.migrations.running.database.connection import Link, open_link, sqlite_file
from starmodel.migrations.running.database.session import Session
from starmodel.migrations.running.ledger.ledger import Entry, Ledger
from starmodel.migrations.running.ledger.recorded import RecordedSchema
from starmodel.migrations.schema.definitions import Schema
from starmodel.migrations.schema.editing import qualified_table
from starmodel.migrations.schema.reflecting import reflect


@dataclass(frozen=True)
class LedgerState:
    """The state of a database, read without changing it.

    Shapes: entries are the recorded migrations in the order of application; external, the tables
    of the classes that another program has created; tables is the schema of the others where no
    migration is recorded, empty for a new database.
    """

    entries: tuple[Entry, ...] = ()
    external: frozenset[str] = frozenset()
    tables: Schema = field(default_factory=Schema)

    @property
    def is_new(self) -> bool:
        """True when the database has no table of the application."""
        return not self.entries and not self.tables.entities


async def read_ledger_state(
    url: str, classes: Schema, environment: Environment | None = None
) -> LedgerState:
    """Return the state of a database; a missing SQLite file is not created.

    Shapes: classes are the present definitions.
    Raises: ConfigurationError, when the database is unreachable; MigrationError, when a newer
    version of StarModel has recorded its migrations.
    """
    parsed, kind = parsed_url(url)
    if kind == "sqlite":
        in_memory = parsed.database in (None, "", ":memory:")
        if in_memory or not sqlite_file(parsed).exists():
            return LedgerState()
    async with open_link(url) as link:
        ignores = (environment or Environment()).ignores
        return await link.run(lambda session: _state(session, link, classes, ignores))


def _state(
    session: Session, link: Link, classes: Schema, ignores: Callable[[str], bool]
) -> LedgerState:
    ledger = Ledger(link.sql_dialect)
    entries = ledger.entries(session) if ledger.exists(session) else []
    inspector = inspect(session.connection)
    external = set()
    for entity in classes:
        if not inspector.has_table(entity.table, schema=entity.schema_name):
            continue
        columns = inspector.get_columns(entity.table, schema=entity.schema_name)
        if VERSION not in {column["name"] for column in columns}:
            external.add(qualified_table(entity))
    if entries:
        return LedgerState(tuple(entries), frozenset(external))
    own = Schema(entities=tuple(e for e in classes if qualified_table(e) not in external))
    recorded = RecordedSchema(link.sql_dialect).read(session)
    if recorded is None:
        tables = reflect(session.connection, own, link.sql_dialect, ignores)
    else:  # exact, where what a database says of its types is not
        tables = Schema(entities=tuple(each for each in recorded if not each.external))
    return LedgerState(tuple(entries), frozenset(external), tables)
