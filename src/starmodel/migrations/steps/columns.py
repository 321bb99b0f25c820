"""Steps that concern the column of one field."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import field as dataclass_field
from typing import Any

from starmodel.migrations.steps.step import Step
from starmodel.migrations.steps.values import UNSET, Convert


@dataclass(frozen=True)
class AddField(Step):
    """Add a column.

    Shapes: fill is the value of the rows that exist, as Python or JSON has it ("1.50" or
    Decimal("1.50"), an enum by the name of its member), or a function of the old row (a dict by
    field name); UNSET for None in a nullable column and the default of the class otherwise. A
    required field without both accepts NULL until a `SplitField` of the same migration fills it.
    """

    entity: str
    field: str
    fill: Any = UNSET


@dataclass(frozen=True)
class DropField(Step):
    """Rename the column of a removed field out of the way; `PurgeKept` deletes it.

    The renamed column accepts NULL, so that rows can be inserted without it.
    """

    entity: str
    field: str


@dataclass(frozen=True)
class RestoreField(Step):
    """Restore a dropped column with its values.

    Shapes: kept is its name in `Schema.kept`; fill is that of `AddField`, for rows without a value,
    such as those that were created since.
    """

    entity: str
    field: str
    kept: str
    fill: Any = UNSET


@dataclass(frozen=True)
class RenameField(Step):
    """Rename the column of a field, also in the indexes and constraints that contain it.

    Steps after this one use the new name. Indexes keep their names; `RenameIndex` changes them. A
    new name that begins with `_renaming_` is temporary: of two fields that exchange their names,
    one makes way.
    """

    entity: str
    old: str
    new: str


@dataclass(frozen=True)
class ChangeField(Step):
    """Bring the column of a field from its definition before to the one after.

    Shapes: convert is a function of the old value; None converts as the new type validates
    the old value ("5" to 5); on_error is the value for rows that can't be converted (UNSET: the
    migration stops before it begins, and lists them); fill replaces None where the new column
    is required.
    """

    entity: str
    field: str
    convert: Convert | None = None
    on_error: Any = UNSET
    fill: Any = UNSET


@dataclass(frozen=True)
class ReplaceValues(Step):
    """Replace stored values, as after members of an enum or a `Literal` were renamed.

    It precedes the `ChangeField` of the same field. Where the database itself checks members,
    it accepts those of before and after from this step on.

    Shapes: values are the new value of each old one, as the field has them in JSON (for an
    enum, the member's name); None where the field accepts it.
    """

    entity: str
    field: str
    values: Mapping[str, Any] = dataclass_field(default_factory=dict)


@dataclass(frozen=True)
class SplitField(Step):
    """Copy the parts of a nested model into fields of their own.

    A row without a part keeps the value that `AddField` gave it.

    Shapes: parts are the paths in the JSON of the old field ("street", "geo.lat") by the
    names of the new fields, which `AddField` has added.
    """

    entity: str
    field: str
    parts: Mapping[str, str] = dataclass_field(default_factory=dict)
