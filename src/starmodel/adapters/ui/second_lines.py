"""The second line of a record where people choose one: it tells records with one title apart."""

from __future__ import annotations

from typing import Any
from weakref import WeakKeyDictionary

from starmodel.adapters.ui.choices import choice_key, choices_of
from starmodel.adapters.ui.titles import MAX_TITLE_CHARS, title_names
from starmodel.app.ports.query import searched_fields
from starmodel.core.classes.foreign_keys import foreign_keys
from starmodel.core.commands import plain
from starmodel.core.entity import Entity
from starmodel.core.fields.field_types import plain_types
from starmodel.core.snapshot import hidden_of

_LONG = ("textarea", "markdown", "lines", "json", "password", "hidden")
# Long texts by name, which `forms.fields` gives a textarea.
_PROSE = ("body", "content", "description", "notes", "text", "message", "bio", "summary")


def second_line(entity: Entity) -> str:
    """The value of the second field that tells a record from others; "" without one.

    A field that the viewer of the record may not read is left out.
    """
    cls, hidden = entity.__entity__.cls, hidden_of(entity)
    for name in second_fields(cls):  # type: ignore[arg-type]
        value = None if name in hidden else getattr(entity, name, None)
        if value in (None, ""):
            continue
        text = _labels(cls, name).get(choice_key(plain(value))) or choice_key(plain(value))
        line = " ".join(text.split())
        return line if len(line) <= MAX_TITLE_CHARS else f"{line[: MAX_TITLE_CHARS - 1]}…"
    return ""


def second_fields(cls: type[Entity]) -> tuple[str, ...]:
    """The fields with `UI(second_line=True)`, else the searched short texts besides the titles."""
    known = _known.get(cls)
    if known is None:
        public = {n: s for n, s in cls.__entity__.fields.items() if not s.private and s.atomic}
        declared = [name for name, spec in public.items() if spec.ui.second_line]
        keys = {key.field for key in foreign_keys(cls)}
        searched = searched_fields(cls)
        texts = [
            name
            for name, spec in public.items()
            if name in searched
            and plain_types(spec.info.annotation) == [str]
            and name not in ("id", *title_names(cls)[:1], *_PROSE, *keys)
            and not name.endswith("_id")
            and spec.ui.widget not in _LONG
            and not spec.options.default_from
        ]
        known = _known[cls] = tuple(declared or texts[:1])
    return known


def _labels(cls: Any, name: str) -> dict[str, str]:
    """The label of each choice of an enum or literal field."""
    annotation = cls.__entity__.fields[name].info.annotation
    return {choice_key(value): label for value, label in choices_of(annotation)}


_known: WeakKeyDictionary[type[Entity], tuple[str, ...]] = WeakKeyDictionary()
