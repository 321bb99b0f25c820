"""Access to single fields in commands: in their arguments, outcomes and errors."""

from __future__ import annotations

from starmodel.app.access.disclosure import Viewer
from starmodel.app.access.fields import readable_fields, writable_fields
from starmodel.app.access.policy import TRUSTED, AccessPolicy, Actor
from starmodel.app.commands.binding.binder import Binder
from starmodel.app.commands.command import Command
from starmodel.core.changes.patches import Patch
from starmodel.core.classes.registry import EntityType
from starmodel.core.entity import Entity
from starmodel.core.errors import AccessDeniedError, ConstraintError, InvalidStateError
from starmodel.core.values.validation_messages import PRIVATE_PROBLEM
from starmodel.texts.catalogue import Message


async def check_set_fields(
    command: Command, binder: Binder, entity: Entity | None, *, has_run: bool = False
) -> None:
    """Refuse arguments for fields that the command's actor may not set.

    Arguments of parameters that the event declares are not concerned.

    Shapes: entity is the record whose rules decide; None before a new one is made, when a
    field is refused that is closed on every record; has_run is True after the event.
    Raises: BindingError, as for an unknown name; AccessDeniedError, naming a readable field.
    """
    given = binder.guarded.intersection(command.arguments)
    if not given or command.actor is TRUSTED:
        return
    entity_type, about = command.entity_type, (command.policy, command.entity_type, command.actor)
    readable, writable = readable_fields(*about), writable_fields(*about)
    hidden = readable.closed if entity is None else await readable.closed_on(entity)
    if not hidden.isdisjoint(given):
        binder.refuse_hidden(hidden & given, command.inputs)
        for name in hidden & given:  # a signal, which is ignored if nothing has its name
            if has_run:
                raise binder.unknown(name, "signal", command.inputs)
            del command.arguments[name]
    closed = writable.closed if entity is None else await writable.closed_on(entity)
    for name in sorted(closed & (given - hidden)):
        title = entity_type.cls.__entity__.fields[name].title
        raise AccessDeniedError(
            f"You may not set {name!r} of {entity_type.name}.",
            plain=Message("access.not_set", title=title),
        )


def unsettable(
    policy: AccessPolicy, entity_type: EntityType, actor: Actor | None, entity: Entity | None
) -> frozenset[str]:
    """The fields that forms omit, because the actor may not set them.

    Shapes: entity is the record of the form, None for a new one.
    """
    fields = writable_fields(policy, entity_type, actor)
    return fields.closed if entity is None else fields.closed_now(entity)


def without(patch: Patch, hidden: frozenset[str]) -> Patch:
    """The patch without the fields that its reader may not read."""
    if not hidden:
        return patch
    return Patch(
        {name: value for name, value in patch.set.items() if name not in hidden},
        tuple(name for name in patch.unset if name not in hidden),
    )


async def conceal(
    error: InvalidStateError | ConstraintError,
    command: Command,
    viewer: Viewer,
    other: EntityType | None,
    stored: Entity | None,
) -> None:
    """Remove from an error the fields that the reader of the command may not read.

    Shapes: other is the class that refused its state, if it is not the command's; stored is
    the command's record.
    """
    entity_type = other or command.entity_type
    if other is None and stored is not None:
        hidden = await viewer.hidden(stored)
    else:
        hidden = readable_fields(command.policy, entity_type, command.reader).uncertain
    if not hidden.isdisjoint(error.fields):
        shown = {name: text for name, text in error.fields.items() if name not in hidden}
        error.fields, error.shown = {**shown, "": PRIVATE_PROBLEM}, PRIVATE_PROBLEM
