"""What the caller of an event sent, source by source."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

from starmodel.core.values.bounds import DEFAULT_BOUNDS, Bounds

_NOTHING: Mapping[str, Any] = MappingProxyType({})


class Inputs(NamedTuple):
    """What a caller sent, by source; the first source that has a name wins.

    Shapes: each source maps names to values. Text values come from a form
    or an address and are converted; `trusted` values (from code) may name
    private fields too.
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

    def sources(self) -> Iterator[tuple[str, Mapping[str, Any]]]:
        """Every source but the signals, in order of precedence, with the name errors use."""
        yield "path", self.path
        yield self.fixed_name, self.fixed
        yield self.body_name, self.body
        yield "files", self.files
