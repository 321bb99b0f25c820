"""The toast that says what an event of a record has done, by the record's title."""

from __future__ import annotations

from starmodel.app.commands.command import Command, Outcome
from starmodel.app.presentation.record_names import name_of
from starmodel.app.presentation.resource import MountedResource
from starmodel.core.entity import Entity
from starmodel.core.events.results import Toast
from starmodel.texts.catalogue import Catalogue

_BUILT_IN = {"create": "toast.created", "update": "toast.saved", "delete": "toast.deleted"}


def success_toasts(
    texts: Catalogue, resource: MountedResource, command: Command, outcome: Outcome, *, root: str
) -> list[Toast]:
    """What to say after a committed event of a record; nothing about one the actor can't read.

    Shapes: root is the mount path of the application.
    """
    entity_type, name = command.entity_type, command.event.name
    if name == "delete":
        if outcome.removed is None:
            return [Toast(texts.text("toast.gone", kind=entity_type.title), "success")]
        return [_toast(texts, resource, "toast.deleted", outcome.removed)]
    entity = outcome.entity
    if entity is None:
        return []
    if name not in _BUILT_IN:
        title = _name(resource, entity)
        text = texts.text(
            "toast.done", event=command.event.title, kind=entity_type.title, name=title
        )
        return [Toast(text, "success")]
    made = _toast(texts, resource, _BUILT_IN[name], entity)
    if name == "create" and "record" in resource.pages:
        url = resource.url_for("record", entity.id, root_path=root)
        return [Toast(made.text, made.kind, url, texts.text("toast.open"))]
    return [made]


def _toast(texts: Catalogue, resource: MountedResource, key: str, entity: Entity) -> Toast:
    kind = resource.entity_type.title
    return Toast(texts.text(key, kind=kind, name=_name(resource, entity)), "success")


def _name(resource: MountedResource, entity: Entity) -> str:
    return name_of(resource.entity_type, resource.ui.record_title(resource, entity))
