"""The port of the generated pages."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

from starmodel.app.access.policy import Actor, Audience
from starmodel.app.commands.elements import Element
from starmodel.app.queries.listing import Listing, Window
from starmodel.core.classes.registry import EntityType
from starmodel.core.entity import Entity
from starmodel.core.events import Event
from starmodel.core.results import Progress, Toast


class Row(NamedTuple):
    """One row of a list as HTML.

    Shapes: key is `row_key` of its record, "none" for the row of an empty
    list; the outer element carries it as `data-key`.
    """

    key: str
    html: str


class Renderer(Protocol):
    """What the application needs of the UI adapter."""

    def render(self, component: Any) -> str:
        """A component as HTML."""

    def toast(self, toast: Toast) -> Any:
        """The component of a short message."""

    def progress(self, id: str, progress: Progress) -> Any:
        """The component, with this id, of how far a long event has come."""

    def rows(self, listing: Listing, entities: Sequence[Entity], audience: Audience) -> list[Row]:
        """One row for each record, and for none the row that says so."""

    def around(self, listing: Listing, window: Window) -> Sequence[Element]:
        """What stands around the rows and depends on the window, such as the links to pages.

        Each is patched at its own id.
        """


@dataclass(frozen=True, slots=True)
class Site:
    """What all pages of one application share.

    Shapes: head gives the head's HTML for a mount point, all but title and
    scripts; look is the class of <html>; icons is the address of the icons
    below the mount point.
    Units: max_body_bytes is the largest request, 0 for no limit.
    """

    title: str
    head: Callable[[str], str]
    look: str
    icons: str
    max_body_bytes: int = 0


class UIAdapter(Renderer, Protocol):
    """Turns entities into pages. Components are whatever `render` takes.

    Shapes: scripts are the texts of inline scripts of its own, which the
    Content-Security-Policy of its pages then allows.
    """

    scripts: Sequence[str]

    def page(
        self,
        title: str,
        *content: Any,
        actor: Actor | None = None,
        at: EntityType | None = None,
        lead: Any = None,
        subject: Entity | None = None,
    ) -> str:
        """A whole page; `at` is the class it belongs to, `lead` stands beside its heading.

        With the record that it is about as `subject`, heading and tab follow the record's name.
        """

    def problem_page(self, problem: Any, actor: Actor | None = None) -> str:
        """A whole page for an error."""

    def failure_panel(self, problem: Any) -> Any:
        """What a developer sees of an event that raised, on the page of the click."""

    def start(self, actor: Actor | None) -> Any:
        """What the start page shows: every entity that the actor may read."""

    def title(self, entity_type: EntityType, entity: Entity) -> str:
        """The name people know an entity by."""

    def nav(self, types: Sequence[EntityType], at: EntityType | None) -> Any:
        """The links to these classes; `at` is the one that the page belongs to."""

    def table(self, listing: Listing, window: Window, actor: Actor | None) -> Any:
        """The records of a list, live, with links to the pages before and after."""

    def lead(self, entity_type: EntityType, entity: Entity | None, actor: Actor | None) -> Any:
        """What stands beside the heading of a list, or of one record."""

    def detail(self, entity_type: EntityType, entity: Entity) -> Any:
        """One entity's fields, live."""

    def events(self, entity_type: EntityType, entity: Entity, actor: Actor | None = None) -> Any:
        """A form for each of an entity's events that the actor may run."""

    def form(
        self,
        entity_type: EntityType,
        event: Event[Any, Any, Any],
        id: Any = None,
        *,
        values: Mapping[str, Any] | None = None,
        problems: Mapping[str, str] | None = None,
        was: Mapping[str, str] | None = None,
    ) -> Any:
        """A form that runs an event; works with and without JavaScript.

        Shapes: was is what an edit form remembers; see `binding.edited_fields`.
        """

    def field_problems(
        self,
        entity_type: EntityType,
        event: Event[Any, Any, Any],
        id: Any,
        problems: Mapping[str, str],
        was: Mapping[str, str],
    ) -> Sequence[Element]:
        """The patches that put each sentence beside its input, and clear the others.

        With `was` also those that renew what the form remembers.
        """
