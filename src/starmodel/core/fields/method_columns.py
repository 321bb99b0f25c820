"""Methods as columns of lists: the values that a class computes for a person to read."""

from __future__ import annotations

import inspect
import typing
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple, TypeVar

from starmodel.core.errors import ConfigurationError

F = TypeVar("F", bound=Callable[..., Any])
_MARK = "_starmodel_column"
_NOT_OF_USERS = ("starmodel.core.", "pydantic.", "sqlmodel.", "builtins", "typing")


class MethodColumn(NamedTuple):
    """A method without arguments whose value a list has a column of.

    Shapes: order is the field by which the column sorts, "-field" for the reverse order, "" for
    a column that does not sort.
    """

    name: str
    title: str
    annotation: Any
    order: str


class _Options(NamedTuple):
    title: str
    order: str


def column(*, title: str = "", order: str = "") -> Callable[[F], F]:
    """Declare a method to be a column that people can choose, with its heading and its order.

    A method in `list_display` is a column without this decorator, headed by its name.

    Shapes: order is a stored field, or "-field" where the values of the method fall while those
    of the field rise, such as an age by "-born_on".
    """
    if not isinstance(title, str) or not isinstance(order, str):
        raise ConfigurationError(
            f"column(title={title!r}, order={order!r}): expected two texts, such as "
            "@column(title='Age', order='-born_on')."
        )

    def mark(method: F) -> F:
        setattr(method, _MARK, _Options(title, order))
        return method

    return mark


def method_column(cls: type[Any], name: str) -> MethodColumn | None:
    """The column of a method; None for another attribute. Raises: ConfigurationError."""
    own = [base for base in cls.__mro__ if not base.__module__.startswith(_NOT_OF_USERS)]
    method = next((vars(base)[name] for base in own if name in vars(base)), None)
    if not inspect.isfunction(method) or name.startswith("_"):
        return None
    options: _Options = getattr(method, _MARK, _Options("", ""))
    where = f"{cls.__name__}.{name}() can't be a column"
    if inspect.iscoroutinefunction(method) or inspect.isasyncgenfunction(method):
        raise ConfigurationError(f"{where}: it is asynchronous. Expected a plain method.")
    others = [*inspect.signature(method).parameters.values()][1:]
    needed = [each.name for each in others if each.default is each.empty]
    if needed:
        raise ConfigurationError(f"{where}: it needs {needed[0]!r}. Expected no arguments.")
    title = options.title or name.replace("_", " ").capitalize()
    return MethodColumn(name, title, _return_type(method), options.order)


def declared_columns(cls: type[Any]) -> Iterator[str]:
    """The methods of a class with the decorator `column`."""
    seen = set[str]()
    for base in cls.__mro__:
        for name, value in vars(base).items():
            if name not in seen and hasattr(value, _MARK):
                yield name
            seen.add(name)


def _return_type(method: Any) -> Any:
    try:
        return typing.get_type_hints(method, include_extras=True).get("return", str)
    except (NameError, TypeError):
        return str
