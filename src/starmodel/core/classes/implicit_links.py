"""Link classes of many-to-many relations that no declared class joins."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from types import new_class
from typing import Annotated, Any, NamedTuple

from starmodel.core.classes.foreign_keys import column_names, foreign_keys
from starmodel.core.classes.relations import find_target, link_classes
from starmodel.core.definition.relations import without_none
from starmodel.core.definition.table_names import full_name
from starmodel.core.entity import Entity
from starmodel.core.errors import ConfigurationError
from starmodel.core.fields.field import Field
from starmodel.core.fields.relations import Relation, relations_of
from starmodel.core.values.words import snake_case


class Side(NamedTuple):
    """One class of a many-to-many relation. Shapes: store and scope are the resolved options."""

    cls: type[Entity]
    store: str
    scope: str


def implicit_links(sides: Mapping[str, Side]) -> Iterator[type[Entity]]:
    """The link classes that `tags: list[Tag]` needs, one for each pair of classes.

    None for a relation with a foreign key on the other side, or a declared link class.

    Shapes: sides has the classes of an application by name.
    Raises: ConfigurationError, for relations that need a declared link class.
    """
    known = {name: side.cls for name, side in sides.items()}
    by_class = {side.cls: side for side in sides.values()}
    made: dict[frozenset[type[Entity]], dict[type[Entity], str]] = {}
    for cls in known.values():
        for name, relation in relations_of(cls).items():
            target = _joined(cls, relation, known)
            if target is None:
                continue
            pair = frozenset((cls, target))
            names = made.setdefault(pair, {})
            if cls in names:
                raise ConfigurationError(
                    f"{cls.__name__}.{names[cls]} and {cls.__name__}.{name} both join "
                    f"{cls.__name__} and {target.__name__}. {_remedy(cls, target, name)}"
                )
            names[cls] = name
            if len(names) == 1:
                yield _link_class(f"{cls.__name__}.{name}", by_class[cls], by_class[target], sides)


def is_implicit(link: type[Entity]) -> bool:
    """Whether StarModel made this link class."""
    return "__link_keys__" in vars(link)


def link_id(link: type[Entity], keys: Mapping[str, Any]) -> str:
    """The id of the link between two records, the same whenever they are linked.

    Shapes: keys are the two foreign keys by field.
    """
    names: tuple[str, ...] = vars(link)["__link_keys__"]
    text = json.dumps([str(keys[name]) for name in names])
    return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()


def _joined(
    cls: type[Entity], relation: Relation, known: Mapping[str, type[Entity]]
) -> type[Entity] | None:
    """The other class of a relation that needs a link class; None for any other relation."""
    if not relation.is_many or relation.link_model is not None or relation.foreign_key:
        return None
    target = find_target(relation, known)
    if target is None or any(key.table == full_name(cls) for key in foreign_keys(target)):
        return None
    if target is cls:
        raise ConfigurationError(
            f"{cls.__name__}.{relation.name} joins {cls.__name__} with itself. "
            f"{_remedy(cls, cls, relation.name)} For a tree, declare parent: "
            f"'{cls.__name__} | None'."
        )
    return None if link_classes(cls, target, known) else target


def _remedy(cls: type[Entity], target: type[Entity], name: str) -> str:
    return (
        f"Declare a class with a foreign key to each side, and name it: {name}: "
        f"list[{target.__name__}] = Relationship(link_model='…')."
    )


def _link_class(where: str, one: Side, other: Side, sides: Mapping[str, Side]) -> type[Entity]:
    """The class whose records link records of two others.

    Shapes: for Post and Tag it is PostTag, in alphabetical order, with the table `post_tag` and
    the columns `post_id` and `tag_id`.
    Raises: ConfigurationError.
    """
    first, second = sorted((one, other), key=lambda side: side.cls.__name__)
    _check_sides(where, one, other)
    name = f"{first.cls.__name__}{second.cls.__name__}"
    keys = {f"{snake_case(side.cls.__name__).strip('_')}_id": side.cls for side in (first, second)}
    config: dict[str, Any] = {
        "store": one.store, "scope": "record", "path": None, "access": "nobody",
    }  # fmt: skip
    own = [side.cls.model_config for side in (one, other)]
    for key in ("plugin", "persistence_backend"):
        if key in own[0] and own[0][key] == own[1].get(key):
            config[key] = own[0][key]
    full = f"{config['plugin']}.{name}" if "plugin" in config else name
    if full in sides or len(keys) < 2:
        raise ConfigurationError(
            f"{where} would be stored by a link class {full}, and the application has a class of "
            f"that name. {_remedy(one.cls, other.cls, where.partition('.')[2])}"
        )
    body = {
        "__module__": one.cls.__module__,
        # A local class: it belongs to this application, not to all that import the module.
        "__qualname__": f"{one.cls.__qualname__}.<locals>.{name}",
        "__doc__": f"Links {first.cls.__name__} and {second.cls.__name__} records.",
        "__annotations__": {key: _key_type(cls) for key, cls in keys.items()},
        "__link_keys__": tuple(keys),
        "model_config": config,
    }
    made: type[Entity] = new_class(name, (Entity,), exec_body=lambda names: names.update(body))
    return made


def _check_sides(where: str, one: Side, other: Side) -> None:
    remedy = _remedy(one.cls, other.cls, where.partition(".")[2])
    for side in (one, other):
        if side.scope != "record":
            raise ConfigurationError(
                f"{where} joins records, and {side.cls.__name__} has the scope {side.scope!r}. "
                f"Set {side.cls.__name__}.model_config['scope'] to 'record'. {remedy}"
            )
    apart = one.cls.model_config.get("persistence_backend") != other.cls.model_config.get(
        "persistence_backend"
    )
    if one.store != other.store or apart:
        raise ConfigurationError(
            f"{where} joins {one.cls.__name__} in store {one.store!r} and {other.cls.__name__} in "
            f"store {other.store!r}. {remedy}"
        )


def _key_type(cls: type[Entity]) -> Any:
    kind = without_none(cls.__pydantic_fields__["id"].annotation)
    key = f"{full_name(cls)}.{column_names(cls)['id']}"
    return Annotated[kind, Field(foreign_key=key, index=True, ondelete="CASCADE")]
