"""The values that the form of a new record begins with."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from starmodel.app.access.fields import readable_fields
from starmodel.app.access.policy import Actor
from starmodel.app.application import Application
from starmodel.app.commands.binding.form_names import COPY
from starmodel.app.commands.inputs import Inputs
from starmodel.app.presentation.linked import linked_values
from starmodel.app.presentation.resource import MountedResource
from starmodel.core.entity import Entity
from starmodel.core.fields.specs import FieldSpec
from starmodel.core.public_state import public_state
from starmodel.core.snapshot import hidden_of
from starmodel.plugins import Exchange


async def opening_values(
    application: Application,
    exchange: Exchange,
    resource: MountedResource,
    omitted: frozenset[str],
) -> tuple[Mapping[str, Any], Mapping[str, str]]:
    """The values of a new record's form, and the message of each that its URL has wrong.

    A value of the URL precedes that of the copied record, and both precede `UI(initial=…)`.

    Shapes: omitted are the fields without an input.
    Raises: NotFoundError, for a copy of a record that the visitor may not read.
    """
    query, session = exchange.request.query, exchange.session
    values: dict[str, Any] = {}
    if query.get(COPY):
        original = await application.instance(
            resource.entity_type, session, query[COPY], policy=resource.policy
        )
        values = copied_values(original, omitted)
        binder = application.dispatcher.binders[resource.entity_type.cls, "create"]
        linked = await linked_values(application.relations, binder, original)
        values |= {name: list(ids) for name, ids in linked.values.items() if name not in omitted}
    given, problems = _values_of_url(application, resource, session.actor, query, omitted)
    values |= given
    for name, spec in _form_fields(resource, omitted).items():
        if spec.ui.initial is not None and name not in values and name not in problems:
            values[name] = spec.ui.initial(session.actor, dict(values))
    return values, problems


def copied_values(original: Entity, omitted: frozenset[str]) -> dict[str, Any]:
    """The values of a record for the form of another: those that it may have as well.

    The id and unique fields stay empty, and so do fields that the reader of the record may not
    read or set.
    """
    state, hidden = public_state(original), hidden_of(original)
    return {
        name: state[name]
        for name, spec in original.__entity__.fields.items()
        if name in state
        and spec.editable
        and name != "id"
        and name not in omitted
        and name not in hidden
        and not (spec.options.sql.get("unique") or spec.options.sql.get("primary_key"))
    }


def _values_of_url(
    application: Application,
    resource: MountedResource,
    actor: Actor | None,
    query: Mapping[str, str],
    omitted: frozenset[str],
) -> tuple[dict[str, Any], dict[str, str]]:
    """The valid values of query parameters, and the message of each invalid one.

    Parameters that name no input are ignored. A secret is never read from a URL.
    """
    entity_type = resource.entity_type
    binder = application.dispatcher.binders[entity_type.cls, "create"]
    unknown = omitted | readable_fields(resource.policy, entity_type, actor).closed
    named = {
        parameter.name: query[parameter.name]
        for parameter in binder.form_parameters
        if parameter.name in query
        and not parameter.is_secret
        and parameter.file is None
        and parameter.name not in unknown
    }
    if not named:
        return {}, {}
    # As a form sends them: a text is parsed for its type.
    arguments, problems = binder.partial(Inputs(body=named, body_name="form"))
    values: dict[str, Any] = {name: arguments[name] for name in named if name in arguments}
    values |= {name: named[name] for name in named if name in problems}
    return values, {name: problems[name] for name in named if name in problems}


def _form_fields(resource: MountedResource, omitted: frozenset[str]) -> Mapping[str, FieldSpec]:
    fields = resource.entity_type.cls.__entity__.fields
    return {name: spec for name, spec in fields.items() if spec.editable and name not in omitted}
