"""The steps of migrations."""

from starmodel.migrations.steps.columns import (
    AddField,
    ChangeField,
    DropField,
    RenameField,
    ReplaceValues,
    RestoreField,
    SplitField,
)
from starmodel.migrations.steps.constraints import (
    AddIndex,
    ChangeConstraints,
    DropIndex,
    RenameIndex,
)
from starmodel.migrations.steps.data import Operations, RunData, RunEvents, RunSql
from starmodel.migrations.steps.fills import AddParts, new_uuid, now
from starmodel.migrations.steps.rolling import EndAlias, EndMirror, MirrorField
from starmodel.migrations.steps.step import Step
from starmodel.migrations.steps.tables import (
    ChangeTable,
    CreateEntity,
    DropEntity,
    PurgeKept,
    RenameEntity,
)
from starmodel.migrations.steps.values import UNSET

__all__ = [
    "UNSET",
    "AddField",
    "AddIndex",
    "AddParts",
    "ChangeConstraints",
    "ChangeField",
    "ChangeTable",
    "CreateEntity",
    "DropEntity",
    "DropField",
    "DropIndex",
    "EndAlias",
    "EndMirror",
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
    "Step",
    "new_uuid",
    "now",
]
