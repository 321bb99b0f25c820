"""Binds the rows of children in a parent's form, each by the binder of its own event."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from starmodel.app.commands.binding.binder import Binder
from starmodel.app.commands.binding.edited_fields import digests_in, touched
from starmodel.app.commands.command import Command, RowCommand
from starmodel.app.commands.inlines.rows import MAX_ROWS, ROW_BLANK, SentRow, sent_rows
from starmodel.app.commands.inputs import Inputs
from starmodel.core.classes.children import Children
from starmodel.core.classes.registry import EntityType, Registry
from starmodel.core.entity import Entity
from starmodel.core.errors import BindingError, ConfigurationError
from starmodel.core.events import Event

_EVENTS = ("create", "update", "delete")


class RowBinder:
    """Makes a command of each row that changes something.

    Raises: ConfigurationError, for a class with inlines whose children can't be stored in one
    commit with it.
    """

    def __init__(
        self, registry: Registry, binders: Mapping[tuple[type[Entity], str], Binder]
    ) -> None:
        self._registry, self._binders = registry, binders
        self._inlines = {
            cls: {each.name: each for each in children if each.is_inline}
            for cls, children in registry.children.items()
            if any(each.is_inline for each in children)
        }
        for inlines in self._inlines.values():
            for children in inlines.values():
                self._check(children)

    def __bool__(self) -> bool:
        return bool(self._inlines)

    def names(self, entity_type: EntityType, event: Event[Any, Any, Any]) -> Mapping[str, Children]:
        """The relations whose rows the event takes, by name."""
        is_form = entity_type.is_record and event.name in ("create", "update")
        return self._inlines.get(entity_type.cls, {}) if is_form else {}

    def add_row(
        self,
        entity_type: EntityType,
        event: Event[Any, Any, Any],
        fields: dict[str, Any],
        change: Any,
    ) -> None:
        """Add a blank row to submitted fields, for the change "add lines" of a form's button."""
        name = change.removeprefix("add ") if isinstance(change, str) else ""
        if name not in self.names(entity_type, event):
            return
        rows = fields.get(name)
        rows = dict(rows) if isinstance(rows, Mapping) else {}
        if len(rows) < MAX_ROWS:
            at = next(str(n) for n in range(MAX_ROWS + 1) if str(n) not in rows)
            fields[name] = {**rows, at: {ROW_BLANK: "1"}}

    def taken(
        self, entity_type: EntityType, event: Event[Any, Any, Any], values: Mapping[str, Any]
    ) -> tuple[Mapping[str, Any], dict[str, list[SentRow]]]:
        """The values without rows, and the rows by relation. Raises: BindingError."""
        names = self.names(entity_type, event).keys() & values.keys()
        if not names:
            return values, {}
        rest = {name: value for name, value in values.items() if name not in names}
        return rest, {name: sent_rows(name, values[name]) for name in sorted(names)}

    def bind(
        self, parent: Command, rows: Mapping[str, list[SentRow]], problems: dict[str, str]
    ) -> tuple[RowCommand, ...]:
        """A command for each row, or the problems of its values by the names of its inputs.

        Rows of a form that were left blank are dropped, and so are new ones that were removed.
        """
        found: list[RowCommand] = []
        for name, sent in rows.items():
            children = self._inlines[parent.entity_type.cls][name]
            for row in sent:
                made = self._bound(parent, children, row, problems)
                if made is not None:
                    found.append(made)
        return tuple(found)

    def _bound(
        self, parent: Command, children: Children, row: SentRow, problems: dict[str, str]
    ) -> RowCommand | None:
        entity_type = self._registry[children.of]
        if row.is_removed:
            if not row.id:
                return None
            return self._command(parent, children, row, "delete", {})
        name = "update" if row.id else "create"
        binder = self._binders[children.of, name]
        inputs = self._inputs(parent, entity_type, row)
        prefix = f"{children.name}.{row.at}"
        try:
            if children.key in row.values:  # the parent of a row is the record of the form
                raise binder.unknown(children.key, inputs.body_name, inputs)
            arguments, refused = binder.partial(inputs)
        except BindingError as error:
            problems |= {f"{prefix}.{field}": text for field, text in error.fields.items()}
            return None
        refused.pop(children.key, None)
        if row.is_blank and not _is_filled_in(children, arguments, row):
            return None
        problems |= {f"{prefix}.{field}": text for field, text in refused.items()}
        was = digests_in(row.originals, parent.inputs.bounds)
        made = self._command(
            parent, children, row, name, touched(arguments, was) if was else arguments
        )
        if made.command is not None:
            made.command.was, made.command.inputs = was, inputs
            if name == "update" and not made.command.arguments:
                made.command = None
        return made

    def _inputs(self, parent: Command, entity_type: EntityType, row: SentRow) -> Inputs:
        inputs = Inputs(
            body=row.values, body_name=parent.inputs.body_name, bounds=parent.inputs.bounds,
            trusted=parent.inputs.trusted,
        )  # fmt: skip
        if entity_type.cls.__entity__.guarded and not inputs.trusted:
            return inputs.seen_by(parent.policy, entity_type, parent.actor)
        return inputs

    def _command(
        self, parent: Command, children: Children, row: SentRow, event: str, arguments: Any
    ) -> RowCommand:
        entity_type = self._registry[children.of]
        command = replace(
            parent, entity_type=entity_type, event=entity_type.events[event], arguments=arguments,
            id=row.id or None, key=None, send=None, vet=None, was={}, precondition=None,
            signals={}, rows=(), expects=bool(row.id),
        )  # fmt: skip
        return RowCommand(children, row.at, row.id or None, command)

    def _check(self, children: Children) -> None:
        parent, child = self._registry[children.parent], self._registry[children.of]
        where = f"{parent.name}.model_config['inlines'] names {children.name!r}"
        if not (parent.is_record and child.is_record) or parent.in_browser or child.in_browser:
            raise ConfigurationError(f"{where}; expected records that the server stores.")
        for entity_type, names in ((parent, _EVENTS[:2]), (child, _EVENTS)):
            for name in names:
                event = entity_type.events[name]
                if event.kind != "sync" or event.info.sudo:
                    raise ConfigurationError(
                        f"{where}, but {entity_type.name}.{name} is async or sudo=True. Rows are "
                        "stored together with their parent by sync events without sudo."
                    )


def _is_filled_in(children: Children, arguments: Mapping[str, Any], row: SentRow) -> bool:
    """Whether the values of a new row differ from those that a blank row has."""
    fields = children.of.__pydantic_fields__
    for name, value in row.values.items():
        if name == children.position:
            continue
        info = fields.get(name)
        if name not in arguments or info is None:
            if value not in ("", "false", [], None):
                return True
            continue
        default = None if info.is_required() else info.get_default(call_default_factory=True)
        if arguments[name] not in (default, "" if default is None else default):
            return True
    return False
