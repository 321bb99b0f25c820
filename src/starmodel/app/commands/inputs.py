"""The inputs of a command, by source: path, query, body, files, signals."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

from starmodel.app.access.fields import readable_fields
from starmodel.app.access.policy import AccessPolicy, Actor
from starmodel.core.classes.registry import EntityType
from starmodel.core.values.bounds import DEFAULT_BOUNDS, Bounds

_NOTHING: Mapping[str, Any] = MappingProxyType({})


class Inputs(NamedTuple):
    """The inputs of a request by source, in order of precedence.

    Shapes: each source maps parameter names to values. Strings from forms and
    query strings are parsed; `trusted` inputs, passed by code, may set private
    fields too. closed are the fields that the caller may read on no record: they are unknown
    names; uncertain ones are omitted from signatures.
    """

    fixed: Mapping[str, Any] = _NOTHING
    body: Mapping[str, Any] = _NOTHING
    files: Mapping[str, Any] = _NOTHING
    signals: Mapping[str, Any] = _NOTHING
    path: Mapping[str, Any] = _NOTHING
    fixed_name: str = "query"
    body_name: str = "body"
    trusted: bool = False
    bounds: Bounds = DEFAULT_BOUNDS
    closed: frozenset[str] = frozenset()
    uncertain: frozenset[str] = frozenset()

    def seen_by(self, policy: AccessPolicy, entity_type: EntityType, actor: Actor | None) -> Inputs:
        """The inputs, with the fields that their caller may not read."""
        fields = readable_fields(policy, entity_type, actor)
        return self._replace(closed=fields.closed, uncertain=fields.uncertain)

    def sources(self) -> Iterator[tuple[str, Mapping[str, Any]]]:
        """The sources except signals, in order of precedence, with their names in errors."""
        yield "path", self.path
        yield self.fixed_name, self.fixed
        yield self.body_name, self.body
        yield "files", self.files
