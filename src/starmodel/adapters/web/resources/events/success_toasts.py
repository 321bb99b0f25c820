"""The toast that says what an event of a record has done, by the record's title."""

from __future__ import annotations

from functools import cached_property

from starmodel.adapters.web.http.exchange import Exchange
from starmodel.app.application import Application
from starmodel.app.commands.command import Command, Outcome
from starmodel.app.presentation.record_names import name_of
from starmodel.app.presentation.resource import MountedResource
from starmodel.core.entity import Entity
from starmodel.core.events.results import Toast

_BUILT_IN = {"create": "toast.created", "update": "toast.saved", "delete": "toast.deleted"}


class SuccessToasts:
    """Toasts for requests from generated pages; pages of the application itself get none."""

    def __init__(self, application: Application) -> None:
        self._application, self._texts = application, application.texts

    def of(
        self, exchange: Exchange, resource: MountedResource, command: Command, outcome: Outcome
    ) -> list[Toast]:
        """The toasts of a committed event; none for a repeated request or an unreadable record."""
        entity_type, name = command.entity_type, command.event.name
        is_offered = entity_type.is_record and resource.pages and not outcome.repeated
        if not (is_offered and self._is_from_generated_page(exchange)):
            return []
        if name == "delete":
            if outcome.removed is None:
                return [Toast(self._texts.text("toast.gone", kind=entity_type.title), "success")]
            return [self._toast(resource, "toast.deleted", outcome.removed)]
        entity = outcome.entity
        if entity is None:
            return []
        if name not in _BUILT_IN:
            return [self._toast(resource, "toast.done", entity, event=command.event.title)]
        made = self._toast(resource, _BUILT_IN[name], entity)
        if name == "create" and "record" in resource.pages:
            url = resource.url_for("record", entity.id, root_path=exchange.root_path)
            return [Toast(made.text, made.kind, url, self._texts.text("toast.open"))]
        return [made]

    def _toast(self, resource: MountedResource, key: str, entity: Entity, **words: str) -> Toast:
        entity_type = resource.entity_type
        name = name_of(entity_type, resource.ui.record_title(resource, entity))
        text = self._texts.text(key, kind=entity_type.title, name=name, **words)
        return Toast(text, "success")

    def _is_from_generated_page(self, exchange: Exchange) -> bool:
        """Whether the Referer is at or below the address of a resource with pages."""
        path = exchange.referer_or("").partition("?")[0].removeprefix(exchange.root_path)
        while path:
            if path in self._addresses:
                return True
            path = path.rpartition("/")[0]
        return False

    @cached_property
    def _addresses(self) -> frozenset[str]:
        resources = self._application.areas
        return frozenset(each.path for each in resources if each.path and each.pages)
