"""A command on its way through the dispatcher, and what came of it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from starmodel.app.access.policy import TRUSTED, AccessPolicy, Actor
from starmodel.app.commands.cancelling import Cancellation
from starmodel.app.commands.inputs import Inputs
from starmodel.app.commands.preconditions import Precondition
from starmodel.app.commands.replies import NO_REPLY, Reply
from starmodel.app.sessions.session import Session
from starmodel.core.changes.patches import Patch
from starmodel.core.classes.children import Children
from starmodel.core.classes.registry import EntityType
from starmodel.core.commands import CommandRecord
from starmodel.core.entity import Entity
from starmodel.core.events import Event

NO_INPUTS = Inputs()
Send = Callable[["Outcome"], Awaitable[None]]


@dataclass(slots=True)
class Command:
    """A bound request to run one event, with what only this process has.

    Shapes: policy decides every access of the command, at each of its commits and
    for its reply; id is None for the visitor's own instance and for `create`;
    arguments come from `Dispatcher.bind`; key is the caller's idempotency
    key; signals are the browser's; send takes the outcome of each `yield`;
    expects means the caller has seen the record, so that a missing one is
    gone rather than unknown; vet may refuse a reply, by raising, before
    anything is stored; was is what an edit form remembers of the fields
    that it changes (see `starmodel.app.commands.binding.edited_fields`); precondition is checked
    on the stored record before the event runs, and again at its commit; inputs are those that
    the arguments are made of; rows are those of children, stored in
    the same commit; referred has records that were read for foreign keys, by field and key;
    cancellation ends a generator event before its time;
    session_id is the session's id when the command was made.
    """

    entity_type: EntityType
    event: Event[Any, Any, Any]
    arguments: dict[str, Any]
    policy: AccessPolicy
    id: Any = None
    actor: Actor | None = TRUSTED
    session: Session | None = None
    request: Any = None
    signals: Mapping[str, Any] = field(default_factory=dict)
    key: str | None = None
    send: Send | None = None
    expects: bool = False
    vet: Callable[[Reply], None] | None = None
    was: Mapping[str, str] = field(default_factory=dict)
    precondition: Precondition | None = None
    inputs: Inputs = NO_INPUTS
    rows: Sequence[RowCommand] = ()
    referred: Mapping[str, Mapping[Any, Entity]] = field(default_factory=dict)
    cancellation: Cancellation | None = None
    session_id: str = field(init=False, default="")

    def __post_init__(self) -> None:
        if self.session is not None:
            self.session_id = self.session.id

    @property
    def reader(self) -> Actor | None:
        """Who reads the reply: the actor, or whom the event itself has signed in or out."""
        if self.session is None or self.session.id == self.session_id:
            return self.actor
        return self.session.actor


@dataclass(slots=True)
class RowCommand:
    """The command that one row stands for, run in the unit of work of the parent's.

    Shapes: command creates, updates or deletes the child; for a row that changes nothing it is
    None, and id is that of the stored child.
    """

    children: Children
    at: str
    id: Any
    command: Command | None
    draft: Entity | None = None

    @property
    def name(self) -> str:
        """The prefix of the names of the row's inputs: "lines.0"."""
        return f"{self.children.name}.{self.at}"


class Checked(NamedTuple):
    """What a form that is still being filled in would come to.

    Shapes: errors are by the names of the inputs; entity is the record as it would be stored,
    or the draft of one that is refused; None where the actor may not see it.
    """

    errors: dict[str, str]
    entity: Entity | None = None
    is_new: bool = False


@dataclass(slots=True)
class Outcome:
    """What came of a command.

    Shapes: value is what the event returned (for a generator, the list of
    what it yielded); reply is that, sorted for the caller; entity is the
    snapshot after, None after delete; stored is False for a change that
    auto_persist kept from the store. readable is False when the command's
    actor may not read the entity after the change: then entity is None,
    version 0 and patch empty. entity and patch are without the fields that the actor may not
    read, except for trusted code. removed is the snapshot before a deletion, None where the
    actor could not read it.
    """

    record: CommandRecord
    value: Any = None
    reply: Reply = NO_REPLY
    entity: Entity | None = None
    version: int = 0
    patch: Patch = field(default_factory=Patch)
    stored: bool = True
    repeated: bool = False
    readable: bool = True
    removed: Entity | None = None
