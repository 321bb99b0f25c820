"""The computed fields of a record in its form, which follow what is typed."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from fastcore.xml import Safe

from starmodel.adapters.ui.elements import Div, Label, Output, render
from starmodel.adapters.ui.numbers import computed_as
from starmodel.adapters.ui.values import NOTHING, RenderValue
from starmodel.core.classes.registry import EntityType
from starmodel.core.entity import Entity
from starmodel.core.errors import StarModelError
from starmodel.core.fields.field import excluding_private
from starmodel.core.translations import translated

MakeRenderer = Callable[..., RenderValue]
"""Returns the HTML renderer for a type; see `values.value_renderer`."""

# What a computed field raises while inputs that it reads are missing or wrong.
_INCOMPLETE = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError, StarModelError)


class ComputedOutputs:
    """The outputs of one class, formatted as in its list.

    Shapes: values makes the renderers of the fields.
    """

    def __init__(self, entity_type: EntityType, values: MakeRenderer) -> None:
        cls, info = entity_type.cls, entity_type.cls.__entity__
        self._fields: dict[str, tuple[str, RenderValue]] = {}
        for name in (*info.computed, *info.related_computed):
            computed = cls.__pydantic_computed_fields__[name]
            title = translated(computed.title or name.replace("_", " ").capitalize())
            render_value = values(computed.return_type, computed_as(cls, name), brief=True)
            self._fields[name] = title, render_value

    @property
    def nbytes(self) -> int:
        """The approximate memory of the renderers."""
        return 500 + 2000 * len(self._fields)

    def values(self, entity: Entity) -> Mapping[str, str]:
        """The HTML of each value; that of no value where the record is incomplete."""
        token = excluding_private.set(True)
        try:
            return {name: self._value(entity, name) for name in self._fields}
        finally:
            excluding_private.reset(token)

    def html(self, form: str, entity: Entity | None, omitted: frozenset[str]) -> str:
        """One labelled output for each field that is not omitted; "" for none.

        Shapes: form is the element id of the form; entity is None where the browser asks for
        the values of what the form displays.
        """
        fields = {name: it for name, it in self._fields.items() if name not in omitted}
        if not fields:
            return ""
        values = {} if entity is None else self.values(entity)
        pending = {"data-pending": entity is None}
        outputs = []
        for name, (title, _) in fields.items():
            id = f"{form}-{name}-computed"
            shown = Output(
                Safe(values.get(name, NOTHING)), pending, id=id, aria_live="polite",
                data_output=name,
            )  # fmt: skip
            outputs.append(Div(Label(title, fr=id), shown))
        return render(Div(*outputs, cls="sm-computed"))

    def _value(self, entity: Entity, name: str) -> str:
        try:
            return self._fields[name][1](getattr(entity, name))
        except _INCOMPLETE:
            return NOTHING
