"""Foreign keys to classes whose records no table of the same database has."""

from __future__ import annotations

from collections.abc import Mapping

from starmodel.core.classes.foreign_keys import foreign_keys
from starmodel.core.definition.table_names import full_name
from starmodel.core.entity import Entity
from starmodel.core.errors import ConfigurationError
from starmodel.core.fields.annotations import type_name
from starmodel.core.fields.stores import SYSTEM

_TABLES = frozenset({"sql", SYSTEM})
"""The stores that may be one database, which checks foreign keys."""


def check_foreign_keys(stores: Mapping[type[Entity], str]) -> None:
    """Refuse a foreign key of a table to a class in a store without tables.

    A foreign key in such a store is no constraint, so it may refer to any class.

    Raises: ConfigurationError, naming both classes and the alternatives.
    """
    apart = {
        full_name(cls): cls
        for cls, store in stores.items()
        if store not in _TABLES and "persistence_backend" not in cls.model_config
    }
    for cls in stores:
        for key in foreign_keys(cls) if stores[cls] in _TABLES else ():
            target = apart.get(key.table)
            if target is not None:
                name, annotation = target.__name__, cls.__pydantic_fields__[key.field].annotation
                raise ConfigurationError(
                    f"{cls.__name__}.{key.field} is a foreign key to {name}, whose records are in "
                    f"the store {stores[target]!r}, and {cls.__name__} is in {stores[cls]!r}. A "
                    "database refers to its own tables alone. Store both there, by "
                    f"{name}.model_config = {{'store': {stores[cls]!r}}}, or declare the id "
                    f"without a foreign key: {key.field}: {type_name(annotation)}."
                )
