"""Public names of migrations: what files in `migrations/` import."""

import importlib
from typing import TYPE_CHECKING, Any

from starmodel.migrations.environment import Environment
from starmodel.migrations.migration import Migration
from starmodel.migrations.steps import (
    UNSET,
    AddField,
    AddIndex,
    AddParts,
    ChangeConstraints,
    ChangeField,
    ChangeTable,
    CreateEntity,
    DropEntity,
    DropField,
    DropIndex,
    EndAlias,
    EndMirror,
    MirrorField,
    Operations,
    PurgeKept,
    RenameEntity,
    RenameField,
    RenameIndex,
    ReplaceValues,
    RestoreField,
    RunData,
    RunEvents,
    RunSql,
    SplitField,
    new_uuid,
    now,
)

if TYPE_CHECKING:
    from starmodel.migrations.running.executing.events import Events
    from starmodel.migrations.running.rows.data import Data

__all__ = [
    "UNSET",
    "AddField",
    "AddIndex",
    "AddParts",
    "ChangeConstraints",
    "ChangeField",
    "ChangeTable",
    "CreateEntity",
    "Data",
    "DropEntity",
    "DropField",
    "DropIndex",
    "EndAlias",
    "EndMirror",
    "Environment",
    "Events",
    "Migration",
    "MirrorField",
    "Operations",
    "PurgeKept",
    "RenameEntity",
    "RenameField",
    "RenameIndex",
    "ReplaceValues",
    "RestoreField",
    "RunData",
    "RunEvents",
    "RunSql",
    "SplitField",
    "new_uuid",
    "now",
]

# Types of arguments, imported on first access: they load SQLAlchemy.
_LAZY = {"Data": "running.rows.data", "Events": "running.events"}


def __getattr__(name: str) -> Any:
    if name in _LAZY:
        return getattr(importlib.import_module(f"{__name__}.{_LAZY[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
