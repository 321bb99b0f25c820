"""Browser stores: their description in a page, and their states in replies."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Iterable, Iterator, Sequence
from html import escape
from typing import Any

from starmodel.adapters.frontends.datastar.pages import EntityTopic, Page, Topic
from starmodel.adapters.frontends.datastar.patches import (
    FORGET_BROWSER_STATES,
    DatastarPatch,
    patch_browser_state,
    signals_of,
)
from starmodel.adapters.frontends.datastar.tokens import Tokens
from starmodel.adapters.frontends.datastar.views import PartView, RenderPart
from starmodel.app.application import Application
from starmodel.app.context import current_browser_state
from starmodel.app.live.frames import Frames, snapshot_message
from starmodel.app.live.views import view_named
from starmodel.app.sessions.scopes import default_snapshot
from starmodel.app.sessions.session import Session
from starmodel.core.classes.registry import EntityType
from starmodel.core.definition.info import signal_prefix
from starmodel.core.entity import Entity
from starmodel.core.errors import AccessDeniedError
from starmodel.core.public_state import public_state
from starmodel.core.snapshot import version_of
from starmodel.core.values.json_data import script_element_json

STATES_PATH = "/_starmodel/browser_state"
_NOTICE_STYLE = (
    "position:sticky;bottom:0;margin:0;padding:.75rem 1rem;background:Canvas;border-top:1px solid"
)
# Hides an element until its state is restored, for at most three seconds, if scripts run.
_HIDDEN_WHILE_RESTORING = (
    "@keyframes starmodel-restoring{{from{{visibility:hidden}}}}"
    "@media (scripting:enabled)"
    '{{[data-restoring="{0}"]+*{{animation:3s step-end starmodel-restoring}}}}'
)


class BrowserStates:
    """Encodes the states of entities in browser stores."""

    def __init__(self, application: Application, tokens: Tokens, render: RenderPart) -> None:
        self._application, self._tokens, self._render = application, tokens, render
        self.types = [entity_type for entity_type in application.registry if entity_type.in_browser]

    def describe(self, page: Page) -> str:
        """Render the JSON element that describes each state's storage and owner to the browser."""
        if not self.types:
            return ""
        session, scopes = page.session, self._application.scopes
        mount = hashlib.blake2b(page.root_path.encode(), digest_size=3).hexdigest()
        on_page = {topic.entity for topic in page.topics}
        about = {
            "app": f"{scopes.browser_owner(None)}{mount}",
            "owner": scopes.browser_owner(session, session.actor),
            "before": scopes.browser_owner(session),
            "url": f"{page.root_path}{STATES_PATH}",
            "shown": [
                entity_type.name for entity_type in self.types if entity_type.name in on_page
            ],
            "types": {entity_type.name: _about(entity_type) for entity_type in self.types},
        }
        text = script_element_json(about)
        script = f'<script type="application/json" id="starmodel-states">{text}</script>'
        return script + self._noscript_notice(page)

    def _noscript_notice(self, page: Page) -> str:
        """Render the notice for browsers without JavaScript."""
        on_page = {topic.entity for topic in page.topics}
        names = [entity_type.title for entity_type in self.types if entity_type.name in on_page]
        if not names:
            return ""
        texts = self._application.texts
        text = texts.text(
            "page.browser_state", count=len(names), names=texts.joined("joined.and", names)
        )
        return (
            f'<p id="starmodel-noscript" role="status" style="{_NOTICE_STYLE}">'
            f"{escape(text, quote=False)}"
            "<style>@media (scripting:enabled){#starmodel-noscript{display:none}}</style></p>"
        )

    def hide_until_restored(self, entity_type: EntityType) -> str:
        """Render the style that hides the next element until the browser state is restored."""
        if not entity_type.in_browser or current_browser_state() is not None:
            return ""
        name = entity_type.name
        return f'<style data-restoring="{name}">{_HIDDEN_WHILE_RESTORING.format(name)}</style>'

    def encode(self, session: Session) -> Sequence[DatastarPatch]:
        """The states that this request changed, and the page's live views of them."""
        request = current_browser_state()
        if request is None or not self.types:
            return ()
        if session.is_signed_out:  # sign-out deletes all states in the browser
            return (FORGET_BROWSER_STATES,)
        changed = request.take()
        topics: tuple[str, list[Topic]] = ("", [])
        if changed:
            with contextlib.suppress(AccessDeniedError):  # only the live views are omitted
                topics = self._tokens.read(request.page, session)
        patches: list[DatastarPatch] = []
        for name, state in changed.items():
            entity_type = self._application.registry.named(name)
            entity = state.snapshot or default_snapshot(entity_type.cls, request.visitor)
            patches.append(_state_patch(entity_type, entity, state.text))
            patches += self._view_patches(entity_type, entity, *topics)
        return patches

    async def encode_shown(self, session: Session) -> Sequence[DatastarPatch]:
        """The states in the request as this build parses them, with the page's live views.

        Raises: AccessDeniedError, for a page of another visitor.
        """
        request, patches = current_browser_state(), list[DatastarPatch]()
        topics = self._tokens.read(request.page if request else (), session)
        for entity_type in self.types:
            if request is None or entity_type.name not in request.names:
                continue
            try:
                entity = await self._application.instance(entity_type, session)
            except AccessDeniedError:
                continue
            patches.append(_state_patch(entity_type, entity, None))
            patches += self._view_patches(entity_type, entity, *topics)
        return patches

    def _view_patches(
        self,
        entity_type: EntityType,
        entity: Entity,
        root_path: str,
        topics: Iterable[Topic],
    ) -> Iterator[DatastarPatch]:
        """Render the live views of the class that are topics of the page."""
        state, version = public_state(entity), max(version_of(entity), 1)
        frames = Frames(snapshot_message(entity_type.name, entity.id, state, version))
        for topic in topics:
            if (
                not isinstance(topic, EntityTopic)
                or topic.entity != entity_type.name
                or not topic.view
            ):
                continue
            view = self._application.view(topic.view) or view_named(topic.view)
            if view is not None:
                # A failing view is logged; the other patches are still sent.
                area = self._application.areas.find(topic.area)
                part = PartView(view, root_path, self._render, area)
                yield from frames.chunk(part, True, tuple)


def _about(entity_type: EntityType) -> dict[str, Any]:
    return {
        "local": entity_type.store == "local_storage",
        "at": [part for part in signal_prefix(entity_type.cls).split(".") if part],
        "synced": entity_type.synced,
    }


def _state_patch(entity_type: EntityType, entity: Entity, text: str | None) -> DatastarPatch:
    signals = signals_of(entity_type.signals, public_state(entity), entity_type.signals)
    return patch_browser_state(entity_type.name, signals, text)
