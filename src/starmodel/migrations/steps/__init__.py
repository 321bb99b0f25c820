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
from starmodel.migrations.steps.constraints import AddIndex, ChangeConstraints, DropIndex
from starmodel.migrations.steps.data import Operations, RunData, RunSql
from starmodel.migrations.steps.step import Position, Step, StepError
from starmodel.migrations.steps.tables import CreateEntity, DropEntity, PurgeKept, RenameEntity
from starmodel.migrations.steps.values import UNSET

__all__ = [
    "UNSET",
    "AddField",
    "AddIndex",
    "ChangeConstraints",
    "ChangeField",
    "CreateEntity",
    "DropEntity",
    "DropField",
    "DropIndex",
    "Operations",
    "Position",
    "PurgeKept",
    "RenameEntity",
    "RenameField",
    "ReplaceValues",
    "RestoreField",
    "RunData",
    "RunSql",
    "SplitField",
    "Step",
    "StepError",
]
