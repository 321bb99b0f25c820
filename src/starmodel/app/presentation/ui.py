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
from starmodel.core.events.results import Progress, Toast


class Row(NamedTuple):
    """One row of a list as HTML.

    Shapes: key is `row_key` of its record, "none" for the placeholder row of
    an empty list; the outer element has it as its `data-key`.
    """

    key: str
    html: str


class Renderer(Protocol):
    """The part of the UI adapter that the application renders with."""

    def render(self, component: Any) -> str:
        """A component as HTML."""

    def toast(self, toast: Toast) -> Any:
        """The component of a toast."""

    def progress(self, id: str, progress: Progress) -> Any:
        """The component, with this id, of the progress of a long event."""

    def rows(self, listing: Listing, entities: Sequence[Entity], audience: Audience) -> list[Row]:
        """One row for each record; a placeholder row for an empty list."""

    def around(self, listing: Listing, window: Window) -> Sequence[Element]:
        """The elements around the rows that depend on the window, such as pagination links.

        Each is patched by its id.
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

    Shapes: scripts are the texts of the adapter's inline scripts; the CSP of
    its pages allows them by hash.
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
        """A complete page; `at` is its entity type, `lead` is placed beside the heading.

        With a record as `subject`, heading and tab title follow the record's title live.
        """

    def problem_page(self, problem: Any, actor: Actor | None = None) -> str:
        """A complete error page."""

    def failure_panel(self, problem: Any) -> Any:
        """The traceback of an event that raised, for the developer's page."""

    def start(self, actor: Actor | None) -> Any:
        """The content of the start page: every entity type that the actor may read."""

    def title(self, entity_type: EntityType, entity: Entity) -> str:
        """The display title of an entity."""

    def nav(self, types: Sequence[EntityType], at: EntityType | None) -> Any:
        """The navigation links to these entity types; `at` is the current one."""

    def table(self, listing: Listing, window: Window, actor: Actor | None) -> Any:
        """The live table of a list, with pagination links."""

    def lead(self, entity_type: EntityType, entity: Entity | None, actor: Actor | None) -> Any:
        """The component beside the heading of a list, or of one record."""

    def detail(self, entity_type: EntityType, entity: Entity) -> Any:
        """The live fields of one entity."""

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

        Shapes: was holds the digests of the initial values of an edit form; see
        `binding.edited_fields`.
        """

    def field_problems(
        self,
        entity_type: EntityType,
        event: Event[Any, Any, Any],
        id: Any,
        problems: Mapping[str, str],
        was: Mapping[str, str],
    ) -> Sequence[Element]:
        """The patches that place each validation message beside its input and clear the others.

        With `was` also those that update the form's digests of initial values.
        """
