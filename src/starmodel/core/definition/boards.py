"""`model_config["board"]`: records as cards in columns, one for each member of a choice field."""

from __future__ import annotations

import enum
import typing
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from starmodel.core.commands import plain
from starmodel.core.definition.info import EntityInfo
from starmodel.core.errors import ConfigurationError
from starmodel.core.fields.field_types import plain_types
from starmodel.core.fields.relations import relations_of

MAX_COLUMNS = 12
_KEYS = ("by", "card", "order", "moves")


@dataclass(frozen=True, slots=True, eq=False)
class Board:
    """The board of a class.

    Shapes: by is the field; members are its values, as text, in their order; card has the fields
    of a card, order the order of the cards, "" for that of the list; moves maps a member to the
    event that leads there, empty where `update` changes the field.
    """

    by: str
    members: tuple[str, ...]
    card: tuple[str, ...] = ()
    order: str = ""
    moves: Mapping[str, str] | None = None


def board_of(about: EntityInfo) -> Board | None:
    """The declared board; None without one. Raises: ConfigurationError."""
    given: Any = about.cls.model_config.get("board")
    if given is None:
        return None
    where = f"{about.cls.__name__}.model_config['board']"
    options = {"by": given} if isinstance(given, str) else given
    if not isinstance(options, Mapping) or not isinstance(options.get("by"), str):
        raise ConfigurationError(
            f"{where} is {given!r}; expected a choice field such as 'status', or "
            "{'by': 'status', 'card': ['total'], 'moves': {'packed': 'pack'}}."
        )
    unknown = [key for key in options if key not in _KEYS]
    if unknown:
        raise ConfigurationError(
            f"{where} has the unknown key {unknown[0]!r}; expected some of {', '.join(_KEYS)}."
        )
    members = _members(where, about, options["by"])
    card, order = options.get("card", ()), options.get("order", "")
    known = {*about.fields, *about.computed, *about.related_computed, *relations_of(about.cls)}
    known -= {name for name, spec in about.fields.items() if spec.private}
    wrong = [n for n in card if isinstance(card, str) or n.partition(".")[0] not in known]
    if wrong:
        raise ConfigurationError(
            f"{where} shows {wrong[0]!r} on cards; expected a list of fields, some of "
            f"{', '.join(sorted(known))}."
        )
    ordered = order.removeprefix("-") if isinstance(order, str) else ""
    if order and (ordered not in known or not about.fields[ordered].atomic):
        raise ConfigurationError(f"{where} has the order {order!r}; expected a field, '-due'.")
    moves = _moves(where, about, members, options)
    return Board(options["by"], members, tuple(card), order, moves)


def _members(where: str, about: EntityInfo, by: str) -> tuple[str, ...]:
    spec = about.fields.get(by)
    kinds = [] if spec is None or spec.private else plain_types(spec.info.annotation)
    values: tuple[Any, ...] = ()
    if len(kinds) == 1 and isinstance(kinds[0], type) and issubclass(kinds[0], enum.Enum):
        values = tuple(kinds[0])
    elif spec is not None and kinds:
        values = _literals(spec.info.annotation)
    if not 1 < len(values) <= MAX_COLUMNS:
        raise ConfigurationError(
            f"{where} is by {by!r}; expected an Enum or Literal field with 2 to {MAX_COLUMNS} "
            "members."
        )
    return tuple(str(plain(value)) for value in values)


def _literals(annotation: Any) -> tuple[Any, ...]:
    if typing.get_origin(annotation) is typing.Literal:
        return typing.get_args(annotation)
    found = [_literals(part) for part in typing.get_args(annotation)]
    return next((values for values in found if values), ())


def _moves(
    where: str, about: EntityInfo, members: tuple[str, ...], options: Mapping[str, Any]
) -> Mapping[str, str]:
    moves = options.get("moves") or {}
    if not isinstance(moves, Mapping):
        raise ConfigurationError(f"{where} has moves {moves!r}; expected {{'packed': 'pack'}}.")
    named = {str(plain(member)): event for member, event in moves.items()}
    for member, event in named.items():
        if member not in members or event not in about.events:
            raise ConfigurationError(
                f"{where} moves to {member!r} by {event!r}; expected a member of "
                f"{', '.join(members)} and an event of {', '.join(about.events)}."
            )
    if not named and not about.fields[options["by"]].editable:
        raise ConfigurationError(
            f"{where} is by {options['by']!r}, which is not editable; name the events that lead "
            "to its members: 'moves': {'packed': 'pack'}."
        )
    return named
