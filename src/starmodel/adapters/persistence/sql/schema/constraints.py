"""Translates broken database constraints to messages for the form's fields."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Literal

from starmodel.adapters.persistence.sql.schema.tables import EntityTable
from starmodel.core.errors import ConstraintError
from starmodel.texts.catalogue import Message, joined

log = logging.getLogger("starmodel.sql")
Broken = Literal["unique", "foreign", "null", "check", "value"]


class RefusedError(Exception):
    """The database refused a row.

    Shapes: columns are column names of the table, as far as the driver reports them.
    """

    def __init__(self, broken: Broken, columns: Sequence[str] = (), check: str = "") -> None:
        super().__init__(f"{broken}: {', '.join(columns) or check}")
        self.broken, self.columns, self.check = broken, tuple(columns), check


def constraint_error(mapped: EntityTable, refused: RefusedError, kind: str) -> ConstraintError:
    """Return the ConstraintError of a refused change, with one message per field."""
    title, broken = mapped.entity_type.title, refused.broken
    if broken == "foreign" and kind == "delete":
        return ConstraintError(Message("constraint.referred", title=title))
    columns = set(refused.columns) or set(mapped.checks.get(refused.check, ()))
    found = [field for field in mapped.fields.values() if field.column.name in columns]
    private = mapped.entity_type.cls.__entity__.private
    titles = {field.name: field.title for field in found}
    told = _sentences(mapped, refused, titles)
    reason = _joined(told) or _REASONS[broken]
    if not told:  # as with a trigger, whose condition is opaque
        log.warning("%s was refused: %s", title, refused.__cause__ or refused)
    if broken == "null" and columns and not told:
        reason = f"Its table needs a value for {', '.join(sorted(columns))}, and has no default."
    public = {} if private.intersection(titles) else told
    shown = _joined(public) or _REASONS[broken]
    return ConstraintError(
        Message("constraint.refused", title=title, reason=reason),
        public,
        shown=Message("constraint.refused", title=title, reason=shown),
    )


def _sentences(
    mapped: EntityTable, refused: RefusedError, titles: dict[str, str]
) -> dict[str, str]:
    one, several = _KEYS[refused.broken]
    params = {"titles": joined("joined.and", titles.values())}
    if refused.broken == "check":
        params["rule"] = mapped.rule(refused.check)
    if several:
        message = Message(one if len(titles) == 1 else several, **params) if titles else ""
        return dict.fromkeys(titles, message)
    return {name: Message(one, title=own) for name, own in titles.items()}


def _joined(sentences: dict[str, str]) -> str:
    """Join the distinct sentences; "" for none."""
    return joined("joined.sentences", dict.fromkeys(sentences.values()))


# The messages for one field and for several; "" where each field has a separate message.
_KEYS: dict[Broken, tuple[str, str]] = {
    "unique": ("constraint.unique", "constraint.unique_together"),
    "foreign": ("constraint.foreign", ""),
    "null": ("constraint.null", ""),
    "check": ("constraint.check", "constraint.check_together"),
    "value": ("constraint.value", ""),
}
_REASONS: dict[Broken, str] = {
    "unique": Message("constraint.some_unique"),
    "foreign": Message("constraint.some_foreign"),
    "null": Message("constraint.some_null"),
    "check": Message("constraint.some_check"),
    "value": Message("constraint.some_value"),
}
