"""Responses to committed commands: patches for Datastar, JSON for clients, redirects for forms."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import replace
from typing import Any
from urllib.parse import unquote, urlencode

from pydantic_core import from_json

from starmodel.adapters.web.http.attachments import send_attachment
from starmodel.adapters.web.http.conditional import etag_header
from starmodel.adapters.web.http.exchange import NO_STORE, Exchange
from starmodel.adapters.web.http.patches import PatchResponses
from starmodel.adapters.web.resources.events.downloads import Downloads
from starmodel.adapters.web.resources.events.event_call import text_of
from starmodel.adapters.web.resources.events.success_toasts import SuccessToasts
from starmodel.adapters.web.settings import WebSettings
from starmodel.app.access.decisions import permits
from starmodel.app.application import Application
from starmodel.app.commands.binding.form_names import BROWSER, PAGE_HEADER, STATUS_HEADER
from starmodel.app.commands.command import Command, Outcome
from starmodel.app.commands.replies import NO_REPLY
from starmodel.app.context import current_browser_state
from starmodel.app.ports.transport import Patch, transport_of
from starmodel.app.presentation.children import parent_choice, parent_url, place_of
from starmodel.app.presentation.resource import MountedResource
from starmodel.app.queries.listing import PLACE
from starmodel.app.queries.neighbours import list_words, with_list
from starmodel.core.entity import Entity
from starmodel.core.events.built_in import BUILT_IN
from starmodel.core.events.results import Toast
from starmodel.core.public_state import public_state
from starmodel.core.snapshot import hidden_of

log = logging.getLogger("starmodel.web")
_SAVING = ("create", "update")
_PAGE = PAGE_HEADER.encode()
_ACCEPTED = (NO_STORE, (STATUS_HEADER.encode(), b"200"))


class EventReplies:
    """Encodes and sends the response to each command."""

    def __init__(
        self,
        application: Application,
        patches: PatchResponses,
        settings: WebSettings,
        downloads: Downloads,
    ) -> None:
        self._application, self._patches, self._settings = application, patches, settings
        self._success, self._downloads = SuccessToasts(application), downloads

    async def send(
        self, exchange: Exchange, resource: MountedResource, command: Command, outcome: Outcome
    ) -> None:
        """Respond to a committed command; with a bare success when the reply can't be encoded.

        Raises: SessionNotStoredError, because a sign-in that is not stored is no success.
        """
        if not exchange.is_saved:
            await exchange.save_session()
        try:
            reply = outcome.reply
            if reply.redirect is not None or reply.download is not None:
                self.mount(exchange, outcome)
            if exchange.session.ended:
                await self._application.end_sessions(exchange.session)
            if exchange.request.is_datastar:
                if command.entity_type.is_record or not outcome.readable:
                    await self._add_effects(exchange, resource, command, outcome)
                scope, transport = exchange.request.scope, self._patches.default
                if "extensions" in scope:
                    transport = transport_of(scope, transport)
                patches = self._patches.encoder.encode_reply(
                    command.entity_type, outcome, exchange.session,
                    has_page=_PAGE in exchange.request.headers,
                )  # fmt: skip
                body = transport.body(patches)
                await exchange.answer(200, transport.media_type, body, _ACCEPTED)
            elif reply.download is not None:
                await send_attachment(exchange, reply.download)
            elif not exchange.request.wants_html:
                await self._send_json(exchange, resource, command, outcome)
            else:
                said = outcome.reply.toasts or self._success.of(
                    exchange, resource, command, outcome
                )
                url = exchange.on_page(outcome.reply.redirect or "", "")
                if outcome.reply.redirect is None or not url:
                    url = await self._next_url(exchange, resource, command, outcome)
                exchange.push_toasts([replace(t, url="") if t.url == url else t for t in said])
                await exchange.redirect(url)
        except Exception:  # the web edge: the command is committed
            if exchange.started:
                raise
            name = text_of(command, self._application.dispatcher.recorded)
            log.exception("%s is stored, but its answer failed", name)
            await self._send_success(exchange, resource, command, outcome)

    def encode(self, exchange: Exchange, command: Command, outcome: Outcome) -> Sequence[Patch]:
        """The patches of a reply."""
        has_page = _PAGE in exchange.request.headers
        return self._patches.encoder.encode_reply(
            command.entity_type, outcome, exchange.session, has_page=has_page
        )

    def encode_last(
        self, exchange: Exchange, command: Command, outcome: Outcome
    ) -> Sequence[Patch]:
        """The last patches of a streamed reply; a bare success when they can't be encoded."""
        try:
            return self.encode(exchange, command, outcome)
        except Exception:  # the web edge: the command is committed
            name = text_of(command, self._application.dispatcher.recorded)
            log.exception("%s is stored, but its answer failed", name)
            return self._patches.encoder.encode_effects(NO_REPLY, status=200)

    def mount(self, exchange: Exchange, outcome: Outcome) -> None:
        """Prefix the event's redirect with the mount path, and keep a file for a live page."""
        download = outcome.reply.download
        if download is not None and exchange.request.is_datastar:
            url = self._downloads.keep(exchange, download)
            outcome.reply = replace(outcome.reply, download=None, file_url=url)
        if outcome.reply.redirect is not None:
            outcome.reply = replace(
                outcome.reply, redirect=exchange.mounted(outcome.reply.redirect)
            )

    async def _add_effects(
        self, exchange: Exchange, resource: MountedResource, command: Command, outcome: Outcome
    ) -> None:
        """Add a redirect away from a page whose record changed, and a toast of success."""
        if command.entity_type.is_record and outcome.reply.is_empty:
            toasts = self._success.of(exchange, resource, command, outcome)
            if toasts:
                outcome.reply = replace(outcome.reply, toasts=toasts)
        if command.entity_type.is_record and await self._leaves(
            exchange, resource, command, outcome
        ):
            there = await self._next_url(exchange, resource, command, outcome)
            outcome.reply = replace(outcome.reply, redirect=there)
        elif not outcome.readable and outcome.reply.is_empty:
            text = self._application.texts.text("event.done", event=command.event.title)
            done = Toast(text, "success")
            outcome.reply = replace(outcome.reply, toasts=[done])

    async def _send_success(
        self, exchange: Exchange, resource: MountedResource, command: Command, outcome: Outcome
    ) -> None:
        """Respond with a bare success."""
        if exchange.request.is_datastar:
            patches = self._patches.encoder.encode_effects(NO_REPLY, status=200)
            await self._patches.send(exchange, patches, status=200)
        elif not exchange.request.wants_html:
            created = command.event.name == "create" and command.id is None
            data = {"result": None, "entity": None, "version": outcome.version}
            await exchange.json(data, 201 if created else 200)
        else:
            await exchange.redirect(resource.url_for("list", root_path=exchange.root_path))

    async def _send_json(
        self, exchange: Exchange, resource: MountedResource, command: Command, outcome: Outcome
    ) -> None:
        entity = outcome.entity
        data: dict[str, Any] = {
            "result": outcome.reply.result,
            "entity": None if entity is None else public_state(entity),
            "version": outcome.version if outcome.readable else None,
        }
        states = current_browser_state()
        if states is not None and states.names:
            changed = states.take().items()
            data[BROWSER] = {"states": {n: from_json(s.text) for n, s in changed if s.text}}
        is_create = command.event.name == "create" and command.id is None
        is_update = command.event.name == "update" and command.entity_type.is_record
        if is_create and not outcome.readable:
            await exchange.json(data, 201)
        elif is_create and entity is not None:
            where = (await self._next_url(exchange, resource, command, outcome)).encode()
            await exchange.json(data, 201, [(b"location", where), etag_header(entity)])
        elif exchange.request.method in ("PUT", "PATCH") and is_update and entity is not None:
            await exchange.json(data, 200, [etag_header(entity)])
        else:
            await exchange.json(data)

    async def _next_url(
        self, exchange: Exchange, resource: MountedResource, command: Command, outcome: Outcome
    ) -> str:
        """The redirect URL after a plain form: only a page that the caller may read."""
        root_path, entity = exchange.root_path, outcome.entity
        list_url = resource.url_for("list", root_path=root_path)
        if not await permits(command.policy, command.entity_type, command.reader):
            return exchange.referer_or(f"{root_path}/")
        if command.entity_type.is_record and command.event.name in BUILT_IN:
            if exchange.adds_another and "new" in resource.pages:
                return self._another_url(exchange, resource)
            if command.event.name in _SAVING and PLACE in exchange.sent:
                parent = self._parent_url(exchange, resource, command, entity)
                if parent:
                    return parent
            if entity is None or command.event.name == "delete":
                return list_url
            words = list_words(exchange.referer_or("").partition("?")[2])
            return with_list(resource.url_for("record", entity.id, root_path=root_path), words)
        back = exchange.referer_or(list_url)
        if back.partition("?")[0] != f"{root_path}{exchange.request.path}":
            return back
        # The form was sent from the response to an earlier POST, such as one with a wrong value.
        is_of_record = entity is not None and command.id is not None and "record" in resource.pages
        return (
            resource.url_for("record", command.id, root_path=root_path)
            if is_of_record
            else list_url
        )

    def _another_url(self, exchange: Exchange, resource: MountedResource) -> str:
        """The form of a further record, for the same parent."""
        url = resource.url_for("new", root_path=exchange.root_path)
        choice = parent_choice(self._application.registry, resource.entity_type, exchange.sent)
        return url if choice is None else f"{url}?{urlencode(choice.inputs)}"

    def _parent_url(
        self,
        exchange: Exchange,
        resource: MountedResource,
        command: Command,
        entity: Entity | None,
    ) -> str:
        """The page of the parent whose list of children has opened the form; "" without one.

        A changed child leads to the parent that it has now.
        """
        application, entity_type = self._application, command.entity_type
        children = place_of(application.registry, entity_type, exchange.sent)
        if children is None:
            return ""
        if command.event.name == "create":
            choice = parent_choice(application.registry, entity_type, exchange.sent)
            key = None if choice is None else choice.id
        else:
            is_hidden = entity is None or children.key in hidden_of(entity)
            key = None if is_hidden else getattr(entity, children.key)
        parent = application.areas.of(resource)[application.registry[children.parent]]
        return parent_url(parent, children, key, exchange.root_path)

    async def _leaves(
        self, exchange: Exchange, resource: MountedResource, command: Command, outcome: Outcome
    ) -> bool:
        """True when the page's form created or changed its record, on a page for that alone."""
        if outcome.reply.redirect is not None:
            return False
        if not await permits(command.policy, command.entity_type, command.reader):
            return False
        here, root_path = exchange.referer_or("").partition("?")[0], exchange.root_path
        if command.event.name == "delete":
            return here.startswith(f"{resource.url_for('list', root_path=root_path)}/")
        if command.event.name == "create":
            return here == resource.url_for("new", root_path=root_path)
        if command.event.name not in BUILT_IN:
            own_url = resource.event_url(command.event, command.id, root_path=root_path)
            return "record" in resource.pages and unquote(here) == unquote(own_url)
        edit_url = resource.url_for("edit", command.id, root_path=root_path)
        return command.event.name == "update" and unquote(here) == unquote(edit_url)
