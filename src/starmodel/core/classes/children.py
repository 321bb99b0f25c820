"""Children: the records of one class that refer to a record of another by a foreign key.

The links of a many-to-many relation are children of both classes that they join.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from starmodel.core.classes.relations import Resolved, resolve
from starmodel.core.entity import Entity
from starmodel.core.errors import ConfigurationError
from starmodel.core.fields.relations import relations_of
from starmodel.core.translations import translated
from starmodel.core.values.words import title_of


@dataclass(frozen=True, slots=True, eq=False)
class Children:
    """A relation to many records that each have the id of their parent in a foreign key.

    Shapes: name is that of the relation; key is the foreign key in the class `of`; order is that
    of the relation, "" for none; is_listed and is_inline say whether record pages list the
    children, and whether the parent's form has inputs for them; position is the editable field
    of type int that orders them, "" for none; through is the other foreign key of a link, to
    the related record, "" for children that are no links.
    """

    parent: type[Entity]
    name: str
    of: type[Entity]
    key: str
    order: str
    is_listed: bool
    is_inline: bool
    position: str = ""
    through: str = ""

    @property
    def place(self) -> str:
        """The name of the list of these children on record pages: "Order.lines"."""
        return f"{self.parent.__entity__.name}.{self.name}"

    @property
    def title(self) -> str:
        """The heading above the children."""
        return translated(title_of(self.name))


def children_of(cls: type[Entity], known: Mapping[str, type[Entity]]) -> tuple[Children, ...]:
    """The children of a class, in the order of `model_config["children"]`.

    Shapes: known has the classes of the application by name.
    Raises: ConfigurationError, for an option that names no such relation.
    """
    found = {
        name: resolved
        for name, relation in relations_of(cls).items()
        if _are_children(resolved := resolve(cls, relation, known))
    }
    own = {name: resolved for name, resolved in found.items() if resolved.link is None}
    listed = _named(cls, "children", found)
    inline = _named(cls, "inlines", own) or ()
    keys = {(each.target, each.remote) for each in own.values()}
    default = [] if listed is not None else [
        name for name, each in found.items() if (each.link, each.link_local) not in keys
    ]  # fmt: skip
    order = [*(listed or ()), *(name for name in found if name not in (listed or ()))]
    return tuple(
        Children(
            cls, name, found[name].target, found[name].remote, found[name].relation.order,
            listed is None or name in listed, name in inline, _position(found[name]),
        )
        if name in own
        else _links(cls, name, found[name], is_listed=name in (listed or default))
        for name in order
    )  # fmt: skip


def all_children(classes: Iterable[type[Entity]]) -> dict[type[Entity], tuple[Children, ...]]:
    """The children of each class that has some."""
    known = {cls.__entity__.name: cls for cls in classes}
    found = {cls: children_of(cls, known) for cls in known.values()}
    return {cls: children for cls, children in found.items() if children}


def _links(cls: type[Entity], name: str, resolved: Resolved, *, is_listed: bool) -> Children:
    """The links of a many-to-many relation, whose records refer to both sides."""
    link: Any = resolved.link
    return Children(
        cls, name, link, resolved.link_local, "", is_listed, False, through=resolved.link_remote
    )


def _are_children(resolved: Resolved) -> bool:
    return resolved.many and resolved.local == "id"


def _position(resolved: Resolved) -> str:
    name = resolved.relation.order.partition(",")[0].strip()
    spec = resolved.target.__entity__.fields.get(name)
    return name if spec is not None and spec.editable and spec.info.annotation is int else ""


def _named(cls: type[Entity], option: str, found: Mapping[str, Any]) -> tuple[str, ...] | None:
    """The relations that an option names; None if the class does not have it."""
    given: Any = cls.model_config.get(option)
    if given is None:
        return None
    names = (given,) if isinstance(given, str) else tuple(given)
    unknown = [name for name in names if name not in found]
    if unknown or isinstance(given, str):
        raise ConfigurationError(
            f"{cls.__name__}.model_config[{option!r}] is {given!r}; expected a tuple of relations "
            f"to many records by a foreign key: {', '.join(found) or 'the class has none'}."
        )
    return names
