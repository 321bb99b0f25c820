"""Re-authentication for events with `sudo=True`; the request is repeated with the password."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

from starmodel.adapters.web.errors.responses import ErrorResponses
from starmodel.adapters.web.http.bodies.multipart import multipart_pairs
from starmodel.adapters.web.http.bodies.urlencoded import urlencoded_pairs
from starmodel.adapters.web.http.exchange import Exchange
from starmodel.adapters.web.http.patches import PatchResponses
from starmodel.adapters.web.http.request import HttpRequest
from starmodel.app.application import Application
from starmodel.app.commands.binding.form_names import FIELD
from starmodel.app.commands.elements import Element
from starmodel.app.presentation.confirmation import PROOF
from starmodel.app.presentation.resource import MountedResource
from starmodel.core.errors import ConfirmationNeededError, TooManyAttemptsError
from starmodel.core.events import Event

DIALOG = "starmodel-confirm"


class ConfirmingEvents:
    """Renders the password form as a page or a dialog; it submits the same request again.

    The fields that were typed are hidden inputs of that form, except secrets and files.
    """

    def __init__(
        self, application: Application, patches: PatchResponses, error_responses: ErrorResponses
    ) -> None:
        self._application, self._patches = application, patches
        self._error_responses = error_responses

    async def confirm(self, exchange: Exchange) -> bool:
        """Verify the proof in a form body, and store the time; False without a proof.

        Raises: ConfirmationNeededError, for a wrong one; SessionNotStoredError.
        """
        request, confirmation = exchange.request, self._application.extensions.confirmation
        if confirmation is None or request.is_datastar or not request.is_form:
            return False
        proof = dict(await _pairs(request)).get(PROOF)
        if proof is None or exchange.session.actor is None:
            return False
        try:
            why = await confirmation.verify(exchange, proof)
        except TooManyAttemptsError as error:
            why = error.message
        if why:
            raise ConfirmationNeededError(self._application.dispatcher.sudo_s, why)
        exchange.session.confirm()
        await exchange.save_session()
        await self._application.end_sessions(exchange.session)
        return True

    async def ask(
        self,
        exchange: Exchange,
        resource: MountedResource,
        event: Event[Any, Any, Any],
        id: str,
        error: ConfirmationNeededError,
    ) -> bool:
        """Send the password form; False where the error response is sent instead.

        API clients, and events that need the state of a browser store, receive the error.
        """
        request, confirmation = exchange.request, self._application.extensions.confirmation
        binder = self._application.dispatcher.binders[resource.entity_type.cls, event.name]
        takes_page = request.is_datastar or request.wants_html
        if confirmation is None or not takes_page or binder.browser_stores:
            return False
        texts, root = self._application.texts, exchange.root_path
        query = {n: v for n, v in request.query.items() if n != "datastar"}
        url = resource.event_url(event, id or None, root_path=root)
        url = f"{url}?{urlencode(query)}" if query else url
        is_again = PROOF in exchange.sent or any(name == PROOF for name, _ in await _pairs(request))
        why = texts.render(error.plain) if is_again else ""
        fields = await self._fields(request, binder)
        form = confirmation.form(url, fields, why, modal=request.is_datastar)
        if request.is_datastar:
            shown = self._application.render(form)
            patches = self._patches.encoder.encode_error(
                error.status, "", [
                    Element("", f"#{DIALOG}", "remove"), Element(shown, "body", "append"),
                ],
            )  # fmt: skip
            await self._patches.send(exchange, patches, status=error.status)
        else:
            title, ui, actor = texts.text("sudo.title"), resource.ui, exchange.session.actor
            await exchange.page(lambda: ui.page(title, form, actor=actor), error.status)
        return True

    async def _fields(self, request: HttpRequest, binder: Any) -> Sequence[tuple[str, str]]:
        """The texts of the request that the form sends again."""
        if request.is_form:
            return [
                (name, text)
                for name, text in await _pairs(request)
                if name != PROOF and name.removeprefix(FIELD) not in binder.sensitive
            ]
        data = request.signals_in_query if request.method == "GET" else await request.json()
        return [
            (name, _text(data[name]))
            for name in binder.parameters
            if name not in binder.sensitive and isinstance(data.get(name), str | int | float)
        ]


async def _pairs(request: HttpRequest) -> Sequence[tuple[str, str]]:
    """The texts of a form in the order of its fields. Raises: RequestError."""
    if not request.is_form or request.method == "GET":
        return ()
    body = await request.body()
    if request.content_type != "multipart/form-data":
        return urlencoded_pairs(body)
    texts = []
    for name, value in multipart_pairs(request.header(b"content-type"), body):
        if isinstance(value, str):
            texts.append((name, value))
        else:
            value.file.close()
    return texts


def _text(value: str | float) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
