"""Relations between entities: what their foreign keys and annotations say together."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import inflection

from starmodel.core.errors import ConfigurationError, FrozenEntityError, NotLoadedError
from starmodel.core.fields.field import options_of

if TYPE_CHECKING:
    from starmodel.core.entity import Entity

_MANY = re.compile(r"^(?:typing\.)?(?:list|List|Sequence)\b")


class Relation:
    """An attribute that is filled on request: `objects.get(id, load=["lines"])`.

    Never part of the stored state, of a dump, a page or a message.
    """

    def __init__(self, foreign_key: str, link_model: Any, order: str) -> None:
        self.foreign_key, self.link_model, self.order = foreign_key, link_model, order
        self.owner, self.name, self.annotation = "", "", ""

    def __get__(self, instance: Any, owner: Any = None) -> Any:
        if instance is None:
            return self
        try:
            return object.__getattribute__(instance, "__dict__")[self.name]
        except KeyError:
            raise NotLoadedError(
                f"{self.owner}.{self.name} was not loaded. Ask for it: "
                f"{self.owner}.objects.get(id, load=[{self.name!r}]), or objects.list(load=…)."
            ) from None

    def __set__(self, instance: Any, value: Any) -> None:
        raise FrozenEntityError(
            f"{self.owner}.{self.name} can't be assigned: it follows from a foreign key. "
            "Change that in an event."
        )


def Relationship(  # noqa: N802 - the name users know from SQLModel
    *,
    back_populates: str | None = None,
    link_model: Any = None,
    foreign_key: str = "",
    order: str = "",
) -> Any:
    """The records on the other side of a foreign key: `lines: list["Line"] = Relationship()`.

    link_model: the entity whose two foreign keys join many records to many.
    foreign_key: the field to follow, where there are several; of a link to the
    same class, the one that names the owner of this relation.
    order: of the records, as in `objects.list(order=…)`.
    back_populates is taken as SQLModel takes it, and says nothing: both
    sides follow from the foreign key.
    """
    return Relation(foreign_key, link_model, order)


class ForeignKey(NamedTuple):
    """One field that names a record of another table.

    Shapes: table has its schema, when it is not the default one; column is
    the target's field, once it is known; rule is SQL's, in capitals, or "".
    """

    field: str
    table: str
    column: str
    rule: str


@dataclass(frozen=True, slots=True)
class Resolved:
    """A relation worked out.

    Shapes: the target's records have `theirs` equal to this record's
    `mine`; through a link, the link's `link_mine` is mine and its
    `link_theirs` is theirs.
    """

    relation: Relation
    target: type[Entity]
    mine: str
    theirs: str
    many: bool
    link: type[Entity] | None = None
    link_mine: str = ""
    link_theirs: str = ""


def own_annotations(cls: type[Any]) -> dict[str, Any]:
    """The annotations that the class itself wrote, as they are, evaluated or not."""
    if sys.version_info >= (3, 14):
        import annotationlib

        return dict(annotationlib.get_annotations(cls, format=annotationlib.Format.FORWARDREF))
    return dict(vars(cls).get("__annotations__", {}))


def take_relations(cls: type[Any]) -> None:
    """Take relations out of what pydantic will make fields of."""
    found = {name: value for name, value in vars(cls).items() if isinstance(value, Relation)}
    if not found:
        return
    annotations = own_annotations(cls)
    for name, relation in found.items():
        annotation = annotations.pop(name, None)
        if annotation is None:
            raise ConfigurationError(
                f"{cls.__name__}.{name} needs an annotation: the other class, or list[…] of it."
            )
        relation.owner, relation.name = cls.__name__, name
        relation.annotation = annotation if isinstance(annotation, str) else _told(annotation)
    cls.__annotations__ = annotations


def _told(annotation: Any) -> str:
    return annotation.__name__ if isinstance(annotation, type) and not hasattr(
        annotation, "__args__"
    ) else str(annotation)  # fmt: skip


def relations_of(cls: type[Any]) -> dict[str, Relation]:
    """The relations of a class and its bases, by name."""
    made: dict[str, Relation] = {}
    for base in reversed(cls.__mro__):
        made |= {name: value for name, value in vars(base).items() if isinstance(value, Relation)}
    return made


def table_name(cls: type[Any]) -> str:
    """The table of a class, which foreign keys name."""
    made = getattr(cls, "__table__", None)
    if made is not None:
        return str(made.name)  # SQLModel's own rule, which `foreign_key=` of its users follows
    return getattr(cls, "__tablename__", None) or inflection.underscore(cls.__name__)


def schema_of(cls: type[Any]) -> str | None:
    """The schema of a class's table, None for the default one."""
    made = getattr(cls, "__table__", None)
    if made is not None:
        return made.schema  # type: ignore[no-any-return]
    given = getattr(cls, "__table_args__", None) or ()
    options = given if isinstance(given, dict) else given[-1] if given else {}
    schema = options.get("schema") if isinstance(options, dict) else None
    return None if schema is None else str(schema)


def full_name(cls: type[Any]) -> str:
    """The table of a class with its schema, as foreign keys name it."""
    schema, name = schema_of(cls), table_name(cls)
    return name if schema is None else f"{schema}.{name}"


def column_names(cls: type[Entity]) -> dict[str, str]:
    """The column of each field."""
    return {name: _column_of(name, info) for name, info in cls.__pydantic_fields__.items()}


def _column_of(name: str, info: Any) -> str:
    said = _said(info)
    column = getattr(said.get("sa_column"), "name", None)
    more = said.get("sa_column_kwargs")
    return str(column or (more.get("name") if isinstance(more, dict) else None) or name)


def _said(info: Any) -> dict[str, Any]:
    """What our `Field` or SQLModel's own said of a column."""
    said = dict(options_of(info).sql)
    for item in info.metadata:
        for key in ("foreign_key", "ondelete", "sa_column", "sa_column_args", "sa_column_kwargs"):
            value = getattr(item, key, None)
            if value is not None and type(value).__name__ != "PydanticUndefinedType":
                said[key] = value
    return said


def foreign_keys(cls: type[Entity]) -> Iterator[ForeignKey]:
    """The foreign keys of single fields, however they are declared.

    By `foreign_key=`, in `sa_column` or `sa_column_args`, or in `__table_args__`.
    """
    for name, info in cls.__pydantic_fields__.items():
        said = _said(info)
        target = said.get("foreign_key")
        if isinstance(target, str):
            yield _key(name, target, said.get("ondelete"))
        column = said.get("sa_column")
        given = getattr(column, "foreign_keys", None) or ()
        for item in (*given, *_sequence(said.get("sa_column_args"))):
            target = getattr(item, "target_fullname", None)
            if isinstance(target, str):
                yield _key(name, target, item.ondelete)
    fields = {column: field for field, column in column_names(cls).items()}
    for item in _sequence(getattr(cls, "__table_args__", None)):
        elements: Any = getattr(item, "elements", ())
        columns: Any = getattr(item, "column_keys", ())
        if len(elements) == 1 and hasattr(elements[0], "target_fullname") and columns[0] in fields:
            yield _key(fields[columns[0]], elements[0].target_fullname, item.ondelete)


def _sequence(value: Any) -> tuple[Any, ...]:
    return tuple(value) if isinstance(value, list | tuple) else ()


def _key(field: str, target: str, rule: Any) -> ForeignKey:
    table, _, column = target.rpartition(".")
    return ForeignKey(field, table, column, rule.upper() if isinstance(rule, str) else "")


def _by_field(key: ForeignKey, target: type[Entity]) -> ForeignKey:
    """The key with the target's field in place of its column."""
    fields = {column: field for field, column in column_names(target).items()}
    return key._replace(column=fields.get(key.column, key.column))


def resolve(cls: type[Entity], relation: Relation, known: Mapping[str, type[Entity]]) -> Resolved:
    """Work out a relation of a class. Raises: ConfigurationError, saying what is missing."""
    where = f"{cls.__name__}.{relation.name}"
    words = re.findall(r"\w+", relation.annotation)
    target = next((known[word] for word in reversed(words) if word in known), None)
    if target is None:
        raise ConfigurationError(
            f"{where} is {relation.annotation}, which names no entity of this application; it "
            f"has {', '.join(known)}."
        )
    many = _MANY.match(relation.annotation) is not None
    if relation.link_model is not None:
        link = relation.link_model
        link = known.get(link, link) if isinstance(link, str) else link
        here, there = _through(where, link, cls, target, relation.foreign_key)
        return Resolved(
            relation, target, here.column, there.column, True, link, here.field, there.field
        )
    if many:
        key = _only(where, target, cls, relation.foreign_key)
        return Resolved(relation, target, key.column, key.field, True)
    key = _only(where, cls, target, relation.foreign_key)
    return Resolved(relation, target, key.field, key.column, False)


def _through(
    where: str, link: type[Entity], cls: type[Entity], target: type[Entity], field: str
) -> tuple[ForeignKey, ForeignKey]:
    """The link's key to this class and the one to the target.

    Shapes: field names one of them, "" none. Of two keys to one class, as
    in friends of friends, it is the one to the owner of the relation.
    """
    names = {key.field for key in foreign_keys(link) if key.table == full_name(cls)}
    here = _only(where, link, cls, field if cls is target or field in names else "")
    if cls is target:
        return here, _only(where, link, target, "", besides=here.field)
    return here, _only(where, link, target, "" if field in names else field)


def _only(
    where: str, holder: type[Entity], target: type[Entity], field: str, *, besides: str = ""
) -> ForeignKey:
    table = full_name(target)
    found = [
        k
        for k in foreign_keys(holder)
        if k.table == table and field in ("", k.field) and k.field != besides
    ]
    if len(found) != 1:
        many = "several foreign keys" if found else "no foreign key"
        raise ConfigurationError(
            f"{where} needs one field of {holder.__name__} with foreign_key='{table}.…', and there "
            f"are {many}{f' named {field!r}' if field else ''}. Declare it, or name the one meant: "
            "Relationship(foreign_key=…)."
        )
    return _by_field(found[0], target)


def dependents(classes: Iterable[type[Entity]]) -> dict[type[Entity], list[Any]]:
    """For each class those whose foreign keys say what happens when a record of it goes."""
    by_table = {full_name(cls): cls for cls in classes}
    made: dict[type[Entity], list[tuple[type[Entity], ForeignKey]]] = {}
    for cls in by_table.values():
        for key in foreign_keys(cls):
            if key.rule in ("CASCADE", "SET NULL") and key.table in by_table:
                target = by_table[key.table]
                made.setdefault(target, []).append((cls, _by_field(key, target)))
    return made
