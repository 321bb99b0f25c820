"""The annotations of functions, also where some name what only type checkers import."""

from __future__ import annotations

import inspect
import sys
import typing
from collections.abc import Callable, Mapping
from typing import Any


def resolved_hints(
    fn: Callable[..., Any], known: Mapping[str, Any] = {}
) -> tuple[dict[str, Any], dict[str, NameError]]:
    """The types of a function's annotations, and the error of each that has none at run time.

    Shapes: known has types by the names that the function's module may have
    imported below `if TYPE_CHECKING:`; the module's own names win.
    """
    try:
        return typing.get_type_hints(fn, include_extras=True), {}
    except NameError:
        pass
    inner = inspect.unwrap(fn)
    names = {**known, **getattr(inner, "__globals__", {})}
    hints: dict[str, Any] = {}
    failed: dict[str, NameError] = {}
    for name, annotation in _annotations(inner).items():
        try:
            hints |= typing.get_type_hints(_holder(name, annotation), names, include_extras=True)
        except NameError as error:
            failed[name] = error
    return hints, failed


def own_annotations(cls: type[Any]) -> dict[str, Any]:
    """The annotations that the class itself wrote, as they are, evaluated or not."""
    if sys.version_info >= (3, 14):
        import annotationlib

        return dict(annotationlib.get_annotations(cls, format=annotationlib.Format.FORWARDREF))
    return dict(vars(cls).get("__annotations__", {}))


def _annotations(fn: Callable[..., Any]) -> dict[str, Any]:
    if sys.version_info >= (3, 14):
        import annotationlib

        return dict(annotationlib.get_annotations(fn, format=annotationlib.Format.FORWARDREF))
    return dict(inspect.get_annotations(fn))


def _holder(name: str, annotation: Any) -> Callable[..., Any]:
    def holder() -> None: ...

    holder.__annotations__ = {name: annotation}
    return holder
