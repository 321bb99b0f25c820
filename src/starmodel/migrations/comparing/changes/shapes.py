"""Reads the JSON schema of JSON fields: the parts of nested models."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

MAX_DEPTH = 8
EACH = "*"
"""The part of a path that stands for each item of a list, or each value of a dict."""


@dataclass(frozen=True)
class Part:
    """One value in a nested model.

    Shapes: path is "street", "geo.lat", or "*.street" in a list of models; always, every value
    of the field has it; required, every value that has the model around it has it; schema is its
    JSON schema without references.
    """

    path: str
    always: bool
    required: bool
    has_default: bool
    schema: Mapping[str, Any]


def parts_of(shape: Any) -> list[Part]:
    """Return the parts of a nested model, inner models included; empty for other shapes."""
    return [part for part in _all_parts(shape) if EACH not in part.path.split(".")]


def missing_parts(before: Any, after: Any) -> list[str]:
    """Return the paths that stored values may lack, and which are required now.

    A part of a model that no stored value has is not among them. Models that contain themselves
    are followed once.
    """
    known = {part.path: part for part in _all_parts(before)}
    return sorted(
        part.path
        for part in _all_parts(after)
        if part.required
        and not (part.path in known and known[part.path].required)
        and ("." not in part.path or part.path.rpartition(".")[0] in known)
    )


def _all_parts(shape: Any) -> list[Part]:
    if not isinstance(shape, Mapping):
        return []
    return list(_parts(shape, shape.get("$defs", {}), "", True, ()))


def required_parts(shape: Any) -> set[str]:
    """Return the paths without which a value of the shape is invalid."""
    return {part.path for part in parts_of(shape) if part.always and not part.has_default}


def path_names(field: str, path: str) -> list[str]:
    """Return the names by which a new field is taken for a part: "street", "address_street".

    >>> path_names("address", "geo.lat")
    ['lat', 'geo_lat', 'address_lat', 'address_geo_lat']
    """
    joined, last = path.replace(".", "_"), path.rpartition(".")[2]
    return list(dict.fromkeys([last, joined, f"{field}_{last}", f"{field}_{joined}"]))


def _parts(
    shape: Mapping[str, Any],
    definitions: Mapping[str, Any],
    prefix: str,
    always: bool,
    outer: tuple[Any, ...],
) -> Iterator[Part]:
    """Yield the parts below a prefix. Shapes: outer are the schemas around this one."""
    shape, optional = _resolved(shape, definitions)
    if shape in outer or len(outer) > MAX_DEPTH:
        return
    outer = (*outer, shape)
    for each in (shape.get("items"), shape.get("additionalProperties")):
        if isinstance(each, Mapping):
            resolved, _ = _resolved(each, definitions)
            yield Part(f"{prefix}{EACH}", False, False, False, resolved)
            yield from _parts(each, definitions, f"{prefix}{EACH}.", False, outer)
    properties = shape.get("properties")
    if not isinstance(properties, Mapping):
        return
    required = shape.get("required", ())
    for name, schema in properties.items():
        if not isinstance(schema, Mapping):
            continue
        inner = always and not optional and name in required
        resolved, inner_optional = _resolved(schema, definitions)
        path = f"{prefix}{name}"
        has_default = "default" in schema
        is_required = name in required and not has_default
        yield Part(path, inner and not inner_optional, is_required, has_default, resolved)
        yield from _parts(schema, definitions, f"{path}.", inner, outer)


def _resolved(
    shape: Mapping[str, Any], definitions: Mapping[str, Any]
) -> tuple[Mapping[str, Any], bool]:
    """Follow references and the alternative that is not null; True, when null is one."""
    optional = False
    for _ in range(MAX_DEPTH):
        if isinstance(reference := shape.get("$ref"), str):
            found = definitions.get(reference.rpartition("/")[2])
        elif isinstance(choices := shape.get("anyOf"), list):
            others = [each for each in choices if each.get("type") != "null"]
            optional = optional or len(others) < len(choices)
            found = others[0] if len(others) == 1 else None
        else:
            return shape, optional
        if not isinstance(found, Mapping):
            return {}, optional
        shape = found
    return {}, optional
