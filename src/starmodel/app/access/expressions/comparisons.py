"""Comparisons in access rules: the fields of the record, the attributes of the actor, values."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, get_origin

from starmodel.app.access.conditions.condition import (
    NEVER,
    Condition,
    FieldComparison,
    Function,
    RelatedComparison,
    along,
    compares,
    constant,
    is_collection,
)
from starmodel.app.access.conditions.models import Path, RuleModel, kinds_of
from starmodel.app.access.conditions.moments import current_moment, moment_as, offset_text
from starmodel.app.access.expressions.expression import Expression
from starmodel.app.access.expressions.field_conditions import of_value, typed_id
from starmodel.app.access.policy import Actor, EveryRole
from starmodel.core.entity import Entity
from starmodel.core.errors import ConfigurationError, RuleFailedError
from starmodel.core.fields.access_rules import RuleExpression

_MIRRORED = {
    "eq": "eq", "ne": "ne", "lt": "gt", "lte": "gte", "gt": "lt", "gte": "lte", "in": "has",
    "has": "in",
}  # fmt: skip
_SIGNS = {
    "eq": "==", "ne": "!=", "lt": "<", "lte": "<=", "gt": ">", "gte": ">=", "in": "in",
    "has": "has",
}  # fmt: skip


class Operand:
    """A value that is read when a rule is evaluated. Its comparison is a rule."""

    __slots__ = ()
    __hash__ = None  # type: ignore[assignment]  # `==` makes a rule

    def in_(self, values: Any) -> Expression:
        """Permits where this is one of the values: a collection, a field or an attribute."""
        if isinstance(values, str | bytes) or not isinstance(values, Collection | Operand):
            raise TypeError(f"in_({values!r}): expected a list of values, a field or an attribute.")
        return Compared(self, "in", values if isinstance(values, Operand) else tuple(values))

    def is_(self, value: bool | None) -> Expression:
        """Permits where this is None, True or False."""
        if value is not None and not isinstance(value, bool):
            raise TypeError(f"is_({value!r}): expected None, True or False; compare with ==.")
        return Compared(self, "eq", value)

    def __eq__(self, other: object) -> Expression:  # type: ignore[override]
        return Compared(self, "eq", other)

    def __ne__(self, other: object) -> Expression:  # type: ignore[override]
        return Compared(self, "ne", other)

    def __lt__(self, other: Any) -> Expression:
        return Compared(self, "lt", other)

    def __le__(self, other: Any) -> Expression:
        return Compared(self, "lte", other)

    def __gt__(self, other: Any) -> Expression:
        return Compared(self, "gt", other)

    def __ge__(self, other: Any) -> Expression:
        return Compared(self, "gte", other)

    def __contains__(self, item: object) -> bool:
        raise TypeError(f"{item!r} in {self}: write in_() for in.")

    def __bool__(self) -> bool:
        raise TypeError(
            f"{self} has no value before a rule is evaluated; compare it: {self} == True."
        )


class RecordPath(Operand):
    """`record.team`, and `record.order.customer_id` by way of a relation."""

    __slots__ = ("_path",)

    def __init__(self, path: Path) -> None:
        self._path = path

    def __getattr__(self, name: str) -> RecordPath:
        if name.startswith("_"):
            raise AttributeError(name)
        return RecordPath((*self._path, name))

    def __repr__(self) -> str:
        return ".".join(("record", *self._path))


class ActorAttribute(Operand):
    """`actor.team`: an attribute or a claim of the actor."""

    __slots__ = ("_name",)

    def __init__(self, name: str) -> None:
        self._name = name

    def __repr__(self) -> str:
        return f"actor.{self._name}"


class FormValue(Operand):
    """`form.country`: a field of the record whose form is filled in, for `UI(choices=…)`."""

    __slots__ = ("_path",)

    def __init__(self, path: Path) -> None:
        self._path = path

    def __getattr__(self, name: str) -> FormValue:
        if name.startswith("_"):
            raise AttributeError(name)
        return FormValue((*self._path, name))

    def __repr__(self) -> str:
        return ".".join(("form", *self._path))


class Now(Operand):
    """`now`, and `now - timedelta(minutes=15)`: the time of the decision."""

    __slots__ = ("offset",)

    def __init__(self, offset: timedelta = timedelta()) -> None:
        self.offset = offset

    def __add__(self, other: timedelta) -> Now:
        return Now(self.offset + other) if isinstance(other, timedelta) else NotImplemented

    __radd__ = __add__

    def __sub__(self, other: timedelta) -> Now:
        return Now(self.offset - other) if isinstance(other, timedelta) else NotImplemented

    def __repr__(self) -> str:
        return f"now{offset_text(self.offset)}"


class _Whole:
    """The record or the actor, which has attributes to compare and no value of its own."""

    __slots__ = ()
    __hash__ = None  # type: ignore[assignment]

    def __eq__(self, other: object) -> bool:
        raise TypeError(f"{self!r} == {other!r}: compare an attribute, such as {self!r}.id.")

    def __bool__(self) -> bool:
        raise TypeError(f"{self!r} has no value before a rule is evaluated; use its attributes.")


class _Record(_Whole):
    """The record of a decision; its attributes are its fields and relations."""

    __slots__ = ()

    def __getattr__(self, name: str) -> RecordPath:
        if name.startswith("_"):
            raise AttributeError(name)
        return RecordPath((name,))

    def __repr__(self) -> str:
        return "record"


class _Actor(_Whole):
    """The actor of a decision; its attributes are id, name, roles and claims."""

    __slots__ = ()

    def __getattr__(self, name: str) -> ActorAttribute:
        if name.startswith("_"):
            raise AttributeError(name)
        return ActorAttribute(name)

    def __repr__(self) -> str:
        return "actor"


class _Form(_Whole):
    """The record whose form is filled in; its attributes are its fields and relations."""

    __slots__ = ()

    def __getattr__(self, name: str) -> FormValue:
        if name.startswith("_"):
            raise AttributeError(name)
        return FormValue((name,))

    def __repr__(self) -> str:
        return "form"


record: Any = _Record()
"""The record: `record.team`, or `record.order.customer_id` by way of a relation."""

actor: Any = _Actor()
"""The actor: `actor.id`, `actor.name`, `actor.roles`, and its claims, such as `actor.team`."""


form: Any = _Form()
"""The record whose form is filled in, in `UI(choices=record.country == form.country)`."""


now = Now()
"""The time of the decision, which compares with a date or datetime of the record."""


def owner(field: str) -> Expression:
    """Permits the actor whose id the field has.

    >>> str(owner("user_id"))
    'record.user_id == actor.id'
    """
    if not isinstance(field, str) or not all(map(str.isidentifier, field.split("."))):
        raise TypeError(f"owner({field!r}): expected the name of a field.")
    return Compared(RecordPath(tuple(field.split("."))), "eq", ActorAttribute("id"))


@dataclass(frozen=True, slots=True, eq=False)
class Compared(Expression):
    """`left op right`. An attribute that the actor does not have compares false with everything."""

    left: Any
    op: str
    right: Any

    def __post_init__(self) -> None:
        sides = (self.left, self.right)
        within = self.right if isinstance(self.right, tuple) else ()
        wrong = [s for s in sides if _is_no_value(s)]
        wrong += [s for s in within if isinstance(s, Operand) or _is_no_value(s)]
        if wrong:
            raise TypeError(
                f"{self}: {wrong[0]!r} is no value. Compare fields of the record, attributes of "
                "the actor, such as actor.id, and constants; combine comparisons with & and |."
            )
        if any(isinstance(side, Now) for side in sides) and (
            self.op in ("in", "has") or not any(isinstance(side, RecordPath) for side in sides)
        ):
            raise TypeError(f"{self}: now has an order with the fields of the record only.")

    @property
    def reads_record(self) -> bool:  # type: ignore[override]
        return isinstance(self.left, RecordPath) or isinstance(self.right, RecordPath)

    @property
    def reads_actor(self) -> bool:
        return isinstance(self.left, ActorAttribute) or isinstance(self.right, ActorAttribute)

    @property
    def reads_time(self) -> bool:
        """Whether the answer may change without the record."""
        return isinstance(self.left, Now) or isinstance(self.right, Now)

    @property
    def paths(self) -> tuple[Path, ...]:
        """The paths of the fields that are compared."""
        sides = (self.left, self.right)
        return tuple(side._path for side in sides if isinstance(side, RecordPath))

    def owner_fields(self) -> frozenset[str]:
        sides = (self.left, self.right)
        is_id = any(isinstance(side, ActorAttribute) and side._name == "id" for side in sides)
        own = [path[0] for path in self.paths if len(path) == 1]
        return frozenset(own if is_id and self.op == "eq" else ())

    def bind(self, actor: Actor | None, model: RuleModel | None) -> Condition:
        if model is None and self.reads_record:
            return Function(self._refuse, actor)
        left, op, right = self.left, self.op, self.right
        if isinstance(left, FormValue) or isinstance(right, FormValue):
            raise ConfigurationError(f"{self}: form is known in UI(choices=…) only.")
        if not isinstance(left, RecordPath) and isinstance(right, RecordPath):
            left, op, right = right, _MIRRORED[op], left
        value = right
        if isinstance(right, ActorAttribute):
            value = _attribute(actor, right._name)
        own = _attribute(actor, left._name) if isinstance(left, ActorAttribute) else None
        if model is None or not isinstance(left, RecordPath):
            is_missing = own is None or (isinstance(right, ActorAttribute) and value is None)
            return NEVER if is_missing else constant(compares(op, own, value))
        if isinstance(right, RecordPath):
            return _of_fields(model, left._path, op, right._path)
        steps, cls, field = model.locate(left._path)
        if op != "has" and _is_never_equal(cls, field, right):
            raise ConfigurationError(
                f"{self}: {cls.__name__}.{field} has several values and equals no single one. "
                f"Compare it with a list, or ask for one value by actor.id.in_({left!r})."
            )
        if isinstance(right, ActorAttribute):
            if value is None:
                return NEVER
            value = typed_id(cls, field, value) if right._name == "id" else value
        elif isinstance(right, Now):
            value = moment_as(kinds_of(cls, field), current_moment(model.cls) + right.offset)
            if value is None:
                raise ConfigurationError(
                    f"{self}: {cls.__name__}.{field} is neither a date nor a datetime, so it has "
                    "no order with now."
                )
        return along(steps, of_value(cls, field, op, value))

    def _refuse(self, actor: Any, entity: Any) -> bool:
        raise RuleFailedError from LookupError(f"{self} needs a record.")

    def __str__(self) -> str:
        right = list(self.right) if isinstance(self.right, tuple) else self.right
        return f"{self.left!r} {_SIGNS[self.op]} {right!r}"


def _is_no_value(side: Any) -> bool:
    """Whether a comparison with it has the same answer for every record, which nobody means."""
    return isinstance(side, _Whole | RuleExpression) or callable(side)


def _is_never_equal(cls: type[Entity], field: str, value: Any) -> bool:
    """Whether a field of lists or sets is compared with one value, or with several of them."""
    kinds = kinds_of(cls, field)
    if not kinds or not all((get_origin(kind) or kind) in _COLLECTIONS for kind in kinds):
        return False
    if isinstance(value, ActorAttribute):
        return value._name in ("id", "name")
    if isinstance(value, tuple):
        items = [item for item in value if item is not None]
        return bool(items) and not any(map(is_collection, items))
    return value is not None and not is_collection(value)


_COLLECTIONS = (list, set, tuple, frozenset)


def _attribute(actor: Actor | None, name: str) -> Any:
    """The actor's attribute; None for a guest, and for an attribute without a value."""
    value: Any = None if actor is None else actor.attribute(name)
    if is_collection(value) and not isinstance(value, EveryRole):
        return tuple(item for item in value if item is not None)
    return value


def attribute_of(actor: Actor | None, attribute: ActorAttribute) -> Any:
    """The value of `actor.team` for an actor; None for a guest, and without a value."""
    return _attribute(actor, attribute._name)


def _of_fields(model: RuleModel, left: Path, op: str, right: Path) -> Condition:
    left_steps, _, left_field = model.locate(left)
    right_steps, _, right_field = model.locate(right)
    if left_steps == right_steps:
        return along(left_steps, FieldComparison(left_field, op, right_field))
    return RelatedComparison(left_steps, left_field, op, right_steps, right_field)
