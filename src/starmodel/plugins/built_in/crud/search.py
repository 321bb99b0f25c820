"""The search over all classes: a page, and the same results as JSON."""

from __future__ import annotations

from collections.abc import AsyncIterator

from starmodel.app.access.decisions import permits
from starmodel.app.access.policy import Actor
from starmodel.app.presentation.resource import MountedResource
from starmodel.app.queries.listing import MAX_SEARCH_CHARS
from starmodel.app.queries.searching import SearchMatches, search_class
from starmodel.core.errors import AccessDeniedError, AccessScanLimitError, ListQueryError
from starmodel.plugins import Exchange
from starmodel.plugins.web import PluginServices

PATH = "/_starmodel/crud/search"
_TEXTS = (
    "find.label", "find.commands", "find.none", "find.searching", "find.found", "find.recent",
    "find.pages", "find.create", "find.events", "find.account", "find.keys", "find.keys_page",
    "find.keys_list", "find.keys_record", "find.close", "find.hint", "find.failed",
    "find.key_search", "find.key_palette", "find.key_keys", "find.key_down", "find.key_up",
    "find.key_open", "find.key_select", "find.key_edit", "find.theme",
)  # fmt: skip
MIN_CHARS = 2
MAX_CLASSES = 16


class SearchPage:
    """Answers `GET /_starmodel/crud/search?q=…`."""

    def __init__(self, services: PluginServices) -> None:
        self._services, self._application = services, services.application

    async def send(self, exchange: Exchange) -> None:
        """Send at most five records of each class that match, and links to their lists.

        Fewer than MIN_CHARS characters find nothing. In JSON, `groups` has the results by class,
        and with the parameter `texts`, "texts" those of the browser's module.
        """
        words = " ".join(exchange.request.query.get("q", "")[:MAX_SEARCH_CHARS].split())
        actor, ui = exchange.session.actor, self._services.ui
        found = []
        if len(words) >= MIN_CHARS:
            async for resource, matches in self._found(words, actor):
                made = ui.page_found(resource, matches, words)
                found.append(made)
        if exchange.request.wants_html:
            title = self._application.texts.text("find.title")
            await exchange.page(lambda: ui.page(title, ui.page_search(words, found), actor=actor))
            return
        groups = [
            {
                "title": group.title,
                "icon": group.icon,
                "items": [
                    {"title": each.title, "detail": each.detail, "url": each.url}
                    for each in group.choices
                ],
                "all": {"title": group.all_text, "url": group.all_url},
            }
            for group in found
        ]
        texts = {"texts": self._texts()} if "texts" in exchange.request.query else {}
        await exchange.json({"groups": groups, **texts})

    def _texts(self) -> dict[str, str]:
        """The texts of the search, the commands and the list of keys; the browser fills in n."""
        texts = self._application.texts
        return {key.removeprefix("find."): texts.text(key, n="{n}") for key in _TEXTS}

    async def _found(
        self, words: str, actor: Actor | None
    ) -> AsyncIterator[tuple[MountedResource, SearchMatches]]:
        """The classes with matches. One whose read rule would be asked of too many is left out."""
        searched = 0
        for resource in self._application.areas.current.pages:
            entity_type, policy = resource.entity_type, resource.policy
            if not entity_type.is_record or entity_type.in_browser:
                continue
            if not {"list", "record"} <= set(resource.pages):
                continue
            if searched >= MAX_CLASSES or not await permits(policy, entity_type, actor):
                continue
            searched += 1
            window = self._application.window
            try:
                matches = await search_class(window, entity_type, words, actor, policy)
            except (AccessDeniedError, AccessScanLimitError, ListQueryError):
                continue
            if matches.entities:
                yield resource, matches
