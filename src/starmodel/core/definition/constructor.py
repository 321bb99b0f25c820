"""The names that the constructor of an entity class takes."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from difflib import get_close_matches
from typing import Any

from starmodel.core._compat import model_validator_modes
from starmodel.core.fields.nested import aliases_of
from starmodel.core.fields.relations import Relation, relations_of


def argument_names(cls: Any) -> frozenset[str] | None:
    """The names that `cls(…)` takes; None where the class decides itself.

    It does with `extra` in its `model_config`, and with a model validator that receives the
    arguments. Computed fields are among the names, since a dump of an entity has them.
    """
    if "extra" in cls.model_config or model_validator_modes(cls) & {"before", "wrap"}:
        return None
    fields = cls.__pydantic_fields__
    aliases = (alias for info in fields.values() for alias in aliases_of(info))
    relations = (
        name for base in cls.__mro__ for name, value in vars(base).items()
        if isinstance(value, Relation) and not value.is_many
    )  # fmt: skip
    return frozenset([*fields, *aliases, *cls.__pydantic_computed_fields__, *relations])


def with_keys(cls: Any, given: dict[str, Any]) -> dict[str, Any]:
    """The arguments with the ids of records in place of the records of relations.

    Raises: TypeError, for what is no record, and for a relation and its foreign key at once.
    """
    made, references = dict(given), cls.__entity__.references
    for name in references.keys() & given.keys():
        key, record = references[name], made.pop(name)
        if key in made:
            raise TypeError(f"{cls.__name__}() got both {name!r} and {key!r}.")
        if record is not None and not hasattr(record, "__entity__"):
            raise TypeError(
                f"{cls.__name__}() got {name}={record!r}; expected a record. Pass its id as "
                f"{key}=…."
            )
        made[key] = None if record is None else record.id
    return made


def unknown_argument(cls: Any, given: Iterable[str], known: Collection[str]) -> TypeError:
    """The error for an argument that no field has, with the nearest name."""
    name = min(set(given).difference(known))
    if name in relations_of(cls):
        return TypeError(
            f"{cls.__name__}() got {name!r}, a relation to many records, which no record stores. "
            f"Pass it to {cls.__name__}.objects.create, or set it in an event."
        )
    near = get_close_matches(name, sorted(known), 1)
    hint = f" Did you mean {near[0]!r}?" if near else ""
    return TypeError(
        f"{cls.__name__}() got {name!r}, which is no field of it.{hint} "
        f"The fields are {', '.join(cls.__pydantic_fields__)}."
    )
