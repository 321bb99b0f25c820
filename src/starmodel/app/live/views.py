"""`@live`: a part of a page that is rendered again after each change of its entity."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any

from starmodel.app.live.live_queries import LiveRecords, query_of
from starmodel.core.current_app import host_of
from starmodel.core.entity import Entity
from starmodel.core.errors import ConfigurationError
from starmodel.core.fields.annotations import resolved_hints

_views: dict[str, LiveView] = {}


class Markup(str):
    """HTML that is rendered unescaped."""

    __slots__ = ()

    def __html__(self) -> str:
        return str(self)


Shown = Entity | LiveRecords[Any]
"""What a live view renders: a snapshot, or the result of a query."""


class LiveView:
    """A function of a snapshot or of the records of a query, updated in every open page.

    Called in a page it renders the component and subscribes the page. While the
    browser has no state of the entity, an element that hides the part precedes it.

    Shapes: by_id is True for a view whose elements all have ids, by which
    each new rendering is patched. in_page is True for a view that makes URLs below the mount
    path of the page. gone is the component in the place of a record that was deleted or that the
    viewer may not read any more; such a view renders the content of its element, which stays.
    is_list is True for a view of the records of a query.
    """

    def __init__(
        self,
        render: Callable[[Any], Any],
        entity: type[Entity],
        name: str,
        *,
        by_id: bool = False,
        in_page: bool = False,
        gone: Any = None,
        is_list: bool = False,
    ) -> None:
        self.render, self.entity, self.name, self.by_id = render, entity, name, by_id
        self.in_page, self.gone, self.is_list = in_page, gone, is_list
        functools.update_wrapper(self, render)

    def __call__(self, entity: Any) -> Any:
        host = host_of(self.entity)
        if self.is_list:
            if not isinstance(entity, LiveRecords) or entity.entity is not self.entity:
                raise ConfigurationError(
                    f"{self.name} shows the result of a query, but got {type(entity).__name__}. "
                    "Pass it a parameter of the page, such as orders: "
                    f"Annotated[list[{self.entity.__name__}], where(…)]."
                )
            host.show_query(entity, self.name)
            return host.live_part(self, entity)
        if not isinstance(entity, self.entity):
            raise ConfigurationError(
                f"{self.name} shows {self.entity.__name__}, but got {type(entity).__name__}."
            )
        before = host.show(entity, self.name)
        part = host.live_part(self, entity)
        return (Markup(before), part) if before else part


def live(render: Callable[[Any], Any]) -> LiveView:
    """Declare a live part of a page.

    ```python
    @live
    def messages(chat: Chat):
        return Ul(*[Li(text) for text in chat.messages], id="messages")
    ```

    Its argument is a snapshot with the public fields only, or `list[Order]`: the result of a
    query that the page has as a parameter (see `where`). It may run in any
    process, so declare it at module level and let it read nothing else. It
    may return one element, several, text, or None, and parts of an SVG.

    Raises: ConfigurationError, unless its one parameter is annotated with an entity.
    """
    name = f"{render.__module__}.{render.__qualname__}"
    parameters = list(inspect.signature(render).parameters)
    hints, _ = resolved_hints(render)
    entity = hints.get(parameters[0]) if len(parameters) == 1 else None
    query = None if entity is None else query_of(entity)
    if query is not None:
        view = _views[name] = LiveView(render, query[0], name, is_list=True)
        return view
    if not (isinstance(entity, type) and issubclass(entity, Entity)):
        raise ConfigurationError(
            f"@live {name} needs exactly one parameter, annotated with its entity, or with list[…] "
            "of it."
        )
    view = _views[name] = LiveView(render, entity, name)
    return view


def view_named(name: str) -> LiveView | None:
    """The view, or None if no imported module declares it."""
    return _views.get(name)
