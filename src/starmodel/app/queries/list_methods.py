"""The check of methods that are columns of lists."""

from __future__ import annotations

from functools import partial

from starmodel.app.ports.query import make_query
from starmodel.app.queries.shown_fields import possible_columns
from starmodel.core.classes.registry import EntityType
from starmodel.core.classes.related_fields import queried_field
from starmodel.core.definition.related_computed import relations_read
from starmodel.core.errors import ConfigurationError, ListQueryError
from starmodel.core.fields.method_columns import method_column


def check_methods(entity_type: EntityType) -> None:
    """Check the methods among the columns of a class. Raises: ConfigurationError."""
    cls = entity_type.cls
    for name in possible_columns(entity_type):
        known = name in cls.__pydantic_fields__ or name in cls.__pydantic_computed_fields__
        found = None if known or "." in name else method_column(cls, name)
        if found is None:
            continue
        where = f"{cls.__name__}.{name}()"
        read = relations_read(cls, getattr(cls, name))
        if read:
            raise ConfigurationError(
                f"{where} is a column and reads the relation {read[0]!r}, which lists load for "
                "computed fields only. Declare it with @computed_field."
            )
        try:
            query = make_query(
                cls, {}, order=found.order, related=partial(queried_field, entity_type)
            )
        except ListQueryError as error:
            raise ConfigurationError(
                f"{where} has @column(order={found.order!r}): {error}"
            ) from error
        if len(query.order) > 1:
            raise ConfigurationError(
                f"{where} has @column(order={found.order!r}); expected one field."
            )
