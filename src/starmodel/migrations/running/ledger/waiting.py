"""Which migrations wait until no process of the old version runs."""

from __future__ import annotations

from collections.abc import Collection

from starmodel.migrations.errors import MigrationError
from starmodel.migrations.files.order import Migrations


def waiting_contracts(
    migrations: Migrations, recorded: Collection[str], wanted: Collection[str] | None = None
) -> set[str]:
    """Return the contract migrations that a database does not have yet.

    The application runs before and after them.

    Shapes: recorded are the ids in the ledger, those that are being applied included; wanted are
    the ids to apply, None for all.
    Raises: MigrationError, when another wanted migration follows one of them.
    """
    pending = [
        file
        for file in migrations
        if file.id not in recorded and (wanted is None or file.id in wanted)
    ]
    waiting = {file.id for file in pending if file.contract}
    for file in pending:
        before = waiting & migrations.ancestors(file)
        if before and not file.contract:
            raise MigrationError(
                f"{file.id} follows {min(before)}, which removes what processes of the old version "
                "need. Once none of them runs: starmodel migrate --contract"
            )
    return waiting
