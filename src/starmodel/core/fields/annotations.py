"""Type annotations: resolution of forward references, and formatting."""

from __future__ import annotations

import inspect
import sys
import types
import typing
from collections.abc import Callable, Mapping
from typing import Any


def resolved_hints(
    fn: Callable[..., Any], known: Mapping[str, Any] = {}
) -> tuple[dict[str, Any], dict[str, NameError]]:
    """The type hints of a function, and the NameError of each that does not resolve.

    Shapes: known maps names that the module may import under `TYPE_CHECKING`
    only to their types; globals of the module take precedence.
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
    """The annotations in the body of the class, without those of its bases; unevaluated."""
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


def type_name(annotation: Any) -> str:
    """The annotation as source text, with the metadata of `Annotated` removed recursively.

    >>> type_name(int), type_name(list[typing.Annotated[str, "rule"]]), type_name(int | None)
    ('int', 'list[str]', 'int | None')
    """
    origin, args = typing.get_origin(annotation), typing.get_args(annotation)
    if origin is typing.Annotated:
        return type_name(args[0])
    if origin is typing.Union or origin is types.UnionType:
        return " | ".join(map(type_name, args))
    if annotation is types.NoneType or annotation is ...:
        return "None" if annotation is types.NoneType else "..."
    if origin is None or origin is typing.Literal or not all(map(_is_type, args)):
        name = getattr(annotation, "__name__", None) if origin is None else None
        return name or str(annotation).replace("typing.", "")
    name = getattr(origin, "__name__", None) or str(origin).replace("typing.", "")
    return f"{name}[{', '.join(map(type_name, args))}]"


def _is_type(arg: Any) -> bool:
    return arg is ... or not isinstance(arg, list | tuple | str | int)
