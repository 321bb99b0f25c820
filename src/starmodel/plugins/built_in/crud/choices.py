"""The records that an input offers while a visitor types, as JSON."""

from __future__ import annotations

from typing import Any

from starmodel.app.access.offers import may_create, rendered
from starmodel.app.presentation.choices import Choice
from starmodel.app.presentation.resource import MountedResource
from starmodel.app.queries.choices import MAX_NAMED
from starmodel.app.queries.listing import MAX_SEARCH_CHARS
from starmodel.core.errors import RequestError
from starmodel.core.values.bounds import read_json
from starmodel.plugins import Exchange

MAX_RECENT_CHARS = 2000


async def send_choices(exchange: Exchange, resource: MountedResource, entity: None) -> None:
    """Send titles, second lines and addresses of at most 20 readable records.

    Shapes: `search` is the typed text; `recent` a JSON array of at most 10 ids, of which the
    readable ones are sent first. "create" has the form of a new record, for a visitor who may
    make one.
    Raises: RequestError; AccessScanLimitError.
    """
    query, actor = exchange.request.query, exchange.session.actor
    words = query.get("search", "")
    if len(words) > MAX_SEARCH_CHARS:
        raise RequestError(
            f"search has {len(words)} characters; expected at most {MAX_SEARCH_CHARS}."
        )
    recent = _ids(query.get("recent", ""))
    ui, entity_type, policy = resource.ui, resource.entity_type, resource.policy
    named = await ui.form_chosen(resource, recent, actor) if recent else ()
    offered = await ui.form_choices(resource, words, actor)
    create: dict[str, str] | None = None
    if "new" in resource.pages and await rendered(lambda: may_create(policy, entity_type, actor)):
        root = exchange.root_path
        action = resource.event_url(entity_type.events["create"], root_path=root)
        create = {"url": resource.url_for("new", root_path=root), "action": action}
    await exchange.json(
        {
            "recent": [_data(choice) for choice in named],
            "items": [_data(choice) for choice in offered.choices],
            "more": offered.more,
            "create": create,
        }
    )


def _data(choice: Choice) -> dict[str, str]:
    return {"id": choice.id, "title": choice.title, "detail": choice.detail, "url": choice.url}


def _ids(text: str) -> list[Any]:
    """The ids of a JSON array. Raises: RequestError, for anything else."""
    if not text:
        return []
    try:
        ids = read_json(text) if len(text) <= MAX_RECENT_CHARS else None
    except ValueError:
        ids = None
    if not (isinstance(ids, list) and all(isinstance(id, str) for id in ids)):
        raise RequestError(f"recent is {text[:80]!r}; expected a JSON array of ids.")
    return ids[:MAX_NAMED]
