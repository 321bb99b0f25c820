"""`UI(choices=…)`: the records that a foreign key may refer to, by other fields of the record."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from starmodel.app.access.conditions.condition import Condition
from starmodel.app.access.conditions.models import RuleModel
from starmodel.app.access.expressions.comparisons import Compared, FormValue, RecordPath
from starmodel.app.access.expressions.expression import Expression, Inverse, Joined
from starmodel.core.classes.registry import EntityType, Registry
from starmodel.core.entity import Entity
from starmodel.core.errors import ConfigurationError

Path = tuple[str, ...]
_EXAMPLE = "such as record.country == form.country, combined with &, | and ~"


@dataclass(frozen=True, slots=True)
class FormField:
    """A field of the record whose form is filled in, or of a record that it refers to.

    Shapes: path is ("country_id",), or ("order_id", "supplier_id") by way of a foreign key; owner
    has the last field; through is the class that the foreign key refers to by its id, None for an
    own field.
    """

    path: Path
    owner: EntityType
    through: EntityType | None = None

    @property
    def title(self) -> str:
        """What forms call it."""
        return self.owner.cls.__entity__.fields[self.path[-1]].title


@dataclass(frozen=True)
class ChoiceRule:
    """The records of `target` that the foreign key `field` of `owner` may refer to."""

    owner: EntityType
    field: str
    target: EntityType
    expression: Expression
    reads: tuple[FormField, ...]

    @property
    def name(self) -> str:
        """The name of the rule on the wire: "Address.city_id"."""
        return f"{self.owner.name}.{self.field}"

    @cached_property
    def _model(self) -> RuleModel:
        return RuleModel.of(self.target)

    def bind(self, values: Mapping[Path, Any]) -> Condition:
        """The condition on the records, for these values of the form."""
        return _with_values(self.expression, values).bind(None, self._model)


class ChoiceRules:
    """The rules of all foreign keys of an application.

    Raises: ConfigurationError, for a rule that names what is no field, or that reads private ones.
    """

    def __init__(self, registry: Registry) -> None:
        self._by_class: dict[type[Entity], tuple[ChoiceRule, ...]] = {}
        self._through: dict[type[Entity], list[tuple[ChoiceRule, FormField]]] = {}
        for entity_type in registry:
            found = tuple(_rules(entity_type, registry))
            if found:
                self._by_class[entity_type.cls] = found
            for rule in found:
                for field in rule.reads:
                    if field.through is not None:
                        self._through.setdefault(field.through.cls, []).append((rule, field))
        self.by_name = {rule.name: rule for rules in self._by_class.values() for rule in rules}

    def __bool__(self) -> bool:
        return bool(self._by_class)

    def of(self, cls: type[Entity]) -> tuple[ChoiceRule, ...]:
        """The rules of a class."""
        return self._by_class.get(cls, ())

    def through(self, cls: type[Entity]) -> Sequence[tuple[ChoiceRule, FormField]]:
        """The rules that read a field of this class through a foreign key, each with that field."""
        return self._through.get(cls, ())

    def find(self, cls: type[Entity], field: str) -> ChoiceRule | None:
        """The rule of one foreign key; None without one."""
        return next((rule for rule in self.of(cls) if rule.field == field), None)


def _rules(entity_type: EntityType, registry: Registry) -> Iterator[ChoiceRule]:
    targets = registry.referenced.get(entity_type.cls, {})
    for name, spec in entity_type.cls.__entity__.fields.items():
        declared = spec.ui.choices
        if declared is None:
            continue
        where = f"UI(choices=…) on {entity_type.name}.{name}"
        if name not in targets:
            raise ConfigurationError(
                f"{where}: the field is no foreign key to the id of an entity of this application."
            )
        target = registry[targets[name]]
        reads: dict[Path, FormField] = {}
        try:
            expression = _resolved(declared, entity_type, target, registry, reads)
            rule = ChoiceRule(entity_type, name, target, expression, tuple(reads.values()))
            rule.bind(dict.fromkeys(reads))
        except ConfigurationError as error:
            raise ConfigurationError(f"{where}: {error}") from None
        yield rule


def _resolved(
    rule: Any,
    owner: EntityType,
    target: EntityType,
    registry: Registry,
    reads: dict[Path, FormField],
) -> Expression:
    """The rule with foreign keys in the place of relations; what it reads is added to `reads`."""
    if isinstance(rule, Joined):
        parts = [_resolved(part, owner, target, registry, reads) for part in rule.rules]
        return Joined(rule.is_all, tuple(parts))
    if isinstance(rule, Inverse):
        return Inverse(_resolved(rule.rule, owner, target, registry, reads))
    sides = (rule.left, rule.right) if isinstance(rule, Compared) else ()
    if not any(isinstance(side, RecordPath) for side in sides):
        raise ConfigurationError(
            f"{rule}: expected comparisons of fields of the offered record with the form, or with "
            f"constants, {_EXAMPLE}."
        )
    left, right = (_side(side, owner, target, registry, reads) for side in sides)
    return Compared(left, rule.op, right)


def _side(
    side: Any,
    owner: EntityType,
    target: EntityType,
    registry: Registry,
    reads: dict[Path, FormField],
) -> Any:
    if isinstance(side, RecordPath):
        path = _as_key(side._path, target)
        _, cls, field = RuleModel.of(target).locate(path)
        info = cls.__entity__
        if info.fields[field].private or field in info.guarded:
            raise ConfigurationError(
                f"{side}: {cls.__name__}.{field} is not for every reader, and who fills in the "
                "form could infer it."
            )
        return RecordPath(path)
    if isinstance(side, FormValue):
        found = _form_field(side, owner, registry)
        if found.owner.cls.__entity__.fields[found.path[-1]].private:
            raise ConfigurationError(f"{side} is private: the browser may not know it.")
        reads[found.path] = found
        return FormValue(found.path)
    return side


def _form_field(side: FormValue, owner: EntityType, registry: Registry) -> FormField:
    path = _as_key(side._path, owner)
    if len(path) == 1 and path[0] in owner.cls.__entity__.fields:
        return FormField(path, owner)
    key = _as_key(path[:1], owner)[0]
    through = registry.referenced.get(owner.cls, {}).get(key)
    if len(path) == 2 and through is not None:
        other = registry[through]
        last = _as_key(path[1:], other)[0]
        if last in through.__entity__.fields:
            return FormField((key, last), other, other)
    fields = ", ".join(owner.cls.__entity__.fields)
    raise ConfigurationError(
        f"{side}: expected a field of {owner.name}, or one by way of a foreign key, such as "
        f"form.order.supplier_id. Its fields are {fields}."
    )


def _as_key(path: Path, entity_type: EntityType) -> Path:
    """The path, with the foreign key in the place of a relation at its end."""
    relation = entity_type.to_one.get(path[-1]) if len(path) == 1 else None
    return path if relation is None or relation.remote != "id" else (relation.local,)


def _with_values(rule: Expression, values: Mapping[Path, Any]) -> Expression:
    """The rule with values in the place of fields of the form."""
    match rule:
        case Joined(is_all, rules):
            return Joined(is_all, tuple(_with_values(part, values) for part in rules))
        case Inverse(inner):
            return Inverse(_with_values(inner, values))
        case Compared(left, op, right):
            return Compared(_value(left, op, values), op, _value(right, op, values))
    return rule


def _value(side: Any, op: str, values: Mapping[Path, Any]) -> Any:
    if not isinstance(side, FormValue):
        return side
    value = values.get(side._path)
    if op == "in":
        return tuple(value) if isinstance(value, list | tuple | set | frozenset) else (value,)
    return value
