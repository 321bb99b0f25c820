"""`BaseTable`: an id and two timestamps for table classes, the same fields as FastSQLModel's."""

from __future__ import annotations

import datetime
import importlib
import os
import uuid
import warnings
from typing import Any, ClassVar

from pydantic import AwareDatetime
from sqlalchemy import DateTime
from sqlmodel import SQLModel

from starmodel.core.fields.field import Field


def _now() -> datetime.datetime:
    return datetime.datetime.now(datetime.UTC)


class BaseTable(SQLModel):
    """Beside `Entity` it makes a table class: `class Product(Entity, BaseTable, table=True)`.

    updated_at is set by every commit that changes the record.
    """

    __updated_at_field__: ClassVar[str] = "updated_at"

    id: uuid.UUID = Field(default_factory=uuid.uuid4, primary_key=True)
    created_at: AwareDatetime = Field(
        default_factory=_now, editable=False, sa_type=DateTime(timezone=True)
    )
    updated_at: AwareDatetime = Field(
        default_factory=_now, editable=False, sa_type=DateTime(timezone=True)
    )


def fast_base_table() -> Any:
    """Return FastSQLModel's `BaseTable`, imported without connecting to a database.

    FastSQLModel creates an engine from DATABASE_URL when it is imported,
    with a driver that may not be installed; here that URL is an in-memory
    SQLite database, which is never used.

    Raises: ModuleNotFoundError, when FastSQLModel is not installed.
    """
    url = os.environ.get("DATABASE_URL")
    os.environ["DATABASE_URL"] = "sqlite://"
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            base = importlib.import_module("FastSQLModel.db").BaseTable
    finally:
        if url is None:
            del os.environ["DATABASE_URL"]
        else:
            os.environ["DATABASE_URL"] = url
    # Redundant, and pydantic warns about it at each subclass.
    base.model_config.pop("json_encoders", None)
    return base
