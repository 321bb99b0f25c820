"""The layout of generated forms: fieldsets, tabs and a side column; data only."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from starmodel.core.errors import ConfigurationError

MAX_COLUMNS = 3


@dataclass(frozen=True, slots=True)
class Fieldset:
    """Fields under one heading of the forms of a class.

    Shapes: fields are names, in the order of their inputs; help is displayed below the heading;
    with `sidebar` the fieldset stands in the side column of wide screens.
    Units: columns is from 1 to 3, of screens that are wide enough.
    Raises: ConfigurationError, for anything else.

    >>> Fieldset("Price", ["price", "currency"], columns=2).fields
    ('price', 'currency')
    """

    title: str
    fields: Iterable[str]
    help: str = ""
    columns: int = 1
    sidebar: bool = False

    def __post_init__(self) -> None:
        if isinstance(self.fields, str) or not isinstance(self.fields, Iterable):
            raise ConfigurationError(
                f"Fieldset({self.title!r}, {self.fields!r}): expected a list of field names."
            )
        object.__setattr__(self, "fields", tuple(self.fields))
        if not isinstance(self.columns, int) or not 1 <= self.columns <= MAX_COLUMNS:
            raise ConfigurationError(
                f"Fieldset({self.title!r}, columns={self.columns!r}): expected 1 to {MAX_COLUMNS}."
            )


@dataclass(frozen=True, slots=True)
class Tab:
    """One tab of the forms of a class.

    Shapes: parts are field names and fieldsets, in order.
    Raises: ConfigurationError, for other parts, and for a fieldset of the side column.
    """

    title: str
    parts: Iterable[str | Fieldset]

    def __post_init__(self) -> None:
        listed = self.parts if isinstance(self.parts, Iterable) else ()
        parts = () if isinstance(listed, str) else tuple(listed)
        wrong = [part for part in parts if not isinstance(part, str | Fieldset)]
        if wrong or not parts:
            raise ConfigurationError(
                f"Tab({self.title!r}, …) has {wrong[0] if wrong else self.parts!r}; expected a "
                "list of field names and Fieldset(…)."
            )
        if any(isinstance(part, Fieldset) and part.sidebar for part in parts):
            raise ConfigurationError(
                f"Tab({self.title!r}, …) has a fieldset with sidebar=True. The side column is "
                "beside all tabs: list that fieldset beside the tabs."
            )
        object.__setattr__(self, "parts", parts)


@dataclass(frozen=True, slots=True)
class FormLayout:
    """The parts of a form. Shapes: fieldsets stand above the tabs; sidebar beside both."""

    fieldsets: tuple[Fieldset, ...] = ()
    tabs: tuple[Tab, ...] = ()
    sidebar: tuple[Fieldset, ...] = ()

    @property
    def names(self) -> Iterator[str]:
        """The fields that the layout names, in order."""
        for fieldset in self.fieldsets:
            yield from fieldset.fields
        for tab in self.tabs:
            for part in tab.parts:
                yield from (part,) if isinstance(part, str) else part.fields
        for fieldset in self.sidebar:
            yield from fieldset.fields

    def renamed(self, name_of: Callable[[str], str]) -> FormLayout:
        """The same layout with other names of its fields, such as those of foreign keys."""

        def within(fieldset: Fieldset) -> Fieldset:
            return replace(fieldset, fields=[*map(name_of, fieldset.fields)])

        def part_of(part: str | Fieldset) -> str | Fieldset:
            return name_of(part) if isinstance(part, str) else within(part)

        return FormLayout(
            tuple(map(within, self.fieldsets)),
            tuple(replace(tab, parts=[*map(part_of, tab.parts)]) for tab in self.tabs),
            tuple(map(within, self.sidebar)),
        )


def form_layout(owner: str, option: Any) -> FormLayout:
    """The layout that `model_config["fieldsets"]` declares: {heading: [names]}, or a list of parts.

    Shapes: owner is the name of the class, for errors.
    Raises: ConfigurationError, for anything else, and for a field in two parts.
    """
    where = f"{owner}.model_config['fieldsets']"
    if option is None:
        return FormLayout()
    if isinstance(option, Mapping):
        parts: list[Any] = [Fieldset(title, names) for title, names in option.items()]
    else:
        parts = list(option) if isinstance(option, list | tuple) else [option]
    wrong = [part for part in parts if not isinstance(part, Fieldset | Tab)]
    if wrong:
        raise ConfigurationError(
            f"{where} has {wrong[0]!r}; expected {{heading: [names]}}, or a list of "
            "starmodel.Fieldset(…) and starmodel.Tab(…)."
        )
    fieldsets = [part for part in parts if isinstance(part, Fieldset)]
    layout = FormLayout(
        tuple(fieldset for fieldset in fieldsets if not fieldset.sidebar),
        tuple(part for part in parts if isinstance(part, Tab)),
        tuple(fieldset for fieldset in fieldsets if fieldset.sidebar),
    )
    names = list(layout.names)
    twice = sorted({str(name) for name in names if names.count(name) > 1})
    if twice:
        raise ConfigurationError(f"{where} names {twice[0]!r} twice; a form has one input for it.")
    return layout
