"""The form of one field, for the cell of a list that is edited in place."""

from __future__ import annotations

from starmodel.app.access.decisions import check
from starmodel.app.commands.binding.edited_fields import digests
from starmodel.app.commands.field_access import unsettable
from starmodel.app.presentation.resource import MountedResource
from starmodel.core.definition.list_editing import list_editable
from starmodel.core.entity import Entity
from starmodel.core.errors import AccessDeniedError, RequestError
from starmodel.core.public_state import public_state
from starmodel.plugins import Exchange
from starmodel.plugins.web import PluginServices
from starmodel.texts.catalogue import Message


class Cells:
    """Sends the form that changes one field of a record, with the digest of its value."""

    def __init__(self, services: PluginServices) -> None:
        self._application = services.application

    async def send(self, exchange: Exchange, resource: MountedResource, entity: Entity) -> None:
        """Send the form of the field in the query. Raises: AccessDeniedError; RequestError."""
        entity_type, actor, ui = resource.entity_type, exchange.session.actor, resource.ui
        event, info = entity_type.events["update"], entity_type.cls.__entity__
        name = exchange.request.query.get("field", "")
        if name not in list_editable(info):
            raise RequestError(Message("cell.refused"), status=404)
        await check(resource.policy, entity_type, "write", actor, event=event, entity=entity)

        def page() -> str:
            state = public_state(entity)
            closed = unsettable(resource.policy, entity_type, actor, entity)
            if name in closed or name not in state:
                raise AccessDeniedError(
                    f"You may not set {name!r} of {entity_type.name}.",
                    plain=Message("access.not_set", title=info.fields[name].title),
                )
            binder = self._application.dispatcher.binders[entity_type.cls, "update"]
            others = frozenset({each.name for each in binder.form_parameters} - {name})
            values, originals = {name: state[name]}, {name: digests(entity)[name]}
            form = ui.form(
                resource, event, entity.id, values=values, originals=originals, omitted=others
            )
            return str(ui.render(form))

        await exchange.page(page)
