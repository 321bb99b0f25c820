"""What queries compare besides fields: "customer.name", and relations such as "tags"."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from starmodel.core.classes.registry import EntityType
from starmodel.core.classes.titles import title_names
from starmodel.core.entity import Entity
from starmodel.core.errors import ConfigurationError
from starmodel.core.fields.form_layout import form_layout
from starmodel.core.fields.relations import relations_of


class RelatedField(NamedTuple):
    """One field of the record that a foreign key refers to by its id.

    Shapes: name is the path "customer.name"; local is the foreign key; field is the target's
    field or computed field.
    """

    name: str
    local: str
    target: type[Entity]
    field: str

    @property
    def relation(self) -> str:
        """The name of the relation: "customer"."""
        return self.name.partition(".")[0]

    @property
    def is_stored(self) -> bool:
        """True for a field, False for a computed one."""
        return self.field in self.target.__pydantic_fields__


class LinkedField(NamedTuple):
    """A many-to-many relation through a link class that StarModel made, compared by ids.

    Shapes: link_local and link_remote are the fields of the link that have the two ids.
    """

    name: str
    target: type[Entity]
    link: type[Entity]
    link_local: str
    link_remote: str


def linked_field(entity_type: EntityType, name: str) -> LinkedField | None:
    """The many-to-many relation of that name; None for any other."""
    made = entity_type.shown_links.get(name)
    if made is None or made.link is None or (made.local, made.remote) != ("id", "id"):
        return None
    return LinkedField(name, made.target, made.link, made.link_local, made.link_remote)


def foreign_key_of(entity_type: EntityType, name: str) -> str:
    """The foreign key of a relation to one record; any other name unchanged."""
    relation = entity_type.to_one.get(name)
    return name if relation is None or relation.remote != "id" else relation.local


def related_field(entity_type: EntityType, name: str) -> RelatedField | None:
    """The field that a path of one step leads to; None if it leads to no public field.

    The name of a relation alone leads to the field that titles its records, where that is stored.
    """
    relation_name, dot, field = name.partition(".")
    relation = entity_type.to_one.get(relation_name)
    if relation is None or relation.remote != "id":
        return None
    info = relation.target.__entity__
    if not dot:
        field = next((each for each in title_names(relation.target) if each in info.fields), "")
        name = f"{relation_name}.{field}"
    spec = info.fields.get(field)
    if field not in info.computed and (spec is None or spec.private):
        return None
    return RelatedField(name, relation.local, relation.target, field)


def queried_field(entity_type: EntityType, name: str) -> RelatedField | None:
    """As `related_field`, for a stored field that a query may compare; else None."""
    found = related_field(entity_type, name)
    if found is None or not found.is_stored:
        return None
    info = found.target.__entity__
    local = entity_type.cls.__entity__.fields[found.local]
    return found if info.fields[found.field].atomic and not local.private else None


def check_paths(entity_types: Iterable[EntityType]) -> None:
    """Check relations and paths in the options of classes. Raises: ConfigurationError."""
    for entity_type in entity_types:
        config = entity_type.cls.model_config
        layout = form_layout(entity_type.cls.__name__, config.get("fieldsets"))
        for key, names in (
            ("list_filter", config.get("list_filter") or ()),
            ("fieldsets", layout.names),
        ):
            _check_named_once(entity_type, key, [*names])
            for name in names:
                is_relation = name in relations_of(entity_type.cls)
                to_one = foreign_key_of(entity_type, name) != name
                if is_relation and not to_one and linked_field(entity_type, name) is None:
                    raise ConfigurationError(
                        f"{entity_type.cls.__name__}.model_config[{key!r}] names {name!r}; "
                        "expected fields, relations to one record and many-to-many relations "
                        "without a declared link class."
                    )
        for key in ("list_display", "search_fields"):
            for name in config.get(key) or ():
                shown = name in entity_type.to_one or name in entity_type.shown_links
                if shown and key == "list_display":
                    continue
                if name in relations_of(entity_type.cls) and name not in entity_type.to_one:
                    raise ConfigurationError(
                        f"{entity_type.cls.__name__}.model_config[{key!r}] names {name!r}, a "
                        "relation to many records; expected fields and relations to one record, "
                        "and in list_display many-to-many relations."
                    )
                if "." in name or name in entity_type.to_one:
                    _check_path(entity_type, key, name)


def _check_named_once(entity_type: EntityType, key: str, names: list[str]) -> None:
    """Check that no relation is named together with its foreign key."""
    keys = [foreign_key_of(entity_type, name) for name in names]
    twice = [name for name in names if keys.count(foreign_key_of(entity_type, name)) > 1]
    if twice and len({*twice}) > 1:
        raise ConfigurationError(
            f"{entity_type.cls.__name__}.model_config[{key!r}] names {' and '.join(twice[:2])}, "
            "which are one relation; expected one of them."
        )


def _check_path(entity_type: EntityType, key: str, name: str) -> None:
    where = f"{entity_type.cls.__name__}.model_config[{key!r}] names {name!r}"
    relation_name, _, field = name.partition(".")
    relation = entity_type.to_one.get(relation_name)
    if relation is None:
        raise ConfigurationError(
            f"{where}, and {relation_name!r} is no relation to one record; expected one of "
            f"{', '.join(entity_type.to_one) or 'none'}."
        )
    found, info = related_field(entity_type, name), relation.target.__entity__
    stored = [n for n, s in info.fields.items() if s.atomic and not s.private]
    known = stored if key == "search_fields" else [*stored, *info.computed]
    if found is None or found.field not in known:
        raise ConfigurationError(
            f"{where}, and {relation.target.__name__} has no field {field!r} for it; expected one "
            f"of {', '.join(known)}."
        )
