"""Collection of the relations of a class body, before pydantic collects its fields."""

from __future__ import annotations

from types import NoneType, UnionType
from typing import Annotated, Any, ClassVar, Union, get_args, get_origin

from pydantic.fields import FieldInfo

from starmodel.core.definition.related_types import Names, RelatedType, evaluated, related_type
from starmodel.core.definition.table_names import full_name
from starmodel.core.errors import ConfigurationError
from starmodel.core.fields.annotations import own_annotations
from starmodel.core.fields.field import Field, options_of
from starmodel.core.fields.relations import Relation
from starmodel.core.values.words import snake_case

_NO_DEFAULT = object()


def take_relations(cls: type[Any]) -> None:
    """Make relations of the annotations that are entity classes, and add their foreign keys.

    `customer: Customer` adds the field `customer_id`, a foreign key with an index and ON DELETE
    RESTRICT; the arguments of `Field`, and the metadata of `Annotated[Customer, …]`, are those of
    the foreign key. A declared `customer_id`
    keeps its type and default.
    Raises: ConfigurationError.
    """
    annotations, names = own_annotations(cls), Names(cls)
    remaining: dict[str, Any] = {}
    keys: dict[str, tuple[str, RelatedType]] = {}
    for name, annotation in annotations.items():
        declared = vars(cls).get(name, _NO_DEFAULT)
        if isinstance(declared, Relation):
            _bind(declared, cls, name, annotation)
            continue
        related = _implied(cls, name, annotation, declared, names)
        if related is None:
            remaining[name] = annotation
            continue
        relation = Relation("", None, "")
        relation.is_implied, relation.target = True, related.cls
        inner, metadata = _split(annotation, names)
        _bind(relation, cls, name, inner)
        type.__setattr__(cls, name, relation)
        if declared is not _NO_DEFAULT:
            remaining[name] = ClassVar[Any]  # pydantic refuses a default without an annotation
        if not related.is_many:
            key = relation.foreign_key = f"{name}_id"
            if key not in annotations and key not in _inherited(cls):
                remaining[key] = _with_metadata(_key_type(name, related), metadata)
                if isinstance(declared, FieldInfo):
                    type.__setattr__(cls, key, declared)
            elif key in annotations and not _is_foreign_key(cls, key, annotations[key]):
                keys[key] = name, related
    for name, value in vars(cls).items():
        if isinstance(value, Relation) and name not in annotations:
            raise ConfigurationError(
                f"{cls.__name__}.{name} needs an annotation: the other class, or list[…] of it."
            )
    for key, (name, related) in keys.items():
        remaining[key] = Annotated[annotations[key], Field(**_key_arguments(name, related))]
    if any(isinstance(vars(cls).get(name), Relation) for name in annotations):
        cls.__annotations__ = remaining


def _split(annotation: Any, names: Names) -> tuple[Any, tuple[Any, ...]]:
    """The type of an annotation, and its metadata."""
    found = evaluated(annotation, names)
    if get_origin(found) is not Annotated:
        return annotation, ()
    inner, *metadata = get_args(found)
    return inner, tuple(metadata)


def _with_metadata(annotation: Any, metadata: tuple[Any, ...]) -> Any:
    for each in metadata:
        annotation = Annotated[annotation, each]
    return annotation


def _implied(
    cls: type[Any], name: str, annotation: Any, declared: Any, names: Names
) -> RelatedType | None:
    """The class that the annotation alone makes a relation to; None for a field.

    Another default than None, an empty list or `Field(…)` makes it a field.
    """
    is_bare = declared is _NO_DEFAULT or declared is None or isinstance(declared, FieldInfo)
    if name.startswith("_") or not (is_bare or (type(declared) is list and not declared)):
        return None
    return related_type(cls, annotation, names)


def _bind(relation: Relation, cls: type[Any], name: str, annotation: Any) -> None:
    relation.owner, relation.name = cls.__name__, name
    relation.annotation = annotation if isinstance(annotation, str) else _text_of(annotation)


def _text_of(annotation: Any) -> str:
    return annotation.__name__ if isinstance(annotation, type) and not hasattr(
        annotation, "__args__"
    ) else str(annotation)  # fmt: skip


def _inherited(cls: type[Any]) -> set[str]:
    return {name for base in cls.__mro__[1:] for name in getattr(base, "__pydantic_fields__", ())}


def _key_type(name: str, related: RelatedType) -> Any:
    """The annotation of the foreign key, with the type of the other id.

    A class that is defined later is taken to have ids of type str; `resolve` checks that.
    """
    fields = getattr(related.cls, "__pydantic_fields__", {})
    kind = without_none(fields["id"].annotation) if "id" in fields else str
    arguments = _key_arguments(name, related)
    if related.is_optional:
        return Annotated[kind | None, Field(None, **arguments)]
    return Annotated[kind, Field(**arguments)]


def _key_arguments(name: str, related: RelatedType) -> dict[str, Any]:
    """The arguments of `Field` for the foreign key of a relation."""
    table = snake_case(related.name) if related.cls is None else full_name(related.cls)
    title = name.replace("_", " ").capitalize()
    return {"title": title, "foreign_key": f"{table}.id", "index": True, "ondelete": "RESTRICT"}


def _is_foreign_key(cls: type[Any], key: str, annotation: Any) -> bool:
    """Whether a declared field says itself what it refers to, or has metadata that may."""
    declared = vars(cls).get(key)
    if isinstance(declared, FieldInfo) and (
        options_of(declared).sql or any(hasattr(m, "foreign_key") for m in declared.metadata)
    ):
        return True
    return get_origin(annotation) is Annotated or "Annotated" in str(annotation)


def without_none(annotation: Any) -> Any:
    """The type itself of an optional one: int of `int | None`."""
    members = [arg for arg in get_args(annotation) if arg is not NoneType]
    is_union = get_origin(annotation) in (Union, UnionType)
    return members[0] if is_union and len(members) == 1 else annotation
