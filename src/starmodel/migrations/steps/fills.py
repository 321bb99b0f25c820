"""Functions that give each existing row a value of its own: `AddField(…, fill=new_uuid)`."""

from __future__ import annotations

import datetime
import uuid
from collections.abc import Mapping
from typing import Any


def new_uuid(row: Mapping[str, Any]) -> uuid.UUID:
    """Return a new random UUID for a row."""
    return uuid.uuid4()


def now(row: Mapping[str, Any]) -> datetime.datetime:
    """Return the present time, in UTC."""
    return datetime.datetime.now(datetime.UTC)
