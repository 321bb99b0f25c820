"""Which values that are kept aside a field of the same name may take back."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import BaseModel, TypeAdapter, create_model

from starmodel.migrations.comparing.keeping import kept_for
from starmodel.migrations.schema.definitions import (
    EntityDefinition,
    FieldDefinition,
    Kept,
    TypeDefinition,
)


def _part(**fields: Any) -> type[BaseModel]:
    return create_model("Part", **fields)


def _field(annotation: Any) -> FieldDefinition:
    shape = TypeAdapter(annotation).json_schema(mode="serialization")
    kind = TypeDefinition(kind="json", name="JSON")
    return FieldDefinition(
        id="p.parts", name="parts", column="parts", type=kind, nullable=False, shape=shape
    )


ONE = _part(a=(int, ...))


CASES = [
    (list[int], list[int], True),
    (list[int], list[str], False),
    (list[int], dict[str, int], False),
    (dict[str, int], dict[str, bool], False),
    (list[int], list[int] | None, True),
    (list[int] | None, list[int], False),
    (ONE, _part(a=(int, ...), b=(str, "x")), True),
    (ONE, _part(a=(int, ...), b=(str, ...)), False),
    (_part(a=(int, ...), b=(str, ...)), ONE, True),
    (ONE, _part(a=(str, ...)), False),
    (list[ONE], list[_part(a=(int, ...), b=(str, ...))], False),  # type: ignore[misc, valid-type]
    (_part(at=(ONE, ...)), _part(at=(_part(a=(int, ...), b=(int, ...)), ...)), False),
    (_part(at=(ONE, ...)), _part(at=(_part(a=(int, ...)), ...)), True),
]


@pytest.mark.parametrize(("before", "after", "is_offered"), CASES, ids=map(str, range(len(CASES))))
def test_kept_json_is_offered_where_the_class_can_read_it(
    before: Any, after: Any, is_offered: bool
) -> None:
    entity = EntityDefinition(id="p", name="P", table="p", fields=(), primary_key=("id",))
    kept = Kept(migration="0002_x", name="_dropped_parts_2", entity=entity, field=_field(before))
    assert kept_for(_field(after), entity, [kept]) == (kept if is_offered else None)
