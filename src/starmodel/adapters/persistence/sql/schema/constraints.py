"""A constraint that a database found broken, in words for the person at the form."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Literal

from starmodel.adapters.persistence.sql.schema.tables import EntityTable
from starmodel.core.errors import ConstraintError

log = logging.getLogger("starmodel.sql")
Broken = Literal["unique", "foreign", "null", "check", "value"]


class RefusedError(Exception):
    """What a database said of a row that it did not take.

    Shapes: columns are named as in the table, as far as the database told.
    """

    def __init__(self, broken: Broken, columns: Sequence[str] = (), check: str = "") -> None:
        super().__init__(f"{broken}: {', '.join(columns) or check}")
        self.broken, self.columns, self.check = broken, tuple(columns), check


def constraint_error(mapped: EntityTable, refused: RefusedError, kind: str) -> ConstraintError:
    """The refusal of a change of this kind, with a sentence for each field that it is about."""
    title, broken = mapped.entity_type.title, refused.broken
    if broken == "foreign" and kind == "delete":
        return ConstraintError(f"{title} can't be deleted: other records refer to it.")
    columns = set(refused.columns) or set(mapped.checks.get(refused.check, ()))
    found = [field for field in mapped.fields.values() if field.column.name in columns]
    private = mapped.entity_type.cls.__entity__.private
    titles = {field.name: field.title for field in found}
    told = _sentences(mapped, refused, titles)
    reason = " ".join(dict.fromkeys(told.values())) or _REASONS[broken]
    if not told:  # as with a trigger: only the database knows why
        log.warning("%s was refused: %s", title, refused.__cause__ or refused)
    if broken == "null" and columns and not told:
        reason = f"Its table needs a value for {', '.join(sorted(columns))}, and has no default."
    public = {} if private.intersection(titles) else told
    shown = " ".join(dict.fromkeys(public.values())) or _REASONS[broken]
    prefix = f"{title} can't be stored: "
    return ConstraintError(prefix + reason, public, shown=prefix + shown)


def _sentences(
    mapped: EntityTable, refused: RefusedError, titles: dict[str, str]
) -> dict[str, str]:
    both = " and ".join(titles.values()) + (" together" if len(titles) > 1 else "")
    return {
        name: {
            "unique": f"{both} is already taken.",
            "foreign": f"{own} refers to a record that does not exist.",
            "null": f"{own} is required.",
            "check": f"{both} breaks a rule of the database: {mapped.rule(refused.check)}.",
            "value": f"{own} has a value that the database can't keep.",
        }[refused.broken]
        for name, own in titles.items()
    }


_REASONS = {
    "unique": "A value is already taken.",
    "foreign": "It refers to a record that does not exist.",
    "null": "A required value is missing.",
    "check": "A rule of the database forbids it.",
    "value": "The database can't keep one of its values.",
}
