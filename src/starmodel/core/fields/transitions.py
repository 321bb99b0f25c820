"""`transitions(…)`: from which state of a choice field a record may go to which."""

from __future__ import annotations

import enum
import types
import typing
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from starmodel.core.errors import ConfigurationError
from starmodel.core.fields.field_types import plain_types


@dataclass(frozen=True, slots=True)
class Transitions:
    """The declared steps between the members of an enum or Literal.

    Shapes: steps maps the value of a member to those that may follow; one without an entry is
    final.
    """

    steps: Mapping[Any, tuple[Any, ...]] = field(hash=False)

    def permits(self, before: Any, after: Any) -> bool:
        """Whether a record may go from one state to the other; from no state to any.

        >>> rule = transitions(draft=["placed"], placed=["paid"])
        >>> rule.permits("draft", "placed"), rule.permits("draft", "paid")
        (True, False)
        """
        was, now = value_of(before), value_of(after)
        return was is None or was == now or now in self.steps.get(was, ())

    def after(self, state: Any) -> tuple[Any, ...]:
        """The values that may directly follow a state."""
        return self.steps.get(value_of(state), ())

    def reachable(self, state: Any) -> frozenset[Any]:
        """The values that a record can get to from a state, in any number of steps."""
        found: set[Any] = set()
        ahead = list(self.after(state))
        while ahead:
            value = ahead.pop()
            if value not in found:
                found.add(value)
                ahead += self.after(value)
        return frozenset(found)


def transitions(
    steps: Mapping[Any, Sequence[Any]] | None = None, /, **named: Sequence[Any]
) -> Transitions:
    """The steps of a choice field, as in `Annotated[Status, transitions(draft=["placed"])]`.

    Every commit that changes the field obeys them, whoever makes it; a new record may begin in
    any state. They are names of values, or a mapping of members.

    Raises: ConfigurationError, for a value that is no list of members.
    """
    made: dict[Any, tuple[Any, ...]] = {}
    for state, following in {**(steps or {}), **named}.items():
        if isinstance(following, str) or not isinstance(following, Sequence):
            raise ConfigurationError(
                f"transitions: {value_of(state)!r} has {following!r}; expected a list of the "
                "states that may follow, such as ['paid', 'cancelled']."
            )
        made[value_of(state)] = tuple(map(value_of, following))
    return Transitions(made)


def value_of(member: Any) -> Any:
    """The value of an enum member; any other value as it is."""
    return member.value if isinstance(member, enum.Enum) else member


def members_of(annotation: Any) -> tuple[Any, ...]:
    """The values of an enum or Literal type, also of an optional one; () for any other type."""
    origin = typing.get_origin(annotation)
    if origin is typing.Annotated:
        return members_of(typing.get_args(annotation)[0])
    if origin is typing.Literal:
        return typing.get_args(annotation)
    if origin in (typing.Union, types.UnionType):
        found = [members_of(part) for part in typing.get_args(annotation)]
        return tuple(value for values in found for value in values)
    for kind in plain_types(annotation):
        if isinstance(kind, type) and issubclass(kind, enum.Enum):
            return tuple(member.value for member in kind)
    return ()


def transitions_of(where: str, annotation: Any, metadata: Iterable[Any]) -> Transitions | None:
    """The transitions in the metadata of a field. Raises: ConfigurationError, for no member."""
    is_annotated = typing.get_origin(annotation) is typing.Annotated
    inner = typing.get_args(annotation)[1:] if is_annotated else ()
    declared = [item for item in (*metadata, *inner) if isinstance(item, Transitions)]
    if not declared:
        return None
    members = members_of(annotation)
    if not members:
        raise ConfigurationError(
            f"{where} has transitions and is no choice; expected an Enum or a Literal."
        )
    for state, following in declared[-1].steps.items():
        for value in (state, *following):
            if value not in members:
                raise ConfigurationError(
                    f"{where}: transitions name {value!r}; the states are "
                    f"{', '.join(map(repr, members))}."
                )
    return declared[-1]
