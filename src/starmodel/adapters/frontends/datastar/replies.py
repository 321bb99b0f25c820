"""The patches that the caller of an event receives."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from html import escape

from starmodel.adapters.frontends.datastar.actions import PROGRESS_ID
from starmodel.adapters.frontends.datastar.browser_states import BrowserStates
from starmodel.adapters.frontends.datastar.expressions import attribute, script_json
from starmodel.adapters.frontends.datastar.patches import (
    ACCEPTED,
    DatastarPatch,
    extra_signals,
    patch_elements,
    patch_signals,
    patch_state,
    signals_of,
)
from starmodel.app.application import Application
from starmodel.app.commands.command import Outcome
from starmodel.app.commands.elements import Element
from starmodel.app.commands.redirects import sent_as
from starmodel.app.commands.replies import NO_REPLY, Reply
from starmodel.app.context import current_context
from starmodel.app.sessions.session import Session
from starmodel.core.classes.registry import EntityType
from starmodel.core.events.results import Progress, Toast
from starmodel.core.public_state import public_state


class DatastarReplies:
    """Encodes replies for pages with Datastar.

    Shapes: grant renders the element that subscribes the caller's page to the topics of
    patched content, "" without any.
    """

    def __init__(
        self, application: Application, browser_states: BrowserStates, grant: Callable[[], str]
    ) -> None:
        self._application, self._grant = application, grant
        self._browser_states = browser_states if browser_states.types else None
        self.encode_shown = browser_states.encode_shown

    def encode_reply(
        self, entity_type: EntityType, outcome: Outcome, session: Session, *, has_page: bool
    ) -> Sequence[DatastarPatch]:
        """The patches of a reply; browser states first, because a redirect may follow.

        Includes the entity's signals when the caller's page has no stream that
        publishes them.
        """
        reply = outcome.reply
        sends_state = not outcome.stored or not (has_page or entity_type.in_browser)
        info = entity_type.cls.__entity__
        namespace, version = info.namespace, ""
        if outcome.stored and outcome.entity is not None and not entity_type.in_browser:
            version = f"{namespace or entity_type.name} {outcome.version}"
        patches: list[DatastarPatch] = []
        if self._browser_states is not None:
            patches += self._browser_states.encode(session)
        if reply.signals or version:
            signals = reply.signals and extra_signals(reply.signals)
            patches.append(patch_signals(signals, status=200, committed=version))
        else:
            patches += ACCEPTED
        if sends_state and outcome.entity is not None and not entity_type.is_record:
            state = public_state(outcome.entity)
            state = signals_of(entity_type.signals, state, info.declared_signals)
            patches += patch_state(namespace, state, version=version)
        context = current_context.get()
        if context is not None and context.page is not None and (grant := self._grant()):
            patches.append(patch_elements(Element(grant, "body", "append")))
        if reply is not NO_REPLY and not reply.is_empty:
            patches += self.encode_effects(reply)
        return patches

    def encode_effects(self, reply: Reply, *, status: int | None = None) -> Sequence[DatastarPatch]:
        """Elements, toasts and a redirect, after the status for a form."""
        patches = [] if status is None else [patch_signals({}, status=status)]
        patches += [patch_elements(element) for element in reply.elements]
        patches += [self._toast(toast) for toast in reply.toasts]
        if reply.file_url:  # a link to a file to be saved leaves the page as it is
            url = escape(sent_as(reply.file_url))
            save = attribute("data-init", "el.click(), el.remove()")
            html = f'<a hidden download href="{url}" {save}></a>'
            patches.append(patch_elements(Element(html, "body", "append")))
        if reply.redirect is not None:
            navigate = f"window.location = {script_json(sent_as(reply.redirect))}"
            html = f"<div hidden {attribute('data-init', navigate)}></div>"
            patches.append(patch_elements(Element(html, "body", "append"), leaves=True))
        return patches

    def encode_part(self, element: Element) -> Sequence[DatastarPatch]:
        """An element of the page, and the grant for the live topics in it."""
        patches = [patch_elements(element)]
        if grant := self._grant():
            patches.append(patch_elements(Element(grant, "body", "append")))
        return patches

    def encode_progress(
        self, id: str, progress: Progress | None, *, first: bool
    ) -> Sequence[DatastarPatch]:
        """A command's progress bar among the toasts; None removes it."""
        place = f"{PROGRESS_ID}{id}"
        if progress is None:
            return [patch_elements(Element("", f"#{place}", "remove"))]
        html = self._application.render_message(progress, place)
        where = ("#starmodel-toasts", "append") if first else (None, None)
        return [patch_elements(Element(html, *where))]

    def encode_error(
        self, status: int, text: str, elements: Sequence[Element] = ()
    ) -> Sequence[DatastarPatch]:
        """The response to a rejected event: validation errors beside fields, and a toast."""
        patches = [patch_signals({}, status=status), *map(patch_elements, elements)]
        if text:
            patches.append(self._toast(Toast(text, "error")))
        return patches

    def encode_stale(self, status: int) -> Sequence[DatastarPatch]:
        """The patch that makes a page of an ended session notify its visitor and reload."""
        html = f"<div hidden {attribute('data-init', '@stale()')}></div>"
        return [patch_signals({}, status=status), patch_elements(Element(html, "body", "append"))]

    def _toast(self, toast: Toast) -> DatastarPatch:
        html = self._application.render_message(toast)
        return patch_elements(Element(html, "#starmodel-toasts", "append"))
