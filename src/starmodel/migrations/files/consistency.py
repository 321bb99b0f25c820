"""Finds steps of a hand-edited migration that don't lead to its snapshot."""

from __future__ import annotations

from starmodel.migrations.comparing.compare import compare
from starmodel.migrations.migration import MigrationFile
from starmodel.migrations.schema.definitions import Schema
from starmodel.migrations.steps import Operations, RunSql
from starmodel.migrations.steps.effects import apply


def inconsistencies(file: MigrationFile, before: Schema) -> list[str]:
    """Return what is wrong, as sentences; empty when the steps lead to the snapshot.

    Steps of SQL and of Alembic's operations may do anything, so with one of
    them only unknown names are found.
    """
    present = before
    for number, step in enumerate(file.steps, 1):
        try:
            present = apply(step, present, file.schema)
        except (KeyError, StopIteration) as error:
            name = error.args[0] if error.args else ""
            return [
                f"{file.id}: step {number}, {type(step).__name__}, names {name!r}, which is "
                "not in the schema at that point. Correct the name, or the order of the steps."
            ]
    if any(isinstance(step, RunSql | Operations) for step in file.steps):
        return []
    left = [change for change in compare(present, file.schema) if change.in_database]
    return [
        f"{file.id}: its steps don't do what its schema says: {change.sentence()} Add the step, "
        "or delete the file and run starmodel migrate again."
        for change in left
    ]
