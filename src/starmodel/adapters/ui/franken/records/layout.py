"""Where each field of a record stands on its page: facts first, then the others, then the times."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from starmodel.adapters.ui.choices import choices_of
from starmodel.adapters.ui.elements import Div, Dl
from starmodel.adapters.ui.titles import title_of
from starmodel.core.classes.registry import EntityType
from starmodel.core.fields.field_types import plain_types

MAX_FACTS = 3
PARTS = ("facts", "relations", "fields", "times")
LONG_CHARS = 60
LONG_WIDGETS = frozenset({"textarea", "markdown", "lines", "json", "checkboxes"})
CREATED = frozenset({"created", "created_at", "created_on", "inserted_at"})
CHANGED = frozenset({"changed", "changed_at", "updated", "updated_at", "modified", "modified_at"})


@dataclass(frozen=True, slots=True)
class RecordLayout:
    """The places of the fields of one class.

    Shapes: facts are the choices, such as a status, that stand above all else; times are
    those of the record's creation and last change, below them; long have a row of their own;
    shows_id is True where the class lists its ids.
    """

    entity_type: EntityType
    facts: frozenset[str] = frozenset()
    times: frozenset[str] = frozenset()
    long: frozenset[str] = frozenset()
    shows_id: bool = False

    def is_left_out(self, name: str, value: Any, entity: Any) -> bool:
        """Whether the page shows the value elsewhere, as in its heading or a status bar."""
        if name == "id":
            return not self.shows_id
        if name in self.entity_type.cls.__entity__.transitions:
            return True
        return (
            isinstance(value, str)
            and self.entity_type.is_record
            and bool(value.strip())
            and value == title_of(self.entity_type, entity)
        )

    def part_of(self, name: str) -> str:
        """The part of the page that the field stands in: "facts", "fields" or "times"."""
        return "facts" if name in self.facts else "times" if name in self.times else "fields"

    def is_long(self, name: str, value: Any) -> bool:
        """Whether a value takes the whole width."""
        if value in (None, "", [], {}):
            return False
        return name in self.long or (
            isinstance(value, str) and (len(value) > LONG_CHARS or "\n" in value)
        )


def arranged(id: str, parts: Mapping[str, Sequence[Any]]) -> Any:
    """The pairs of each part, in one element with this id; empty parts are left out.

    Shapes: parts are those of PARTS.
    """
    lists = [Dl(*parts[part], cls=f"sm-{part}") for part in PARTS if parts[part]]
    return Div(*lists, id=id, cls="sm-record")


def record_layout(entity_type: EntityType) -> RecordLayout:
    """The layout of a class; one instance of a class without records has none."""
    if not entity_type.is_record:
        return RecordLayout(entity_type, shows_id=True)
    fields = entity_type.cls.__entity__.fields
    public = [(name, spec) for name, spec in fields.items() if not spec.private]
    choices = [name for name, spec in public if choices_of(spec.info.annotation)]
    facts = [name for name in choices if fields[name].transitions is None][:MAX_FACTS]
    times = [name for name, spec in public if name in CREATED | CHANGED and _is_time(spec)]
    long = [name for name, spec in public if spec.ui.widget in LONG_WIDGETS]
    listed = entity_type.cls.model_config.get("list_display") or ()
    return RecordLayout(
        entity_type, frozenset(facts), frozenset(times), frozenset(long), "id" in listed
    )


def _is_time(spec: Any) -> bool:
    kinds = plain_types(spec.info.annotation)
    return bool(kinds) and all(
        isinstance(kind, type) and issubclass(kind, datetime.datetime) for kind in kinds
    )
