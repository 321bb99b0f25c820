"""The tables that foreign keys refer to."""

from __future__ import annotations

from collections.abc import Sequence

from starmodel.adapters.persistence.sql.schema.entity_table import EntityTable
from starmodel.core.errors import ConfigurationError


def check_targets(tables: Sequence[EntityTable]) -> None:
    """Refuse a foreign key to a table that no class of the store has.

    Raises: ConfigurationError, naming the class, the column and what to do.
    """
    known = {mapped.table.fullname for mapped in tables}
    for mapped in tables:
        for key in mapped.table.foreign_keys:
            target = key.target_fullname.rpartition(".")[0]
            if target not in known:
                raise ConfigurationError(
                    f"{mapped.entity_type.name}: the column {key.parent.name!r} refers to the "
                    f"table {target!r}, which no class of this store has. Declare a class for it; "
                    "a table of another program is used as it is."
                )
