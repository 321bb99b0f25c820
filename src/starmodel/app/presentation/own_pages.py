"""`page`: a function whose content stands in the generated layout, with a navigation entry."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, TypeVar

from starmodel.app.presentation.extensions import NavEntry
from starmodel.core.errors import ConfigurationError
from starmodel.core.fields.access_rules import AccessRule, check_page_access
from starmodel.core.values.words import title_of

F = TypeVar("F", bound=Callable[..., Any])
MAX_PATH_CHARS = 200
_PARAMETER = r"\{[A-Za-z_]\w*(:[a-z]+)?\}"
_SEGMENT = rf"(?:(?!\.{{1,2}}(?:/|$))[A-Za-z0-9._~-]|{_PARAMETER})+"
_PATH = re.compile(rf"/|(/{_SEGMENT})+")
_INTERNAL = "/_starmodel"


@dataclass(frozen=True, slots=True)
class OwnPage:
    """One page of the application's own.

    Shapes: path may have parameters, "/reports/{year:int}"; nav is False for a page without an
    entry in the navigation, and a path with parameters never has one; heading is False for
    content with a first-level heading of its own.
    """

    function: Callable[..., Any]
    path: str
    title: str
    icon: str = ""
    group: str = ""
    access: AccessRule = "signed_in"
    nav: bool = True
    heading: bool = True

    def __post_init__(self) -> None:
        where = f"page({self.path!r})"
        is_path = isinstance(self.path, str) and len(self.path) <= MAX_PATH_CHARS
        if not is_path or not _PATH.fullmatch(self.path) or _is_internal(self.path):
            raise ConfigurationError(
                f"{where}: expected an absolute path such as '/dashboard' or '/reports/{{year}}'."
            )
        for name, value in (("title", self.title), ("icon", self.icon), ("group", self.group)):
            if not isinstance(value, str):
                raise ConfigurationError(f"{where}: {name} is {value!r}; expected a text.")
        for name, flag in (("nav", self.nav), ("heading", self.heading)):
            if not isinstance(flag, bool):
                raise ConfigurationError(f"{where}: {name} is {flag!r}; expected True or False.")
        check_page_access(where, self.access)
        function = self.function
        if not inspect.isfunction(function) or (
            inspect.isgeneratorfunction(function) or inspect.isasyncgenfunction(function)
        ):
            raise ConfigurationError(
                f"{where} decorates {function!r}; expected a function that returns its content."
            )

    @property
    def entry(self) -> NavEntry | None:
        """The entry in the navigation; None without one."""
        if not self.nav or "{" in self.path:
            return None
        return NavEntry(
            self.title, self.path, self.icon or "note", self.access, self.group, is_own=True
        )

    @property
    def is_at_module_level(self) -> bool:
        """Whether the function is defined at the level of its module."""
        return "<locals>" not in self.function.__qualname__

    @property
    def where(self) -> str:
        """The page as errors name it."""
        return f"page({self.path!r}) on {self.function.__qualname__}"


_defined: dict[tuple[str, str], OwnPage] = {}


def page(
    path: str,
    *,
    title: str = "",
    icon: str = "",
    group: str = "",
    access: AccessRule = "signed_in",
    nav: bool = True,
    heading: bool = True,
) -> Callable[[F], F]:
    """Serve what the function returns inside the generated layout, with navigation and access.

    ```python
    @page("/dashboard", title="Dashboard", icon="home", access="public")
    def dashboard(sales: Sales):
        return figures(sales)
    ```

    `create_app()` serves the pages that are declared at module level so far, and
    `create_app(pages=[…])` those that it lists. The parameters are those of a handler of the web
    framework. The function returns a component, a text, or several in a tuple, in which a `Title`
    replaces the title; or a `Redirect` or a response. The access rule is decided before it runs.

    Shapes: title is by default the name of the function; icon is a name of the sprite; group is
    the heading above the entry in the navigation, "" for none.
    Raises: ConfigurationError.
    """

    def declare(function: F) -> F:
        own = own_page(
            function, path, title=title, icon=icon, group=group, access=access, nav=nav,
            heading=heading,
        )  # fmt: skip
        if own.is_at_module_level:
            _defined[function.__module__, function.__qualname__] = own
        function.__starmodel_page__ = own  # type: ignore[attr-defined]  # functions take attributes
        return function

    return declare


def own_page(
    function: Callable[..., Any], path: str, *, title: str = "", **options: Any
) -> OwnPage:
    """The declaration of a page. Raises: ConfigurationError."""
    named = title or title_of(getattr(function, "__name__", ""))
    return OwnPage(function, path, named, **options)


def defined_pages() -> list[OwnPage]:
    """The pages declared at module level so far, in their order."""
    return list(_defined.values())


def page_of(function: Any) -> OwnPage | None:
    """The page that a function with the decorator `page` serves; None for any other value."""
    own = getattr(function, "__starmodel_page__", None)
    return own if isinstance(own, OwnPage) else None


def listed_pages(pages: Any) -> list[OwnPage]:
    """The pages of `create_app(pages=…)`. Raises: ConfigurationError."""
    if not isinstance(pages, Iterable) or isinstance(pages, str):
        raise ConfigurationError(f"pages is {pages!r}; expected a list of functions with @page.")
    found = []
    for function in pages:
        own = page_of(function)
        if own is None:
            raise ConfigurationError(
                f"pages holds {function!r}; expected functions with the decorator @page."
            )
        found.append(own)
    return found


def check_paths(pages: Iterable[OwnPage]) -> None:
    """Refuse two pages at one path. Raises: ConfigurationError."""
    taken: dict[str, OwnPage] = {}
    for own in pages:
        other = taken.setdefault(own.path, own)
        if other is not own:
            raise ConfigurationError(f"{own.where} has the path of {other.where}; use another.")


def _is_internal(path: str) -> bool:
    return f"{path}/".startswith(f"{_INTERNAL}/")
