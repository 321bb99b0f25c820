"""The input that chooses a record: a combobox that searches on the server.

Without JavaScript it is a search step: the form comes back with the matches as radio buttons.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from fastcore.xml import Safe
from pydantic_core import to_json

from starmodel.adapters.ui.compiled import Slots
from starmodel.adapters.ui.elements import (
    A,
    Div,
    Fieldset,
    Input,
    Label,
    Legend,
    P,
    Span,
    render,
)
from starmodel.adapters.ui.franken.forms.form_field import FormField
from starmodel.app.commands.binding.form_names import SEARCH, SHOWN
from starmodel.app.commands.binding.search_words import SearchWords
from starmodel.app.presentation.choices import Choice, Offered
from starmodel.core.classes.registry import EntityType
from starmodel.texts.catalogue import Catalogue

MAX_SHOWN_CHARS = 200


@dataclass(frozen=True, slots=True)
class Picked:
    """What a picker shows: the chosen record, or words that were searched for.

    Shapes: id is "" for no record; offered has the matches of a search without JavaScript.
    """

    text: str = ""
    id: str = ""
    url: str = ""
    offered: Offered | None = None


def picker_texts(texts: Catalogue, entity_type: EntityType) -> dict[str, str]:
    """The texts that the browser shows, by their names in `record_picker.js`."""
    things = entity_type.plural_title
    return {
        "choose": texts.text("choice.choose"),
        "searching": texts.text("choice.searching"),
        "none": texts.text("choice.none"),
        "more": texts.text("choice.more"),
        "tooMany": texts.text("choice.too_many"),
        "away": texts.text("choice.away"),
        "refused": texts.text("choice.refused", things=things),
        "recent": texts.text("choice.recent"),
        "all": texts.text("choice.all"),
        "one": texts.text("choice.found", count=1),
        "found": texts.text("choice.found", count=2).replace("2", "{n}"),
        "clear": texts.text("choice.clear", title=entity_type.title),
        "show": texts.text("choice.show", things=things),
        "open": texts.text("choice.open"),
        "create": texts.text("choice.new", title=entity_type.title),
        "close": texts.text("choice.close"),
        "failed": texts.text("choice.failed"),
        "cleared": texts.text("choice.cleared", title="{title}"),
        "chosen": texts.text("choice.chosen", things=things),
        "remove": texts.text("choice.remove", title="{title}"),
        "added": texts.text("choice.added", title="{title}"),
        "removed": texts.text("choice.removed", title="{title}"),
        "step": texts.text("choice.step"),
        "search": texts.text("choice.search"),
    }


def picker(field: FormField, shared: Mapping[str, Any], s: Slots, url: str, name: str) -> Any:
    """The input component. Shapes: url lists the choices; name is the input's name in the form."""
    about: dict[str, Any] = {"url": url, "name": name}
    if field.rule:
        about |= {"for": field.rule, "needs": field.needs}
    box, data = search_box(field, shared, s, about)
    return Div(
        Div(box, _slot(s, f"picked:{field.name}"), cls="sm-picker-box"),
        _slot(s, f"offered:{field.name}"),
        step(field), cls="sm-picker", data_picker=data,
    )  # fmt: skip


def search_box(
    field: FormField, shared: Mapping[str, Any], s: Slots, about: Mapping[str, Any]
) -> tuple[Any, str]:
    """The input for the words to search for, and what the browser needs to know, as JSON."""
    texts = dict(field.choosing)
    said = {key: text for key, text in texts.items() if key not in ("step", "search")}
    attributes = {**shared, "name": f"{SEARCH}{field.name}"}
    attributes.setdefault("placeholder", texts.get("search"))
    box = Input(
        type="text", value=s.text(f"value:{field.name}"), cls="uk-input", autocomplete="off",
        maxlength=MAX_SHOWN_CHARS, spellcheck="false", **attributes,
    )  # fmt: skip
    return box, to_json({**about, "texts": said}).decode()


def step(field: FormField) -> Any:
    """How to search without JavaScript."""
    return P(dict(field.choosing).get("step", ""), cls="sm-help sm-picker-step")


def picker_slots(
    field: FormField, picked: Picked, name: str, texts: Catalogue, thing: str
) -> dict[str, str]:
    """The slot values of one picker. Shapes: name is the input's; thing the class in plural."""
    slots = {f"value:{field.name}": picked.text, f"offered:{field.name}": ""}
    parts: list[Any] = [Input(type="hidden", name=f"{SHOWN}{field.name}", value=picked.text)]
    if picked.offered is None:
        parts.append(Input(type="hidden", name=name, value=picked.id))
    else:
        offered = offered_html(picked.offered, picked.text, name, texts, thing)
        slots[f"offered:{field.name}"] = render(offered)
    if picked.url:
        label = texts.text("choice.open")
        parts.append(
            A(
                href=picked.url, target="_blank", rel="noopener", aria_label=label, title=label,
                cls="sm-picker-open",
            )
        )  # fmt: skip
    slots[f"picked:{field.name}"] = render(parts)
    return slots


def searched(value: Any) -> str | None:
    """The words that were searched for; None for the id of a record, or nothing."""
    return str(value) if isinstance(value, SearchWords) else None


def offered_html(
    offered: Offered, words: str, name: str, texts: Catalogue, thing: str, kind: str = "radio"
) -> Any:
    """The matches of a search without JavaScript. Shapes: kind is "radio" or "checkbox"."""
    if not offered.choices:
        return P(texts.text("choice.none_for", words=words), cls="sm-help", dir="auto")
    is_only = len(offered.choices) == 1 and not offered.more
    options = [
        option(choice, f"{name}-match-{number}", name, kind, is_checked=is_only)
        for number, choice in enumerate(offered.choices)
    ]
    more = P(texts.text("choice.more"), cls="sm-help") if offered.more else None
    legend = texts.text("choice.matches", things=thing, words=words)
    return Fieldset(
        Legend(legend), Div(*options, cls="sm-options"), more, cls="sm-picker-matches", dir="auto"
    )


def option(choice: Choice, id: str, name: str, kind: str, *, is_checked: bool) -> Any:
    """One choice, as a radio button or a check box."""
    detail = Span(choice.detail, cls="sm-muted", dir="auto") if choice.detail else None
    box = Input(type=kind, name=name, value=choice.id, id=id, cls=f"uk-{kind}", checked=is_checked)
    return Div(box, Label(Span(choice.title, dir="auto"), " ", detail, fr=id), cls="sm-option")


def _slot(s: Slots, name: str) -> Any:
    return Safe(s.html(name))


def as_choices(choices: Sequence[Choice]) -> list[Choice]:
    """The choices, with the id of each that another one of them looks exactly like."""
    counts = Counter((choice.title, choice.detail) for choice in choices)
    return [
        choice if counts[choice.title, choice.detail] == 1 else _with_id(choice)
        for choice in choices
    ]


def _with_id(choice: Choice) -> Choice:
    detail = f"{choice.detail} \u00b7 {choice.id}" if choice.detail else choice.id
    return replace(choice, detail=detail)
