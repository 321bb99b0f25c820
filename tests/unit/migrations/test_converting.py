"""The conversion of single values between columns."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from starmodel.migrations.running.rows.converting import converted_value
from starmodel.migrations.schema.codecs import StoredColumn
from starmodel.migrations.schema.dialects import sql_dialects
from starmodel.migrations.schema.tables import build_tables
from unit.migrations.schemas import FieldModel, entity, schema_of


def _columns(old: str, new: str) -> tuple[StoredColumn, StoredColumn]:
    schema = schema_of(entity("T", FieldModel("old", old), FieldModel("new", new)))
    fields = build_tables(schema, sql_dialects()["sqlite"])["T"].fields
    return fields["old"], fields["new"]


@pytest.mark.parametrize(
    ("kind", "value", "is_exact"),
    [
        ("int", 2**53, True),
        ("int", 2**53 + 1, False),
        ("str", "9007199254740993", False),
        ("str", "-9007199254740993.0", False),
        ("str", "9007199254740992", True),
        ("str", "1e+300", True),
        ("str", "0.1", True),
        ("str", "3.14159265358979323846", True),  # a fraction is rounded
        ("decimal", Decimal(2**53 + 1), False),
        ("decimal", Decimal("0.1"), True),
    ],
)
def test_whole_number_that_no_float_equals_is_refused(
    kind: str, value: Any, is_exact: bool
) -> None:
    old, new = _columns(kind, "float")
    if is_exact:
        assert converted_value(old, new, old.encode(value), None) == pytest.approx(float(value))
    else:
        with pytest.raises(ValueError, match=r"would become -?9007199254740992"):
            converted_value(old, new, old.encode(value), None)
