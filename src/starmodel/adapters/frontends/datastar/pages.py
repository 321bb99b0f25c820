"""The page being rendered, and its topics."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from starmodel.app.context import current_context, derived_context
from starmodel.app.presentation.areas import Area
from starmodel.app.queries.listing import Listing
from starmodel.app.sessions.session import Session
from starmodel.core.classes.registry import EntityType
from starmodel.core.commands import plain
from starmodel.core.entity import Entity
from starmodel.core.errors import TooManyTopicsError

MAX_QUERY_CHARS = 1024
MAX_LISTS = 16


@dataclass(frozen=True, slots=True)
class EntityTopic:
    """One rendering of an entity on a page.

    Shapes: id is "" for the instance of the visitor's scope; view is "" for signals,
    else the name of a live view; namespace is that of its signals; area is the prefix
    of the area that it is rendered in.
    """

    entity: str
    id: Any
    namespace: str = ""
    view: str = ""
    area: str = ""

    @property
    def signed(self) -> list[Any]:
        """The topic in a token, which has one area for all of them."""
        return [self.entity, self.id, self.namespace, self.view]


@dataclass(frozen=True, slots=True)
class ListTopic:
    """One list on a page. Shapes: query is the canonical query string, without rows."""

    entity: str
    query: str
    area: str = ""

    @property
    def signed(self) -> list[Any]:
        """The topic in a token, which has one area for all of them."""
        return [self.entity, self.query]


@dataclass(frozen=True, slots=True)
class QueryTopic:
    """One live view of the records of a query. Shapes: query is the canonical query string."""

    entity: str
    query: str
    view: str
    area: str = ""

    @property
    def signed(self) -> list[Any]:
        """The topic in a token, which has one area for all of them."""
        return [self.entity, self.query, self.view]


@dataclass(frozen=True, slots=True)
class SlotTopic:
    """A content of a slot that the page requests again when an entity of a class changes.

    Shapes: entity is the class that is watched, content the id of the content's element;
    subject and id name the page's entity, "" without one.
    """

    entity: str
    content: str
    subject: str = ""
    id: Any = ""
    kind: str = "slot"
    area: str = ""

    @property
    def signed(self) -> list[Any]:
        """The topic in a token, which has one area for all of them."""
        return [self.entity, self.content, self.subject, self.id, self.kind]


Topic = EntityTopic | ListTopic | QueryTopic | SlotTopic


class Page:
    """One response being rendered: its session, mount path, area and topics.

    Shapes: patch is True for content that is patched into an open page; it
    includes a grant instead of a page token.
    """

    __slots__ = ("area", "focus", "patch", "root_path", "session", "topics")

    def __init__(
        self, session: Session, root_path: str = "", patch: bool = False, area: str = ""
    ) -> None:
        self.session, self.root_path, self.patch, self.area = session, root_path, patch, area
        self.topics: dict[Topic, None] = {}
        self.focus: dict[str, Any] = {}

    def namespace(self, entity_type: EntityType, entity: Entity) -> str:
        """The signal namespace of an entity on this page.

        The first record of a class on the page is its focus and uses the class's
        namespace; the namespace of any other record includes its id.
        """
        own = entity_type.cls.__entity__.namespace
        if (
            not entity_type.is_record
            or self.focus.setdefault(entity_type.name, entity.id) == entity.id
        ):
            return own
        return f"{own or entity_type.name}_{_short(entity.id)}"

    def show(self, entity_type: EntityType, entity: Entity, view: str = "") -> EntityTopic:
        """Subscribe the page to the entity."""
        namespace = "" if view else self.namespace(entity_type, entity)
        id = plain(entity.id) if entity_type.is_record else ""
        topic = EntityTopic(entity_type.name, id, namespace, view)
        self.topics[topic] = None
        return topic

    def show_list(self, listing: Listing) -> None:
        """Subscribe the page to a list, unless its query is too long for the token.

        Raises: TooManyTopicsError, beyond MAX_LISTS.
        """
        self._add_list(ListTopic(listing.entity_type.name, listing.words))

    def show_query(self, listing: Listing, view: str) -> None:
        """Subscribe the page to a live view of a query. Raises: as `show_list`."""
        self._add_list(QueryTopic(listing.entity_type.name, listing.words, view))

    def _add_list(self, topic: ListTopic | QueryTopic) -> None:
        if len(topic.query) <= MAX_QUERY_CHARS:
            self.topics[topic] = None
        lists = {(t.entity, t.query) for t in self.topics if isinstance(t, ListTopic | QueryTopic)}
        if len(lists) > MAX_LISTS:
            raise TooManyTopicsError(
                f"This page shows more than {MAX_LISTS} live lists. Show fewer of them at once."
            )


def current_page() -> Page | None:
    """The page of the current response, created at first use; None outside a response."""
    context = current_context.get()
    if context is None:
        return None
    if context.page is None and context.root_path is not None and context.session is not None:
        area = "" if context.area is None else context.area.prefix
        context.page = Page(context.session, context.root_path, context.is_patch, area)
    return context.page  # type: ignore[no-any-return]  # `app` has no type for it


@contextmanager
def page_at(root_path: str, area: Area | None = None) -> Iterator[None]:
    """Set up rendering for open pages, outside any request."""
    page = Page(Session("", "", ""), root_path)
    before = current_context.set(derived_context(page=page, root_path=root_path, area=area))
    try:
        yield
    finally:
        current_context.reset(before)


def _short(id: Any) -> str:
    import hashlib

    return hashlib.blake2b(str(id).encode(), digest_size=5).hexdigest()
