"""Browser stores on the wire: their description in a page, and their states in replies."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Iterable, Iterator
from html import escape
from typing import Any

from starmodel.adapters.frontends.datastar.pages import Page, Shown, ShownList, Tokens
from starmodel.adapters.frontends.datastar.views import PartView
from starmodel.adapters.frontends.datastar.watching import RenderPart
from starmodel.adapters.frontends.datastar.wire import (
    patch_browser_state,
    signals_of,
)
from starmodel.app.application import Application
from starmodel.app.context import current_browser_state
from starmodel.app.live.hub import Frames, snapshot_message
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

STATES_PATH = "/_starmodel/states"
FORGET = b"event: datastar-browser-forget\n\n"
_NOTE = (
    "position:sticky;bottom:0;margin:0;padding:.75rem 1rem;background:Canvas;border-top:1px solid"
)
# Hides an element until its state is restored, for at most three seconds, if scripts run.
_VEIL = (
    "@keyframes starmodel-veil{{from{{visibility:hidden}}}}"
    '@media (scripting:enabled){{[data-veil="{0}"]+*{{animation:3s step-end starmodel-veil}}}}'
)


class BrowserStates:
    """Encodes the states of entities in browser stores."""

    def __init__(self, application: Application, tokens: Tokens, render: RenderPart) -> None:
        self._application, self._tokens, self._render = application, tokens, render
        self._types = [
            entity_type for entity_type in application.registry if entity_type.in_browser
        ]

    def describe(self, page: Page) -> str:
        """Render the JSON element that describes each state's storage and owner to the browser."""
        if not self._types:
            return ""
        session, scopes = page.session, self._application.scopes
        mount = hashlib.blake2b(page.root_path.encode(), digest_size=3).hexdigest()
        shown = {item.entity for item in page.shown}
        about = {
            "app": f"{scopes.browser_owner(None)}{mount}",
            "owner": scopes.browser_owner(session, session.actor),
            "before": scopes.browser_owner(session),
            "url": f"{page.root_path}{STATES_PATH}",
            "shown": [entity_type.name for entity_type in self._types if entity_type.name in shown],
            "types": {entity_type.name: _about(entity_type) for entity_type in self._types},
        }
        return (
            '<script type="application/json" id="starmodel-states">'
            f"{script_element_json(about)}</script>{self._excuse(page)}"
        )

    def _excuse(self, page: Page) -> str:
        """Render the notice for browsers without JavaScript."""
        shown = {item.entity for item in page.shown}
        names = [entity_type.title for entity_type in self._types if entity_type.name in shown]
        if not names:
            return ""
        texts = self._application.texts
        text = texts.text(
            "page.browser_state", count=len(names), names=texts.joined("joined.and", names)
        )
        return (
            f'<p id="starmodel-excuse" role="status" style="{_NOTE}">{escape(text, quote=False)}'
            "<style>@media (scripting:enabled){#starmodel-excuse{display:none}}</style></p>"
        )

    def veil(self, entity_type: EntityType) -> str:
        """Render the style that hides the next element until the browser state is restored."""
        if not entity_type.in_browser or current_browser_state() is not None:
            return ""
        return f'<style data-veil="{entity_type.name}">{_VEIL.format(entity_type.name)}</style>'

    def encode(self, session: Session) -> bytes:
        """Encode the states that this request changed, and the page's live views of them."""
        request = current_browser_state()
        if request is None or not self._types:
            return b""
        if session.is_signed_out:  # sign-out deletes all states in the browser
            return FORGET
        changed, parts = request.take(), []
        shown: tuple[str, list[Shown | ShownList]] = ("", [])
        if changed:
            with contextlib.suppress(AccessDeniedError):  # only the live views are omitted
                shown = self._tokens.read(request.page, session)
        for name, kept in changed.items():
            entity_type = self._application.registry.named(name)
            entity = kept.snapshot or default_snapshot(entity_type.cls, request.visitor)
            parts += [
                _state(entity_type, entity, kept.text),
                *self._parts(entity_type, entity, *shown),
            ]
        return b"".join(parts)

    async def encode_shown(self, session: Session) -> bytes:
        """Encode the states in the request as this build parses them, with the page's live views.

        Raises: AccessDeniedError, for a page of another visitor.
        """
        request, parts = current_browser_state(), []
        shown = self._tokens.read(request.page if request else (), session)
        for entity_type in self._types:
            if request is None or entity_type.name not in request.names:
                continue
            try:
                entity = await self._application.instance(entity_type, session)
            except AccessDeniedError:
                continue
            parts += [_state(entity_type, entity, None), *self._parts(entity_type, entity, *shown)]
        return b"".join(parts)

    def _parts(
        self,
        entity_type: EntityType,
        entity: Entity,
        root_path: str,
        shown: Iterable[Shown | ShownList],
    ) -> Iterator[bytes]:
        """Render the live views of the class that are topics of the page."""
        message = snapshot_message(
            entity_type.name, entity.id, public_state(entity), max(version_of(entity), 1)
        )
        for item in shown:
            if not isinstance(item, Shown) or item.entity != entity_type.name or not item.view:
                continue
            view = self._application.views.get(item.view) or view_named(item.view)
            if view is not None:
                # A failing view is logged; the other patches are still sent.
                area = self._application.areas.find(item.area)
                part = PartView(view, root_path, self._render, area)
                yield Frames(message).encode(part, True)


def _about(entity_type: EntityType) -> dict[str, Any]:
    return {
        "local": entity_type.store == "local_storage",
        "at": [part for part in signal_prefix(entity_type.cls).split(".") if part],
        "synced": entity_type.synced,
    }


def _state(entity_type: EntityType, entity: Entity, text: str | None) -> bytes:
    signals = signals_of(entity_type.signals, public_state(entity), entity_type.signals)
    return patch_browser_state(entity_type.name, signals, text)
