"""The inputs of an event that runs on several records: their form, and the arguments in it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from starmodel.app.application import Application
from starmodel.app.commands.binding.form_names import (
    BULK_ASK,
    BULK_EVENT,
    BULK_IDS,
    BULK_MATCHING,
    CONFIRMED,
    SEVERAL_SUFFIX,
)
from starmodel.app.commands.inputs import Inputs
from starmodel.app.presentation.resource import MountedResource
from starmodel.app.presentation.ui import UIAdapter
from starmodel.core.errors import BindingError
from starmodel.core.events import Event
from starmodel.plugins import Exchange
from starmodel.plugins.web import PluginServices

FIELDS = frozenset({BULK_EVENT, BULK_IDS, BULK_ASK, CONFIRMED})


def is_for_several(
    application: Application, resource: MountedResource, event: Event[Any, Any, Any]
) -> bool:
    """Whether one form can have the inputs of the event for several records.

    Not with files, which one command reads, nor with a parameter that the form itself has.
    """
    binder = application.dispatcher.binders[resource.entity_type.cls, event.name]
    return (
        not binder.files
        and not binder.sensitive
        and not binder.takes_fields
        and {*FIELDS, BULK_MATCHING}.isdisjoint(binder.parameters)
    )


class BulkForms:
    """Binds the arguments of a bulk event once, and asks for them where they are missing."""

    def __init__(self, services: PluginServices) -> None:
        self._application, self._patches = services.application, services.patches
        self._errors, self._bounds = services.errors, services.settings.bounds

    def arguments(
        self,
        exchange: Exchange,
        resource: MountedResource,
        event: Event[Any, Any, Any],
        sent: Mapping[str, Any],
    ) -> dict[str, Any]:
        """The arguments in a body. Raises: BindingError."""
        rest = {name: value for name, value in sent.items() if name not in FIELDS}
        name = "form" if exchange.request.is_form else "JSON body"
        inputs = Inputs(body=rest, body_name=name, bounds=self._bounds)
        return self._application.dispatcher.bind(resource.entity_type, event, inputs)

    async def ask(
        self,
        exchange: Exchange,
        resource: MountedResource,
        event: Event[Any, Any, Any],
        ids: Sequence[str],
        sent: Mapping[str, Any] | None = None,
        error: BindingError | None = None,
    ) -> None:
        """Send the page with the form, or the errors of the one that was sent."""
        entity_type, actor = resource.entity_type, exchange.session.actor
        ui: UIAdapter = resource.ui
        texts, errors, status = self._application.texts, dict[str, str](), 200
        if error is not None:
            words = self._errors.words(entity_type, event)
            problem = self._errors.problem(exchange, error, event.name, domain=True, words=words)
            errors, status = dict(problem.fields), problem.status
            if exchange.request.is_datastar:
                elements = ui.form_bulk_errors(resource, event, errors)
                said = problem.said_besides(frozenset(errors))
                patches = self._patches.encoder.encode_error(status, said, elements)
                await self._patches.send(exchange, patches, status=status)
                return
        fields = [(BULK_EVENT, event.name), (CONFIRMED, "1")]
        fields += [(f"{BULK_IDS}{SEVERAL_SUFFIX}", id) for id in ids]
        title = texts.text(
            "bulk.page",
            count=len(ids), event=texts.render(event.title), title=entity_type.title,
            things=entity_type.plural_title,
        )  # fmt: skip
        values = {n: v for n, v in (sent or {}).items() if n not in FIELDS}

        def page() -> str:
            form = ui.form_bulk(resource, event, fields, values, errors)
            return str(ui.page(title, form, actor=actor, resource=resource))

        await exchange.page(page, status)
