"""Error codes of MySQL and MariaDB, and what their messages name."""

from __future__ import annotations

import re

from starmodel.adapters.persistence.sql.schema.constraints import (
    ConstraintViolatedError,
    ViolationKind,
)

SERIALIZATION = {1213, 1020, 3058}  # deadlock, row changed since read, deadlock of user locks
LOCK_TIMEOUTS = {1205, 3572}  # lock wait timeout, or NOWAIT
PERMISSION_DENIED = {1044, 1095, 1142, 1143, 1227, 1345, 1370, 3118, 3530, 3879, 4153}
CONNECTION_LOST = {1053, 1152, 1153, 1158, 1159, 1160, 1161, 1927, 2006, 2013, 2014, 2055, 4031}
TEMPORARY = {1040, 1053, 1203, 1226, 2002, 2003, 2005, 2006, 2013}
"""Errors of a connection attempt that may succeed later."""
MISSING_DATABASE = 1049
VIOLATIONS: dict[int, ViolationKind] = {
    1062: "unique", 1586: "unique",
    1451: "foreign", 1452: "foreign", 1216: "foreign", 1217: "foreign",
    1048: "null", 1364: "null",
    3819: "check", 4025: "check",
    1644: "check", 1369: "check",  # raised by a trigger; by a view
    1264: "value", 1265: "value", 1292: "value", 1366: "value", 1406: "value", 1441: "value",
    1367: "value", 1411: "value", 1690: "value", 3140: "value",
}  # fmt: skip


def error_number(error: Exception) -> int:
    """Return the error code; 0 for errors without one."""
    return error.args[0] if error.args and isinstance(error.args[0], int) else 0


def error_text(error: Exception) -> str:
    """Return the server's message."""
    return str(error.args[-1]) if error.args else ""


def violation_of(kind: ViolationKind, text: str) -> ConstraintViolatedError:
    """Return the violation with the columns, or the check, that the message names."""
    if kind == "foreign":
        found = re.search(r"FOREIGN KEY \(([^)]*)\)", text)
        return ConstraintViolatedError(
            kind, [c.strip("` ") for c in found[1].split(",")] if found else []
        )
    if kind == "check":
        found = re.search(r"[`']([^`']+)[`']", text)
        return ConstraintViolatedError(kind, check=found[1].rpartition(".")[2] if found else "")
    found = re.search(r"(?:[Cc]olumn|Field) '([^']+)'|[Cc]olumn (?:`[^`]*`\.)*`([^`]+)`", text)
    return ConstraintViolatedError(kind, [found[1] or found[2]] if found else [])
