"""The port of the generated pages: one protocol for each part, and what the parts render with."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, NamedTuple, Protocol

from starmodel.app.access.conditions.condition import ALWAYS, Condition
from starmodel.app.access.policy import AccessPolicy, Actor, Audience
from starmodel.app.commands.binding.binder import Binder
from starmodel.app.commands.elements import Element
from starmodel.app.live.live_queries import LiveRecords
from starmodel.app.live.views import LiveView
from starmodel.app.ports.summaries import Measure
from starmodel.app.presentation.areas import Areas
from starmodel.app.presentation.children import ChildList
from starmodel.app.presentation.choices import Choice, Offered
from starmodel.app.presentation.deletion import Deletion
from starmodel.app.presentation.extensions import Extensions, NavEntry
from starmodel.app.presentation.frontend import Frontend
from starmodel.app.presentation.inlines import InlineRows
from starmodel.app.presentation.languages import Languages
from starmodel.app.presentation.navigation import Link, Navigation
from starmodel.app.presentation.overviews import NO_OVERVIEWS, Overview
from starmodel.app.presentation.own_pages import OwnPage
from starmodel.app.presentation.resource import MountedResource, Page
from starmodel.app.presentation.searching import FoundGroup
from starmodel.app.presentation.slots import Filled, Place
from starmodel.app.queries.boards import BoardColumn
from starmodel.app.queries.choices import RecordChoices
from starmodel.app.queries.listing import Listing, Window
from starmodel.app.queries.neighbours import Neighbours
from starmodel.app.queries.related_titles import NO_TITLES, RelatedTitles, Titled
from starmodel.app.queries.searching import SearchMatches
from starmodel.app.queries.views import View
from starmodel.core.classes.registry import EntityType
from starmodel.core.classes.related_fields import RelatedField
from starmodel.core.entity import Entity
from starmodel.core.events import Event
from starmodel.core.events.results import Progress, Toast
from starmodel.core.fields.widgets import UI
from starmodel.core.snapshot import NOTHING
from starmodel.texts.catalogue import Catalogue
from starmodel.texts.language import Language

NO_INPUTS: Mapping[str, str] = MappingProxyType({})


class Row(NamedTuple):
    """One row of a list as HTML.

    Shapes: key is `row_key` of its record, "none" for the placeholder row of
    an empty list; the outer element has it as its `data-key`.
    """

    key: str
    html: str


class HeadPart(Protocol):
    """Renders the shared head of pages."""

    def __call__(self, root_path: str, *, whole: bool) -> str: ...


@dataclass(frozen=True, slots=True)
class Site:
    """What all pages of one application share.

    Shapes: head gives the head's HTML for a mount point, all but title and
    scripts; with `whole`, its style sheet has the classes of every component, otherwise
    those of `styled_classes`; html_class is the class of <html>; icons is the address of the
    icons below the mount point.
    development is True where pages may name source files.
    Units: max_body_bytes is the largest request, 0 for no limit.
    """

    title: str
    head: HeadPart
    html_class: str
    icons: str
    max_body_bytes: int = 0
    styled_classes: Callable[[], Collection[str]] = frozenset
    development: bool = False


@dataclass(frozen=True, slots=True)
class Services:
    """What a UI adapter renders with.

    Shapes: binder returns the binder of an event; needs_no_form is True for an event
    that a click runs at once; register_view makes a live view known to streams; extensions are
    what plugins add, and navigation orders the links of the side bar; choices reads the records
    that inputs choose from; sorts_by is `Application.sorts_by`; languages are those of the
    application and language that of the adapter, both None where it has English only.
    """

    site: Site
    texts: Catalogue
    areas: Areas
    frontend: Frontend
    binder: Callable[[EntityType, Event[Any, Any, Any]], Binder]
    needs_no_form: Callable[[EntityType, Event[Any, Any, Any]], bool]
    register_view: Callable[[LiveView], None]
    extensions: Extensions
    choices: RecordChoices
    sorts_by: Callable[[EntityType, RelatedField, AccessPolicy], bool]
    navigation: Navigation = field(default_factory=Navigation)
    languages: Languages | None = None
    language: Language | None = None

    @property
    def icons_url(self) -> str:
        """The URL of the icons on the current page."""
        return f"{self.frontend.root_path}{self.site.icons}"

    def mounted(self, path: str) -> str:
        """The URL of a path of the application, such as that of a `NavEntry`, on this page."""
        return f"{self.frontend.root_path}{path}"

    def url_for(self, resource: MountedResource, page: Page, id: Any = None) -> str:
        """The URL of a generated page, from the current page."""
        return resource.url_for(page, id, root_path=self.frontend.root_path)


@dataclass(frozen=True, slots=True)
class FormFlow:
    """How a form on a page of its own is left, and where the browser keeps its draft.

    Shapes: may_add_another is True for an actor who may create records; duplicate_url is the
    form of a new record that begins as a copy, "" for none; draft names application and user in
    the browser's storage, "" for no draft.
    """

    cancel_url: str
    may_add_another: bool = False
    duplicate_url: str = ""
    draft: str = ""


class PageShell(Protocol):
    """The page around any content."""

    def page(
        self,
        title: str,
        *content: Any,
        actor: Actor | None = None,
        resource: MountedResource | None = None,
        actions: Any = None,
        subject: Entity | None = None,
        own: OwnPage | None = None,
        head: str = "",
    ) -> str:
        """A complete page of a resource, or one of the application's own.

        With a record as `subject`, heading and tab title follow the record's title live.

        Shapes: actions stand beside the heading; head is HTML for the end of <head>.
        """

    def page_start(
        self, actor: Actor | None, overviews: Mapping[MountedResource, Overview] = NO_OVERVIEWS
    ) -> Any:
        """The content of the start page: every resource that the actor may read.

        Shapes: overviews has the number and the newest records of classes with a list.
        """

    def page_found(
        self, resource: MountedResource, matches: SearchMatches, words: str
    ) -> FoundGroup:
        """The matches of one class in a search over all of them."""

    def page_search(self, words: str, found: Sequence[FoundGroup]) -> Any:
        """The content of the page of a search: its input and its results."""

    def page_navigation(
        self,
        resources: Sequence[MountedResource],
        current: Link | None,
        entries: Sequence[NavEntry] = (),
        creatable: Collection[MountedResource] = (),
    ) -> Any:
        """The navigation links to these resources, to pages of the application and of plugins.

        `services.navigation.groups(resources, entries)` has them in their order and groups.

        Shapes: current is the link that the page belongs to; creatable are the resources whose form
        for a new record the visitor may open.
        """

    def page_slot(self, filled: Filled, place: Place) -> Any:
        """One content of a slot, in an element with its id."""


class ListPages(Protocol):
    """Lists of records, and their live parts."""

    def list_table(
        self, resource: MountedResource, listing: Listing, window: Window, actor: Actor | None
    ) -> Any:
        """The live table of a list, with its controls."""

    def list_rows(
        self,
        resource: MountedResource,
        listing: Listing,
        entities: Sequence[Entity],
        audience: Audience,
        titles: RelatedTitles = NO_TITLES,
    ) -> list[Row]:
        """One row for each record; a placeholder row for an empty list.

        Shapes: titles are those of the related records.
        """

    def list_controls(
        self, resource: MountedResource, listing: Listing, window: Window
    ) -> Sequence[Element]:
        """The elements that depend on the window, such as pagination links.

        Each is patched by its id.
        """

    def list_total(self, resource: MountedResource, measure: Measure, value: Any) -> str:
        """The HTML of one total of a list, as the cells of its column."""

    def list_views(
        self,
        resource: MountedResource,
        listing: Listing,
        views: Sequence[View],
        actor: Actor | None,
    ) -> Any:
        """The links to lists under a name, above the list; None without any."""

    def list_board(
        self,
        resource: MountedResource,
        listing: Listing,
        columns: Sequence[BoardColumn],
        actor: Actor | None,
    ) -> Any:
        """The board of a list: its toolbar, and a live column for each member of a choice field.

        Shapes: columns have their records with the titles of related ones.
        """

    def list_actions(self, resource: MountedResource, actor: Actor | None) -> Any:
        """The actions beside the heading of a list; None without any."""


class RecordPages(Protocol):
    """One record, or the one instance of a class without records."""

    def record_title(self, resource: MountedResource, entity: Entity) -> str:
        """The display title of an entity."""

    def record_detail(
        self, resource: MountedResource, entity: Entity, titles: RelatedTitles = NO_TITLES
    ) -> Any:
        """The fields of an entity, live. Shapes: titles are those of the related records."""

    def record_link(
        self, resource: MountedResource, titled: Titled | None, element: str = ""
    ) -> Any:
        """The title of a related record as a link, live; a neutral text for None.

        Shapes: element is the id of the element that a changed value replaces.
        """

    def record_linked(
        self,
        resource: MountedResource,
        entity: Entity,
        relation: str,
        titles: RelatedTitles,
        element: str = "",
    ) -> Any:
        """The titles of the records that a many-to-many relation links, live.

        Shapes: element is the id of the element that a changed relation replaces.
        """

    def record_events(
        self, resource: MountedResource, entity: Entity, actor: Actor | None = None
    ) -> Any:
        """The forms of the events that the actor may run on this entity."""

    def record_actions(self, resource: MountedResource, entity: Entity, actor: Actor | None) -> Any:
        """The actions beside the heading of a record; None without any."""

    def record_deletion(self, resource: MountedResource, deletion: Deletion) -> Any:
        """The form that asks before records are deleted, on a page of its own."""

    def record_children(
        self,
        resource: MountedResource,
        entity: Entity,
        lists: Sequence[ChildList],
        actor: Actor | None,
    ) -> Any:
        """The live lists of the records that refer to an entity; None without any."""

    def record_neighbours(
        self, resource: MountedResource, neighbours: Neighbours, page: Page
    ) -> Any:
        """The links to the records beside one in its list, on the same page of them."""

    def record_panels(self, resource: MountedResource, entity: Entity, actor: Actor | None) -> Any:
        """The contents that plugins add below a record."""


class Forms(Protocol):
    """Forms of events."""

    def form(
        self,
        resource: MountedResource,
        event: Event[Any, Any, Any],
        id: Any = None,
        *,
        values: Mapping[str, Any] | None = None,
        errors: Mapping[str, str] | None = None,
        originals: Mapping[str, str] | None = None,
        omitted: frozenset[str] = NOTHING,
        hidden: Mapping[str, str] = NO_INPUTS,
        flow: FormFlow | None = None,
        inlines: Sequence[InlineRows] = (),
        drafted: Entity | None = None,
    ) -> Any:
        """The form of one event: validation errors beside inputs, values filled in.

        With a `flow`, it has the footer of a page of its own.

        Shapes: originals are the digests of the edited record's fields (see
        `starmodel.app.commands.binding.edited_fields`); omitted are fields without an input,
        because the actor may not set them, and computed ones that it may not read; hidden are
        inputs that are sent as they are; inlines are the rows of children; drafted is the record
        whose computed fields the form displays, None where the browser asks for them.
        """

    def form_computed(self, resource: MountedResource, drafted: Entity) -> Mapping[str, str]:
        """The HTML of computed fields as a form displays them, by name."""

    def form_after(
        self, resource: MountedResource, actor: Actor | None, entity: Entity | None = None
    ) -> Any:
        """The contents that plugins add below a form; entity is the edited record."""

    async def form_choices(
        self,
        resource: MountedResource,
        words: str,
        actor: Actor | None,
        where: Condition = ALWAYS,
    ) -> Offered:
        """The readable records that an input offers for typed words, of those in `where`.

        Raises: NotSignedInError, AccessDeniedError, AccessScanLimitError.
        """

    async def form_chosen(
        self,
        resource: MountedResource,
        ids: Sequence[Any],
        actor: Actor | None,
        where: Condition = ALWAYS,
    ) -> Sequence[Choice]:
        """The readable ones of these records, as an input shows them. Raises: as above."""

    def form_errors(
        self,
        resource: MountedResource,
        event: Event[Any, Any, Any],
        id: Any,
        errors: Mapping[str, str],
        originals: Mapping[str, str],
        omitted: frozenset[str] = NOTHING,
        inlines: Sequence[InlineRows] = (),
    ) -> Sequence[Element]:
        """Patches of the open form: each validation error beside its input, all others cleared."""

    def form_bulk(
        self,
        resource: MountedResource,
        event: Event[Any, Any, Any],
        hidden: Sequence[tuple[str, str]],
        values: Mapping[str, Any] = NO_INPUTS,
        errors: Mapping[str, str] = NO_INPUTS,
    ) -> Any:
        """The form that runs an event on the records that the hidden inputs name."""

    def form_bulk_errors(
        self, resource: MountedResource, event: Event[Any, Any, Any], errors: Mapping[str, str]
    ) -> Sequence[Element]:
        """Patches of that form, as `form_errors`."""


class Messages(Protocol):
    """Temporary messages to one visitor."""

    def message_toast(self, toast: Toast) -> Any:
        """The component of a toast."""

    def message_progress(self, id: str, progress: Progress) -> Any:
        """The component, with this id, of the progress of a long event."""


class Components(Protocol):
    """Components of pages of the application's own; see `starmodel.ui`."""

    def component_tile(
        self, label: Any, figure: Any, change: float | None, note: Any, link: str, ui: UI
    ) -> Any:
        """One figure with its label. Shapes: change is a fraction."""

    def component_chart(
        self, rows: Any, kind: str, x: str, y: str | Sequence[str], title: str, height: int
    ) -> Any:
        """A chart of rows, and a table of them. Units: height is in pixels."""

    def component_table(
        self,
        resource: MountedResource,
        records: Sequence[Entity],
        columns: tuple[str, ...] = (),
        titles: RelatedTitles = NO_TITLES,
        label: str = "",
    ) -> Any:
        """A table of records without controls. Raises: ConfigurationError, for unknown columns."""

    def component_rows(
        self, rows: Sequence[Mapping[str, Any]], columns: Sequence[str], label: str
    ) -> Any:
        """A table of mappings."""

    def component_list(
        self, resource: MountedResource, records: LiveRecords[Any], query: str
    ) -> Any:
        """The live table of the records of a query, with a link to the list."""


class ErrorPages(Protocol):
    """Errors, for visitors and for the developer."""

    def error_page(self, problem: Any, actor: Actor | None = None) -> str:
        """A complete error page."""

    def error_panel(self, problem: Any) -> Any:
        """The traceback of an event that raised, for the developer's page."""


class Rendering(Protocol):
    """Turns components into HTML."""

    def render(self, component: Any) -> str:
        """A component as HTML."""


class Renderer(Rendering, Messages, Protocol):
    """The parts that the application renders messages and results with."""


class UIAdapter(
    Rendering,
    PageShell,
    ListPages,
    RecordPages,
    Forms,
    Messages,
    Components,
    ErrorPages,
    Protocol,
):
    """Turns resources into pages. Components are whatever `render` takes.

    Shapes: scripts are the texts of the adapter's inline scripts; the CSP of
    its pages allows them by hash. icons are the names of its icons.
    """

    scripts: Sequence[str]
    icons: Sequence[str]
