"""The input that chooses several records: chips beside a combobox that searches on the server.

Without JavaScript the chosen records are check boxes, and a search step adds its matches to them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fastcore.xml import Safe
from pydantic_core import to_json

from starmodel.adapters.ui.compiled import Slots
from starmodel.adapters.ui.elements import Div, Input, render
from starmodel.adapters.ui.franken.forms.form_field import FormField
from starmodel.adapters.ui.franken.forms.record_picker import (
    offered_html,
    option,
    search_box,
    step,
)
from starmodel.app.commands.binding.form_names import RECORDS, SEVERAL_SUFFIX, SHOWN
from starmodel.app.presentation.choices import Choice, Offered
from starmodel.texts.catalogue import Catalogue


@dataclass(frozen=True, slots=True)
class PickedSeveral:
    """What the input shows.

    Shapes: before are the ids that the form was rendered with at first; offered has the matches
    of a search without JavaScript, for these words.
    """

    choices: Sequence[Choice] = ()
    before: Sequence[str] = ()
    words: str = ""
    offered: Offered | None = None


def records_picker(
    field: FormField, shared: Mapping[str, Any], s: Slots, url: str, name: str
) -> Any:
    """The input component. Shapes: url lists the choices; name is the input's name in the form."""
    about = {"url": url, "name": f"{name}{SEVERAL_SUFFIX}", "several": True}
    shared = {key: value for key, value in shared.items() if key != "required"}
    box, data = search_box(field, shared, s, about)
    return Div(
        Safe(s.html(f"chosen:{field.name}")),
        Div(box, cls="sm-picker-box"),
        Safe(s.html(f"offered:{field.name}")),
        step(field), cls="sm-picker sm-picker-several", data_picker=data,
    )  # fmt: skip


def records_slots(
    field: FormField, picked: PickedSeveral, name: str, texts: Catalogue, things: str
) -> dict[str, str]:
    """The slot values of one input. Shapes: name is the input's; things the class in plural."""
    several = f"{name}{SEVERAL_SUFFIX}"
    before = to_json(list(picked.before)).decode()
    # Words whose matches the form has are no search again when they are sent unchanged.
    answered = picked.words if picked.offered is not None and picked.offered.choices else ""
    parts: list[Any] = [
        Input(type="hidden", name=f"{RECORDS}{name}", value=before),
        Input(type="hidden", name=f"{SHOWN}{name}", value=answered),
    ]
    if picked.choices:
        options = [
            option(choice, f"{name}-chosen-{number}", several, "checkbox", is_checked=True)
            for number, choice in enumerate(picked.choices)
        ]
        label = texts.text("choice.chosen", things=things)
        group = Div(*options, cls="sm-options")
        parts.append(Div(group, role="group", aria_label=label, cls="sm-picker-boxes"))
    slots = {
        f"value:{field.name}": picked.words,
        f"chosen:{field.name}": render(parts),
        f"offered:{field.name}": "",
    }
    if picked.offered is not None:
        chosen = {choice.id for choice in picked.choices}
        others = [choice for choice in picked.offered.choices if choice.id not in chosen]
        offered = Offered(others, picked.offered.more)
        if others or not picked.offered.choices:
            matches = offered_html(offered, picked.words, several, texts, things, "checkbox")
            slots[f"offered:{field.name}"] = render(matches)
    return slots
