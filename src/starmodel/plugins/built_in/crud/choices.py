"""The records that an input offers while a visitor types, as JSON."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from starmodel.app.access.offers import may_create, rendered
from starmodel.app.choosing.given import Narrowed, fixed_values
from starmodel.app.choosing.rules import ChoiceRule
from starmodel.app.presentation.choices import Choice
from starmodel.app.presentation.resource import MountedResource
from starmodel.app.queries.choices import MAX_NAMED
from starmodel.app.queries.listing import MAX_SEARCH_CHARS
from starmodel.core.classes.registry import EntityType
from starmodel.core.errors import RequestError
from starmodel.core.values.bounds import read_json
from starmodel.plugins import Exchange
from starmodel.plugins.web import PluginServices

MAX_RECENT_CHARS = 2000


MAX_RULE_CHARS = 200


class ChoiceLists:
    """Answers the searches of record inputs."""

    def __init__(self, services: PluginServices) -> None:
        self._application = services.application

    async def send(self, exchange: Exchange, resource: MountedResource, entity: None) -> None:
        """Send titles, second lines and addresses of at most 20 readable records.

        Shapes: `search` is the typed text; `recent` a JSON array of at most 10 ids, of which the
        readable ones are sent first; `for` names the rule of a field with `UI(choices=…)`, such as
        "Address.city_id", and "on.country_id" is the value of a field that it reads. "create" has
        the form of a new record, for a visitor who may make one; "note" says which fields are to
        be filled in first.
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
        rule, narrowed = self._rule(entity_type, query.get("for", "")), Narrowed()
        if rule is not None:
            narrowed = await self._application.choices.narrowed(rule, query, actor, policy)
        where = narrowed.condition
        named = await ui.form_chosen(resource, recent, actor, where) if recent else ()
        offered = await ui.form_choices(resource, words, actor, where)
        create: dict[str, str] | None = None
        if "new" in resource.pages and await rendered(
            lambda: may_create(policy, entity_type, actor)
        ):
            root = exchange.root_path
            action = resource.event_url(entity_type.events["create"], root_path=root)
            url = resource.url_for("new", root_path=root)
            fixed = {} if rule is None else fixed_values(rule, where)
            create = {"url": f"{url}?{urlencode(fixed)}" if fixed else url, "action": action}
        data = {
            "recent": [_data(choice) for choice in named],
            "items": [_data(choice) for choice in offered.choices],
            "more": offered.more,
            "create": create,
        }
        if narrowed.empty:
            others = ", ".join(narrowed.empty)
            data["note"] = self._application.texts.text("choice.first", others=others)
        await exchange.json(data)

    def _rule(self, entity_type: EntityType, name: str) -> ChoiceRule | None:
        """The rule that a search names; None for no name. Raises: RequestError."""
        if not name:
            return None
        rule = self._application.choices.rules.by_name.get(name[:MAX_RULE_CHARS])
        if rule is None or rule.target is not entity_type:
            raise RequestError(f"for is {name[:80]!r}; expected a field with UI(choices=…).")
        return rule


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
