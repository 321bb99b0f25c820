"""SQL that converts values between the types of two columns, for triggers and copies."""

from __future__ import annotations

from typing import Any

from starmodel.adapters.persistence.sql.dialects.dialect import SqlDialect
from starmodel.migrations.running.rows.literals import literal_of
from starmodel.migrations.running.rows.table import stored_value
from starmodel.migrations.schema.codecs import StoredColumn
from starmodel.migrations.schema.definitions import FieldDefinition, TypeDefinition
from starmodel.migrations.steps.values import UNSET

_EXACT = 2**53
"""The whole numbers up to here are exact as floats."""
_COMPARED_AS_TEXT = {"str", "enum", "json", "custom"}
"""Kinds of fields whose values a database may take for equal although they differ."""
_INTEGER = "^(0|-?[1-9][0-9]{0,17})$"
_PAIRS = (
    {"int", "str"}, {"int", "bool"}, {"int", "float"}, {"enum", "str"}, {"str"}, {"bool"},
    {"int"}, {"float"},
)  # fmt: skip
_TYPES = {
    "int": {"Integer", "BigInteger"}, "float": {"Float", "Double"}, "bool": {"Boolean"},
    "str": {"String", "Text", "AutoString"}, "enum": {"Enum"},
}  # fmt: skip


def is_convertible(old: FieldDefinition, new: FieldDefinition) -> bool:
    """True when SQL converts between the fields in both directions, in each dialect."""
    if old.computed is not None or new.computed is not None:
        return False
    if old.identity is not None or new.identity is not None:
        return False
    kinds = {old.type.kind, new.type.kind}
    return kinds in _PAIRS and _is_plain(old.type) and _is_plain(new.type)


def _is_plain(definition: TypeDefinition) -> bool:
    """True for a supported column type; for an enum, one whose values are distinct strings."""
    if definition.name.rpartition(".")[2] not in _TYPES[definition.kind]:
        return False
    if definition.kind != "enum":
        return True
    values = list(definition.values.values())
    is_text = all(isinstance(value, str) for value in values)
    return is_text and len(set(map(str, values))) == len(values) and not definition.texts


class Conversion:
    """Converts the stored values of one column to those of another.

    Shapes: on_error is the default, as JSON, for values outside the target type; UNSET for NULL.
    """

    def __init__(
        self,
        source: StoredColumn,
        target: StoredColumn,
        sql_dialect: SqlDialect,
        on_error: Any = UNSET,
    ) -> None:
        self._source, self._target, self._sql_dialect = source, target, sql_dialect
        self._name = sql_dialect.sqlalchemy.name
        self._otherwise = "NULL"
        if on_error is not UNSET and on_error is not None:
            self._otherwise = literal_of(stored_value(target, on_error), sql_dialect) or "NULL"

    @property
    def is_identity(self) -> bool:
        """True when each value stays as it is."""
        old, new = self._source.definition, self._target.definition
        same = old.type == new.type and old.bounds.get("values") == new.bounds.get("values")
        return same or not is_convertible(old, new)

    def of(self, value: str) -> str:
        """Return the SQL of a value of the source as the target stores it."""
        if self.is_identity:
            return value
        kinds = (self._source.definition.type.kind, self._target.definition.type.kind)
        if "enum" in kinds:
            return self._member(value)
        condition, made = getattr(self, f"_{kinds[0]}_to_{kinds[1]}")(value)
        conditions = [condition, *self._bounds(made)]
        fits = " AND ".join(each for each in conditions if each) or f"{value} IS NOT NULL"
        return (
            f"CASE WHEN {value} IS NULL THEN NULL WHEN {fits} THEN {made} "
            f"ELSE {self._otherwise} END"
        )

    def _bounds(self, made: str) -> list[str]:
        """Return conditions of the target: its length, and the values of its `Literal`."""
        definition, found = self._target.definition, []
        length = getattr(self._target.column.type, "length", None)
        if definition.type.kind == "str" and length:
            count = "CHAR_LENGTH" if self._name == "mysql" else "LENGTH"
            found.append(f"{count}({made}) <= {int(length)}")
        values = definition.bounds.get("values")
        if isinstance(values, list):
            literals = [self._literal(stored_value(self._target, value)) for value in values]
            binary = "BINARY " if self._name == "mysql" and definition.type.kind == "str" else ""
            found.append(f"{binary}{made} IN ({', '.join(literals)})")
        return found

    def _literal(self, value: Any) -> str:
        return literal_of(value, self._sql_dialect) or "NULL"

    def _member(self, value: str) -> str:
        """Convert between an enum, stored by names, and the texts of its values."""
        source = self._source.definition.type
        is_enum = source.kind == "enum"
        definition = source if is_enum else self._target.definition.type
        pairs = [(str(name), str(text)) for name, text in definition.values.items()]
        binary = "BINARY " if self._name == "mysql" else ""
        cases = " ".join(
            f"WHEN {binary}{value} = {self._literal(old)} THEN {self._literal(new)}"
            for old, new in (pair if is_enum else pair[::-1] for pair in pairs)
        )
        return f"CASE WHEN {value} IS NULL THEN NULL {cases} ELSE {self._otherwise} END"

    def _same(self, value: str) -> tuple[str, str]:
        return "", value

    _str_to_str = _bool_to_bool = _int_to_int = _float_to_float = _same

    def _int_to_str(self, value: str) -> tuple[str, str]:
        return "", f"CAST({value} AS {'CHAR' if self._name == 'mysql' else 'TEXT'})"

    def _str_to_int(self, value: str) -> tuple[str, str]:
        if self._name == "sqlite":
            return f"CAST(CAST({value} AS INTEGER) AS TEXT) = {value}", f"CAST({value} AS INTEGER)"
        if self._name == "postgresql":
            return f"{value} ~ '{_INTEGER}'", f"CAST({value} AS BIGINT)"
        digits = f"{value} NOT REGEXP '[^-0-9]' AND {value} REGEXP '{_INTEGER}'"
        return digits, f"CAST({value} AS SIGNED)"

    def _bool_to_int(self, value: str) -> tuple[str, str]:
        return "", f"CAST({value} AS INTEGER)" if self._name == "postgresql" else value

    def _int_to_bool(self, value: str) -> tuple[str, str]:
        return f"{value} IN (0, 1)", f"{value} = 1"

    def _int_to_float(self, value: str) -> tuple[str, str]:
        made = {
            "sqlite": f"CAST({value} AS REAL)", "postgresql": f"CAST({value} AS DOUBLE PRECISION)",
        }.get(self._name, f"{value} + 0e0")  # fmt: skip
        return f"{value} BETWEEN -{_EXACT} AND {_EXACT}", made

    def _float_to_int(self, value: str) -> tuple[str, str]:
        whole = f"{value} BETWEEN -{_EXACT} AND {_EXACT} AND "
        if self._name == "sqlite":
            made = f"CAST({value} AS INTEGER)"
            return f"typeof({value}) = 'real' AND {whole}{made} = {value}", made
        kind = "BIGINT" if self._name == "postgresql" else "SIGNED"
        return f"{whole}FLOOR({value}) = {value}", f"CAST({value} AS {kind})"


class ColumnPair:
    """The old and the new column of a renamed field, each in its own type."""

    def __init__(
        self, old: StoredColumn, new: StoredColumn, sql_dialect: SqlDialect, on_error: Any = UNSET
    ) -> None:
        self._kinds = old.definition.type.kind, new.definition.type.kind
        self._name = sql_dialect.sqlalchemy.name
        self.to_new = Conversion(old, new, sql_dialect, on_error)
        self.to_old = Conversion(new, old, sql_dialect)

    @property
    def converts(self) -> bool:
        """True when the columns have different types."""
        return not self.to_new.is_identity

    def old_differs(self, one: str, other: str) -> str:
        """Return the condition that two values of the old column differ, also from NULL."""
        return self._differs(self._kinds[0], one, other)

    def new_differs(self, one: str, other: str) -> str:
        """Return the condition that two values of the new column differ, also from NULL."""
        return self._differs(self._kinds[1], one, other)

    def unequal(self, old: str, new: str) -> str:
        """Return the condition that neither value converts to the other."""
        if not self.converts:
            return self.new_differs(old, new)
        return (
            f"{self.new_differs(f'({self.to_new.of(old)})', new)} "
            f"AND {self.old_differs(f'({self.to_old.of(new)})', old)}"
        )

    def _differs(self, kind: str, one: str, other: str) -> str:
        if self._name == "sqlite":
            return f"{one} IS NOT {other}"
        if self._name == "postgresql":
            cast = "::TEXT" if kind in _COMPARED_AS_TEXT else ""
            return f"{one}{cast} IS DISTINCT FROM {other}{cast}"
        binary = "BINARY " if kind in _COMPARED_AS_TEXT else ""
        return f"NOT ({binary}{one} <=> {binary}{other})"
