"""Single parts of installed packages, by entry points: parts of pages, and stores."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable, Collection, Iterator
from contextlib import redirect_stdout
from importlib.metadata import EntryPoint
from typing import Any

from starmodel.app.failures import is_failure
from starmodel.app.ports.repository import Repository
from starmodel.core.errors import ConfigurationError
from starmodel.plugins.discovery import package_of, points_of

UI_GROUP, STORE_GROUP = "starmodel.ui", "starmodel.persistence"
log = logging.getLogger("starmodel.plugins")


def package_parts(
    known: Collection[str], taken: Collection[str]
) -> Iterator[tuple[str, Callable[..., Any]]]:
    """The parts of generated pages that packages replace, imported.

    One that can't be used is logged and left out: an unknown part, a failing import, and a part
    that is taken already. Of two packages the first by name wins.

    Shapes: the name of an entry point is that of its part, "record.title".
    """
    for point in _usable(UI_GROUP, known, taken):
        try:
            yield point.name, loaded_part(point)
        except ConfigurationError as error:
            log.error("%s", error)


def package_stores(taken: Collection[str]) -> dict[str, Callable[[], Repository]]:
    """The factories of the stores of packages; a package is imported when one is called.

    Shapes: the name of an entry point is that of its store; taken are the names of others, which
    win.
    """
    return {point.name: _factory(point) for point in _usable(STORE_GROUP, None, taken)}


def refused_reason(
    point: EntryPoint, known: Collection[str] | None, taken: Collection[str] = ()
) -> str:
    """Why an entry point is not used, before it is imported; "" for one that is."""
    what = "store" if point.group == STORE_GROUP else "part"
    if known is not None and point.name not in known:
        return f"There is no part {point.name!r}; the parts are {', '.join(known)}."
    if point.name in taken:
        return f"The {what} {point.name!r} is that of the application or of a plugin."
    first = next((p for p in points_of(point.group) if p.name == point.name), point)
    if package_of(first) != package_of(point):
        return f"The {what} {point.name!r} is that of the package {package_of(first)}."
    return ""


def loaded_part(point: EntryPoint) -> Callable[..., Any]:
    """The function of an entry point of a part. Raises: ConfigurationError."""
    found = _loaded(point)
    if not callable(found):
        raise ConfigurationError(f"{_where(point)} is {found!r:.80}; expected a function.")
    return found  # type: ignore[no-any-return]


def loaded_store(point: EntryPoint) -> Any:
    """The store of an entry point, or what makes it. Raises: ConfigurationError."""
    found = _loaded(point)
    if not (callable(found) or _is_repository(found)):
        raise ConfigurationError(
            f"{_where(point)} is {found!r:.80}; expected a repository, or a function without "
            "parameters that returns one."
        )
    return found


def _usable(
    group: str, known: Collection[str] | None, taken: Collection[str]
) -> Iterator[EntryPoint]:
    for point in points_of(group):
        if why := refused_reason(point, known, taken):
            log.warning("%s is not used. %s", _where(point), why)
        else:
            yield point


def _factory(point: EntryPoint) -> Callable[[], Repository]:
    def make() -> Repository:
        found = loaded_store(point)
        made = found() if callable(found) else found
        if not _is_repository(made):
            raise ConfigurationError(
                f"{_where(point)} makes a value of type {type(made).__name__}; expected a "
                "repository."
            )
        return made  # type: ignore[no-any-return]

    return make


def _is_repository(value: Any) -> bool:
    return not isinstance(value, type) and hasattr(value, "commit") and hasattr(value, "open")


def _loaded(point: EntryPoint) -> Any:
    try:
        with redirect_stdout(sys.stderr):
            return point.load()
    except BaseException as error:  # code of packages may raise anything
        if not is_failure(error):
            raise
        raise ConfigurationError(
            f"{_where(point)} can't be loaded: {type(error).__name__}: {error}".rstrip(": ")
            + f". Correct or uninstall {package_of(point)}."
        ) from error


def _where(point: EntryPoint) -> str:
    return f"The entry point {point.name!r} ({point.group}) of the package {package_of(point)}"
