"""Reads the JSON schema of JSON fields: the parts of nested models, and of models in lists."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

MAX_DEPTH = 8
_FORM = ("type", "format", "enum", "const")
EACH = "*"
"""The name in a path that stands for each element of a list, or each value of a dict."""


@dataclass(frozen=True)
class Part:
    """One value in a nested model.

    Shapes: path is "street", "geo.lat", or "*.street" in a list; always, every value of the model
    has it; required, every object that may contain it has it; schema is its JSON schema without
    references.
    """

    path: str
    always: bool
    required: bool
    has_default: bool
    schema: Mapping[str, Any]


def parts_of(shape: Any) -> list[Part]:
    """Return the parts of nested models and of models in lists; empty for other shapes."""
    if not isinstance(shape, Mapping):
        return []
    definitions = shape.get("$defs", {})
    return list(_parts(shape, definitions, "", True, 0))


def required_parts(shape: Any) -> set[str]:
    """Return the paths without which a value of the shape is invalid."""
    return {part.path for part in parts_of(shape) if part.always and not part.has_default}


def missing_parts(before: Any, after: Any) -> list[str]:
    """Return the paths that objects need now, and that stored ones may lack.

    Parts of a new part are left out: its value has them.
    """
    olds, news = parts_of(before), parts_of(after)
    had = {part.path for part in olds if part.required and not part.has_default}
    need = [part.path for part in news if part.required and not part.has_default]
    known = {part.path for part in olds} | {""}
    return sorted(path for path in need if path not in had and _parent(path) in known)


def accepts(after: Any, before: Any) -> bool:
    """True when the values of one shape are values of the other too, apart from their bounds."""
    if not isinstance(after, Mapping) or not isinstance(before, Mapping):
        return bool(after == before)
    return _accepts(after, after.get("$defs", {}), before, before.get("$defs", {}), 0)


def _accepts(
    after: Mapping[str, Any],
    news: Mapping[str, Any],
    before: Mapping[str, Any],
    olds: Mapping[str, Any],
    depth: int,
) -> bool:
    (after, may_be_null), (before, was_null) = _resolved(after, news), _resolved(before, olds)
    if (was_null and not may_be_null) or any(after.get(k) != before.get(k) for k in _FORM):
        return False
    if depth > MAX_DEPTH:
        return True
    pairs = [(after.get(key), before.get(key)) for key in ("items", "additionalProperties")]
    mine, theirs = after.get("properties", {}), before.get("properties", {})
    for name, schema in mine.items():
        is_needed = name in after.get("required", ()) and "default" not in schema
        if is_needed and name not in before.get("required", ()):
            return False
        if name in theirs:
            pairs.append((schema, theirs[name]))
    return all(
        _accepts(new, news, old, olds, depth + 1)
        for new, old in pairs
        if isinstance(new, Mapping) and isinstance(old, Mapping)
    )


def _parent(path: str) -> str:
    """Return the path of the object that has a part.

    >>> _parent("geo.lat"), _parent("lines.*.price"), _parent("*.price")
    ('geo', 'lines', '')
    """
    names = path.split(".")[:-1]
    while names and names[-1] == EACH:
        names.pop()
    return ".".join(names)


def path_names(field: str, path: str) -> list[str]:
    """Return the names by which a new field is taken for a part: "street", "address_street".

    >>> path_names("address", "geo.lat")
    ['lat', 'geo_lat', 'address_lat', 'address_geo_lat']
    """
    joined, last = path.replace(".", "_"), path.rpartition(".")[2]
    return list(dict.fromkeys([last, joined, f"{field}_{last}", f"{field}_{joined}"]))


def _parts(
    shape: Mapping[str, Any], definitions: Mapping[str, Any], prefix: str, always: bool, depth: int
) -> Iterator[Part]:
    shape, optional = _resolved(shape, definitions)
    if depth > MAX_DEPTH:
        return
    for elements in (shape.get("items"), shape.get("additionalProperties")):
        if isinstance(elements, Mapping):
            yield from _parts(elements, definitions, f"{prefix}{EACH}.", False, depth + 1)
    properties = shape.get("properties")
    if not isinstance(properties, Mapping):
        return
    required = shape.get("required", ())
    for name, schema in properties.items():
        if not isinstance(schema, Mapping):
            continue
        is_required = name in required
        inner = always and not optional and is_required
        resolved, inner_optional = _resolved(schema, definitions)
        path = f"{prefix}{name}"
        given = inner and not inner_optional
        yield Part(path, given, is_required, "default" in schema, resolved)
        yield from _parts(schema, definitions, f"{path}.", inner, depth + 1)


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
