"""Components for pages of the application's own, rendered by the UI adapter of the application."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import parse_qsl

from starmodel.adapters.ui.elements import H2, A, Div, Section
from starmodel.app.access.decisions import check
from starmodel.app.access.offers import may_create, rendered
from starmodel.app.access.policy import Actor
from starmodel.app.application import Application
from starmodel.app.commands.binding.edited_fields import digests
from starmodel.app.commands.field_access import unsettable
from starmodel.app.context import current_context
from starmodel.app.live.live_queries import QueriedRecords, Where
from starmodel.app.presentation.drafted import new_with_relations, stored_with_relations
from starmodel.app.presentation.resource import MountedResource
from starmodel.core.entity import Entity
from starmodel.core.errors import AccessDeniedError, ConfigurationError, NotSignedInError
from starmodel.core.events import ActionFactory
from starmodel.core.fields.widgets import UI
from starmodel.core.public_state import public_state

DEFAULT_ROWS = 10


def tile(
    label: Any,
    figure: Any,
    *,
    change: float | None = None,
    note: Any = "",
    link: str = "",
    currency: str = "",
    decimal_places: int | None = None,
) -> Any:
    """A card with one figure and its label.

    Numbers and dates are displayed in the language of the visitor's browser; texts and components
    are displayed as they are, such as `Span(data_text=Sales.cups_signal)`.

    Shapes: change is a fraction of the earlier figure, 0.12 for 12 % more; note stands below;
    link is the URL behind the label; currency is the code of an amount, "EUR".
    """
    ui = UI(currency=currency, decimal_places=decimal_places)
    return _ui().component_tile(label, figure, change, note, link, ui)


def chart(
    rows: Any,
    kind: str = "line",
    *,
    x: str = "label",
    y: str | Sequence[str] = "value",
    title: str,
    height: int = 260,
) -> Any:
    """A chart of rows, with a table of the same values.

    A chart in a `@live` part moves to new values.

    Shapes: rows are a mapping of label to value, pairs, mappings or records; kind is "line", "bar",
    "area" or "pie"; x and y name the label and the values of a row, several with y=["in", "out"].
    Units: height is in pixels.
    Raises: ConfigurationError, for an unknown kind, and rows without these values.
    """
    return _ui().component_chart(rows, kind, x, y, title, height)


def table(rows: Sequence[Any], columns: Sequence[str] = (), *, label: str = "") -> Any:
    """A table of records with their generated cells, or of mappings.

    The columns of records are those of their list, or of `where(columns=…)`.

    Shapes: rows are the result of a query, records of one class, or mappings of column to value;
    label is the name of the table for screen readers.
    Raises: ConfigurationError, for unknown columns.
    """
    application = _application()
    if isinstance(rows, QueriedRecords):
        resource = application.areas.current_resource(rows.entity)
        return resource.ui.component_table(
            resource, rows, tuple(columns) or rows.columns, rows.titles, label
        )
    if rows and all(isinstance(row, Entity) for row in rows):
        resource = application.areas.current_resource(type(rows[0]))
        seen = [application.seen_now(row) for row in rows]
        return resource.ui.component_table(resource, seen, tuple(columns), label=label)
    for row in rows:
        if not isinstance(row, Mapping):
            raise ConfigurationError(
                f"table() got {type(row).__name__}; expected records of one class, or mappings "
                "of column to value."
            )
    return _ui().component_rows(rows, columns, label)


async def list_of(
    entity: type[Entity], query: str = "", *, limit: int = DEFAULT_ROWS, columns: Sequence[str] = ()
) -> Any:
    """The live table of a query, with a link to the whole list.

    Shapes: query is that of the list's URL, "status=placed&order=-id".
    Units: limit is the number of rows, 1 to 200.
    Raises: NotSignedInError, AccessDeniedError; ConfigurationError, for an invalid query.
    """
    application, actor = _application(), _actor()
    words = dict(parse_qsl(query, keep_blank_values=True))
    order = words.pop("order", "")
    declared = Where(words, order, limit, tuple(columns))
    declared.check(application.registry[entity], f"list_of({entity.__name__})")
    records: Any = await application.records_of(entity, declared, actor)
    resource = application.areas.current_resource(entity)
    return resource.ui.component_list(resource, records, query)


async def form(what: Any) -> Any:
    """The generated form of an event; None for a visitor who may not run it.

    Shapes: what is an entity class for the form of a new record, or an event: `Counter.increment`,
    `order.do.place`, `order.do.update`.
    Raises: ConfigurationError, for anything else; NotFoundError.
    """
    application, actor = _application(), _actor()
    if isinstance(what, type) and issubclass(what, Entity):
        return await _new_form(application, application.areas.current_resource(what), actor)
    if not isinstance(what, ActionFactory):
        raise ConfigurationError(
            f"form() got {what!r}; expected an entity class, or an event such as "
            "Counter.increment or order.do.place."
        )
    resource = application.areas.current_resource(what.entity)
    entity_type, policy = resource.entity_type, resource.policy
    event = entity_type.events[what.event.name]
    session = _session()
    if entity_type.is_record and what.id is None:
        raise ConfigurationError(
            f"form({what.event.name}) needs a record; write form(record.do.{what.event.name})."
        )
    entity = await application.instance(entity_type, session, what.id, policy=policy)
    if not await _may(application, resource, actor, event, entity):
        return None
    values = originals = drafted = None
    if event.name == "update":
        values, originals = public_state(entity), digests(entity)
        drafted = await stored_with_relations(application.relations, entity)
    omitted = await rendered(lambda: unsettable(policy, entity_type, actor, entity))
    id = entity.id if entity_type.is_record else None
    return resource.ui.form(
        resource, event, id, values=values, originals=originals, omitted=omitted, drafted=drafted
    )


def columns(*parts: Any) -> Any:
    """Parts side by side in equal columns, below each other on a phone."""
    return Div(*parts, cls="own-columns")


def section(title: str, *parts: Any, link: str = "") -> Any:
    """Parts below a heading. Shapes: link is the URL behind the heading, "" for none."""
    heading = A(title, href=link) if link else title
    return Section(H2(heading), *parts, cls="own-section")


async def _new_form(
    application: Application, resource: MountedResource, actor: Actor | None
) -> Any:
    entity_type, policy = resource.entity_type, resource.policy
    event = entity_type.events.get("create")
    if event is None:
        raise ConfigurationError(f"form({entity_type.name}): the class has no event create.")
    if not await _may(application, resource, actor, event, None):
        return None
    if not await rendered(lambda: may_create(policy, entity_type, actor)):
        return None
    omitted = await rendered(lambda: unsettable(policy, entity_type, actor, None))
    drafted = new_with_relations(application.relations, entity_type)
    return resource.ui.form(resource, event, omitted=omitted, drafted=drafted)


async def _may(
    application: Application,
    resource: MountedResource,
    actor: Actor | None,
    event: Any,
    entity: Entity | None,
) -> bool:
    try:
        await check(
            resource.policy, resource.entity_type, "write", actor, event=event, entity=entity
        )
    except (NotSignedInError, AccessDeniedError):
        return False
    return True


def _application() -> Application:
    context = current_context.get()
    host = None if context is None else context.host
    if not isinstance(host, Application) or host.ui is None:
        raise ConfigurationError(
            "Components of starmodel.ui are rendered in a request; call them in a page, a handler "
            "or a @live part."
        )
    return host


def _ui() -> Any:
    return _application().ui


def _session() -> Any:
    context = current_context.get()
    return None if context is None else context.session


def _actor() -> Actor | None:
    session = _session()
    return None if session is None else session.actor
