"""Resources: an entity class at one URL prefix, with the rules and the skin of that address.

Every generated URL is made here, from the names of pages and events.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import quote

from starmodel.app.access.policy import AccessPolicy
from starmodel.app.queries.record_keys import (
    BULK,
    CELL,
    CHOICES,
    COUNT,
    EDIT,
    EVENTS,
    EXPORT,
    FACETS,
    MATCHING,
    NEW,
    VIEWS,
    key_of,
)
from starmodel.core.classes.registry import EntityType
from starmodel.core.entity import Entity
from starmodel.core.errors import ConfigurationError
from starmodel.core.events import Event

Page = Literal[
    "list", "new", "bulk", "matching", "choices", "count", "facets", "views",
    "export.csv", "export.jsonl", "export.xlsx", "record", "edit", "delete",
    "events", "cell",
]  # fmt: skip

ID = "{id}"
"""The place of a record's key in the path of a route."""

ANY_ID = quote(ID, safe="")
"""The key of the id `ID`, for templates that replace it in a URL."""

_TAILS: dict[Page, str] = {
    "list": "", "new": f"/{NEW}", "bulk": f"/{BULK}", "matching": f"/{MATCHING}",
    "choices": f"/{CHOICES}",
    "count": f"/{COUNT}", "facets": f"/{FACETS}", "views": f"/{VIEWS}",
    "export.csv": f"/{EXPORT}.csv", "export.jsonl": f"/{EXPORT}.jsonl",
    "export.xlsx": f"/{EXPORT}.xlsx",
    "record": f"/{ID}", "edit": f"/{ID}/{EDIT}", "delete": f"/{ID}/delete",
    "events": f"/{ID}/{EVENTS}", "cell": f"/{ID}/{CELL}",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Resource:
    """Serves an entity class at an address of its own, for `create_app(resources=[…])`.

    Without a prefix it replaces the rules or the skin of the class's own address.

    Shapes: prefix is "" or a path such as "/admin"; policy decides who may read
    and run what there, None for the application's; ui is a class of UI adapters
    or replaces single parts, {"record.detail": function}, None for the application's.
    """

    entity: type[Entity]
    prefix: str = ""
    policy: AccessPolicy | None = None
    ui: Any = None


class MountedResource:
    """A resource of one application: its URLs, its access policy and its UI adapter.

    Shapes: name is "Product", or "admin.Product" below a prefix; policy decides
    about every class that a command or page of the resource reaches; ui is a
    `UIAdapter`, set when the application's pages are built; pages are the generated pages that
    are served, forms the names of the events with a page of their own, bulk_forms of those whose
    inputs are taken for several records at once.
    """

    __slots__ = (
        "area",
        "bulk_forms",
        "entity_type",
        "forms",
        "name",
        "pages",
        "path",
        "policy",
        "prefix",
        "ui",
    )

    def __init__(self, entity_type: EntityType, prefix: str, policy: AccessPolicy) -> None:
        self.entity_type, self.prefix, self.policy = entity_type, prefix, policy
        words = [*filter(None, prefix.split("/")), entity_type.name]
        self.name = ".".join(words)
        self.path = None if entity_type.path is None else f"{prefix}{entity_type.path}"
        self.ui: Any = None
        self.pages: set[Page] = set()
        self.forms: set[str] = set()
        self.bulk_forms: set[str] = set()

    def url_for(self, page: Page, id: Any = None, *, root_path: str = "") -> str:
        """The URL path of a generated page; "record" also takes the requests of PATCH and DELETE.

        Shapes: id is the record's; the class's one page without records is "list".
        Raises: ConfigurationError, for a class without routes.
        """
        tail = _TAILS[page]
        if id is not None:
            tail = tail.replace(ID, key_of(id))
        return f"{root_path}{self._base}{tail}"

    def event_url(self, event: Event[Any, Any, Any], id: Any = None, *, root_path: str = "") -> str:
        """The URL path that runs an event by POST: "/counter/increment", "/products/42/archive".

        Raises: ConfigurationError, for a class without routes.
        """
        if self.entity_type.is_record and event.name == "create":
            return self.url_for("list", root_path=root_path)
        page: Page = "record" if self.entity_type.is_record and id is not None else "list"
        return f"{self.url_for(page, id, root_path=root_path)}/{event.info.path or event.name}"

    def template(self, page: Page) -> str:
        """The path of a page's route, with `ID` in the place of a record's key."""
        return f"{self._base}{_TAILS[page]}"

    def event_templates(
        self, event: Event[Any, Any, Any], method: str
    ) -> Iterator[tuple[str, str]]:
        """The (method, path) of each route that runs an event.

        Shapes: method is the event's own. Plain HTML forms support neither PUT, PATCH nor
        DELETE, so an event with such a method takes POST as well.
        """
        own = self.event_url(event, ID).replace(ANY_ID, ID)
        if self.entity_type.is_record and event.name in _VERBS:
            if event.name == "create":
                yield "POST", own
                return
            for verb in _VERBS[event.name]:
                yield verb, self.template("record")
            yield "POST", own
            return
        yield method, own
        if method != "POST":
            yield "POST", own

    @property
    def _base(self) -> str:
        if self.path is None:
            raise ConfigurationError(
                f"{self.entity_type.name} has path=None, so its pages and events have no address."
            )
        return self.path

    def __repr__(self) -> str:
        return f"<MountedResource {self.name} at {self.path}>"


_VERBS: Mapping[str, tuple[str, ...]] = {
    "create": ("POST",), "update": ("PUT", "PATCH"), "delete": ("DELETE",),
}  # fmt: skip
