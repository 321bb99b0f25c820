"""The rights that the user of a database has."""

from __future__ import annotations

from starmodel.migrations.running.database.session import Session


def may_create_tables(session: Session) -> bool:
    """False if the user may not create tables in the current schema.

    Only PostgreSQL answers that beforehand; elsewhere it is True.
    """
    if session.kind != "postgresql":
        return True
    return bool(session.value("SELECT has_schema_privilege(current_schema(), 'CREATE')"))
