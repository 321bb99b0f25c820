"""Translates kind database constraints to messages for the form's fields."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Literal

from starmodel.adapters.persistence.sql.schema.entity_table import EntityTable
from starmodel.core.errors import ConstraintError
from starmodel.texts.catalogue import Message, joined

log = logging.getLogger("starmodel.sql")
ViolationKind = Literal["unique", "foreign", "null", "check", "value"]


class ConstraintViolatedError(Exception):
    """The database refused a row.

    Shapes: columns are column names of the table, as far as the driver reports them.
    """

    def __init__(self, kind: ViolationKind, columns: Sequence[str] = (), check: str = "") -> None:
        super().__init__(f"{kind}: {', '.join(columns) or check}")
        self.kind, self.columns, self.check = kind, tuple(columns), check


def constraint_error(
    mapped: EntityTable, violation: ConstraintViolatedError, change: str
) -> ConstraintError:
    """Return the ConstraintError of a refused change, with one message per field."""
    title, kind = mapped.entity_type.title, violation.kind
    if kind == "foreign" and change == "delete":
        return ConstraintError(Message("constraint.referred", title=title))
    columns = set(violation.columns) or set(mapped.checks.get(violation.check, ()))
    found = [field for field in mapped.fields.values() if field.column.name in columns]
    private = mapped.entity_type.cls.__entity__.private
    titles = {field.name: field.title for field in found}
    messages = _sentences(mapped, violation, titles)
    reason = _joined(messages) or _REASONS[kind]
    if not messages:  # as with a trigger, whose condition is opaque
        log.warning("%s was refused: %s", title, violation.__cause__ or violation)
    if kind == "null" and columns and not messages:
        reason = f"Its table needs a value for {', '.join(sorted(columns))}, and has no default."
    public = {} if private.intersection(titles) else messages
    shown = _joined(public) or _REASONS[kind]
    return ConstraintError(
        Message("constraint.refused", title=title, reason=reason),
        public,
        shown=Message("constraint.refused", title=title, reason=shown),
        entity=mapped.entity_type.name,
    )


def _sentences(
    mapped: EntityTable, violation: ConstraintViolatedError, titles: dict[str, str]
) -> dict[str, str]:
    one, several = _MESSAGE_IDS[violation.kind]
    params = {"titles": joined("joined.and", titles.values())}
    if violation.kind == "check":
        params["rule"] = mapped.check_sql(violation.check)
    if several:
        message = Message(one if len(titles) == 1 else several, **params) if titles else ""
        return dict.fromkeys(titles, message)
    return {name: Message(one, title=own) for name, own in titles.items()}


def _joined(sentences: dict[str, str]) -> str:
    """Join the distinct sentences; "" for none."""
    return joined("joined.sentences", dict.fromkeys(sentences.values()))


# The messages for one field and for several; "" where each field has a separate message.
_MESSAGE_IDS: dict[ViolationKind, tuple[str, str]] = {
    "unique": ("constraint.unique", "constraint.unique_together"),
    "foreign": ("constraint.foreign", ""),
    "null": ("constraint.null", ""),
    "check": ("constraint.check", "constraint.check_together"),
    "value": ("constraint.value", ""),
}
_REASONS: dict[ViolationKind, str] = {
    "unique": Message("constraint.some_unique"),
    "foreign": Message("constraint.some_foreign"),
    "null": Message("constraint.some_null"),
    "check": Message("constraint.some_check"),
    "value": Message("constraint.some_value"),
}
