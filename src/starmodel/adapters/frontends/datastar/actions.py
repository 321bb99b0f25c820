"""Expressions that dispatch actions, for event attributes of the current page."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from starmodel.adapters.frontends.datastar.expressions import script_json
from starmodel.app.application import Application
from starmodel.app.context import current_context
from starmodel.app.presentation.resource import MountedResource
from starmodel.core.commands import Action, plain
from starmodel.core.definition.info import signal_prefix
from starmodel.core.errors import ConfigurationError
from starmodel.core.events import Event
from starmodel.core.values.json_data import json_text

CANCEL_PATH = "/_starmodel/cancel"
PROGRESS_ID = "starmodel-progress-"
"""The beginning of the element id of a running event's progress, before the id of its command."""


class ActionExpressions:
    """Renders the actions of one application. Shapes: default_method is the setting."""

    def __init__(self, application: Application, default_method: str) -> None:
        self._application, self._default_method = application, default_method

    def render_action(self, resource: MountedResource, action: Action) -> str:
        """The expression of an action, such as `@post('/counter/increment?amount=1', …)`.

        Raises: ConfigurationError, for a record's event without a record.
        """
        entity_type = resource.entity_type
        event = entity_type.events[action.event]
        if entity_type.is_record and action.id is None and event.name != "create":
            raise ConfigurationError(
                f"{entity_type.name}.{event.name} runs on one record: "
                f"write {entity_type.name.lower()}.do.{event.name}(…)."
            )
        binder = self._application.dispatcher.binders[entity_type.cls, event.name]
        names = [p.name for p in binder.public_parameters] if not binder.takes_fields else []
        if not entity_type.in_browser:  # a browser store sends its signals with its state
            names += [f"{signal_prefix(entity_type.cls)}{name}" for name in entity_type.synced]
        sent = " ".join(name for name in names if name not in action.args)
        method = binder.method(self._default_method)
        url = _url(resource, event, action, method)
        if binder.browser_stores:  # queued: each request needs the state that the last returned
            stores = " ".join(binder.browser_stores)
            stored = f"@stored('{stores}', '{method}', '{url}', '{sent}')"
            return self._confirmed(resource, event, action.id, stored)
        signals = f"'{sent}'" if sent else ""
        send = f"@{method}('{url}', @click({signals}))"
        return self._confirmed(resource, event, action.id, send)

    def form_action(
        self, resource: MountedResource, event: Event[Any, Any, Any], id: Any = None
    ) -> str:
        """The expression that submits a whole form, by POST like a plain form."""
        binder = self._application.dispatcher.binders[resource.entity_type.cls, event.name]
        url = resource.event_url(event, id, root_path=current_root_path())
        if binder.browser_stores:
            stores = " ".join(binder.browser_stores)
            return self._confirmed(resource, event, id, f"@stored('{stores}', 'post', '{url}')")
        return self._confirmed(resource, event, id, f"@post('{url}', @submit())")

    def bulk_action(self, resource: MountedResource) -> str:
        """The expression that submits a bulk event for the selected rows."""
        url = resource.url_for("bulk", root_path=current_root_path())
        return f"@ask() && @post('{url}', @submit())"

    def cancel_action(self, progress: str) -> str:
        """The expression that ends a running event, by the element id of its progress."""
        query = urlencode({"run": progress.removeprefix(PROGRESS_ID)})
        url = f"{current_root_path()}{CANCEL_PATH}?{query}"
        return f"@post({script_json(url)}, @click())"

    def _confirmed(
        self, resource: MountedResource, event: Event[Any, Any, Any], id: Any, expression: str
    ) -> str:
        """The expression, after a confirmation if the event asks for one.

        Before a record is deleted, the dialog reads what goes along from the page of that.
        """
        if not event.info.confirm:
            return expression
        question = script_json(self._application.texts.render(event.info.confirm))
        if event.name == "delete" and id is not None and "delete" in resource.pages:
            url = resource.url_for("delete", id, root_path=current_root_path())
            return f"@ask({question}, '{url}') && {expression}"
        return f"@ask({question}) && {expression}"


def current_root_path() -> str:
    """The mount point of the application, for the current page."""
    context = current_context.get()
    return "" if context is None else context.root_path or ""


def _url(
    resource: MountedResource, event: Event[Any, Any, Any], action: Action, method: str
) -> str:
    is_record_request = (
        resource.entity_type.is_record
        and event.name in ("update", "delete")
        and method in ("patch", "delete")
    )
    root_path = current_root_path()
    if is_record_request:
        url = resource.url_for("record", action.id, root_path=root_path)
    else:
        url = resource.event_url(event, action.id, root_path=root_path)
    query = urlencode({name: _argument(value) for name, value in action.args.items()})
    return f"{url}?{query}" if query else url


def _argument(value: Any) -> str:
    value = plain(getattr(value, "id", value) if hasattr(value, "__entity__") else value)
    return value if isinstance(value, str) else json_text(value)
