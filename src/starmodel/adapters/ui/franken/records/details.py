"""The field list of an entity's generated page, as a live view."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property, partial
from hashlib import blake2b
from operator import attrgetter
from typing import Any, Protocol

from fastcore.xml import Safe

from starmodel.adapters.ui.elements import Dd, Div, Dt, Span
from starmodel.adapters.ui.franken.icons import icon
from starmodel.adapters.ui.franken.lists.columns import ValueRenderers, is_number
from starmodel.adapters.ui.franken.records.layout import PARTS, arranged, record_layout
from starmodel.adapters.ui.franken.related import linked_resources, related_resources
from starmodel.adapters.ui.numbers import computed_as, read_amount, shown_as
from starmodel.adapters.ui.values import NOTHING
from starmodel.app.commands.binding.shown_fields import is_shown, shown_conditions
from starmodel.app.live.live_queries import redacted
from starmodel.app.live.views import LiveView
from starmodel.app.presentation.resource import MountedResource
from starmodel.app.presentation.ui import Services
from starmodel.app.queries.related_titles import NO_TITLES, RelatedTitles, Titled
from starmodel.core.public_state import public_state
from starmodel.core.snapshot import hidden_of, version_of
from starmodel.core.translations import translated
from starmodel.core.values.words import title_of

MAX_FIGURES, MAX_RELATED = 4, 3


class RenderLink(Protocol):
    """The part `record.link` of the UI adapter."""

    def __call__(
        self, resource: MountedResource, titled: Titled | None, element: str = "", /
    ) -> Any: ...


class Details:
    """The fields of the records of one resource; foreign keys as titles of their records.

    The few numbers of a class with one instance are rendered as figures.
    """

    def __init__(
        self,
        services: Services,
        resource: MountedResource,
        values: ValueRenderers,
        render_link: RenderLink,
    ) -> None:
        self._services, self._resource, self._render_link = services, resource, render_link
        entity_type = resource.entity_type
        info = entity_type.cls.__entity__
        specs = [
            spec
            for name, spec in info.fields.items()
            if not spec.private and not (name == "id" and not entity_type.is_record)
        ]
        # Atomic fields are rendered unchanged, all others from their public JSON.
        fields = [
            (
                s.name,
                s.title,
                attrgetter(s.name) if s.ui.render else read_amount(s) if s.atomic else None,
                values(s.info.annotation, shown_as(entity_type.cls, s), brief=False),
            )
            for s in specs
        ]
        self._with_record = {s.name for s in specs if s.ui.renders_record}
        for name in info.computed:
            computed = entity_type.cls.__pydantic_computed_fields__[name]
            title = translated(computed.title or name.replace("_", " ").capitalize())
            ui = computed_as(entity_type.cls, name)
            shown = values(computed.return_type, ui, brief=False)
            fields.append((name, title, attrgetter(name) if ui.render else None, shown))
            self._with_record |= {name} if ui.renders_record else set()
        fields.sort(key=lambda item: item[0] == "id")
        self._fields = fields
        has_figures = not entity_type.is_record and len(fields) <= MAX_FIGURES
        self._numbers = {s.name for s in specs if is_number(s.info.annotation)}  # without a dir
        self._figures = self._numbers if has_figures else set()
        self._layout = record_layout(entity_type)
        self._conditions = shown_conditions(entity_type)
        # The title is the link: its area is the whole card, and this only says so.
        self._open = Span(
            icon("right", services.icons_url), data_label=services.texts.text("record.open"),
            aria_hidden="true", cls="sm-opens",
        )  # fmt: skip
        self._name = f"starmodel.fields.{resource.name}"
        self.view = self._view(NO_TITLES)

    def render(self, entity: Any, titles: RelatedTitles) -> Any:
        """The fields as a live part of the page, with the titles of related records."""
        view = self.view if titles is NO_TITLES else self._view(titles)
        return view(entity)

    def _view(self, titles: RelatedTitles) -> LiveView:
        render = partial(self._list, titles)
        cls = self._resource.entity_type.cls
        return LiveView(render, cls, self._name, by_id=True, in_page=True)

    @property
    def has_references(self) -> bool:
        """Whether a field is shown as the title of a related record."""
        return bool(self._references or self._linked)

    @cached_property
    def _linked(self) -> Mapping[str, MountedResource]:
        return linked_resources(self._services, self._resource)

    @cached_property
    def _references(self) -> Mapping[str, MountedResource]:
        return related_resources(self._services, self._resource)

    def _list(self, titles: RelatedTitles, entity: Any) -> Any:
        entity_type = self._resource.entity_type
        state, hidden, references = public_state(entity), hidden_of(entity), self._references
        parts: dict[str, list[Any]] = {part: [] for part in PARTS}
        seen = redacted(entity) if self._with_record else entity
        related = tuple(references)[:MAX_RELATED] if entity_type.is_record else ()
        for name, title, read, render in self._fields:
            value = state.get(name) if read is None else read(entity)
            if name in hidden or self._layout.is_left_out(name, value, entity):
                continue
            if name in entity_type.from_actor and name not in references:
                continue  # the id of an actor without a record says nothing
            if not is_shown(name, self._conditions, entity, hidden):
                continue
            cls = "sm-figure" if name in self._figures else "sm-id" if name == "id" else None
            if self._layout.is_long(name, value):
                cls = "sm-long"
            direction = None if name in self._numbers else "auto"
            if name in references:
                shown = self._reference(references[name], entity, name, value, titles)
                if name in related:
                    shown = (shown, self._open)
            else:
                with_record = name in self._with_record
                shown = Safe(render(value, seen) if with_record else render(value))
            pair = Div(Dt(title), Dd(shown, dir=direction), cls=cls)
            part = "relations" if name in related else self._layout.part_of(name)
            parts[part].append(pair)
        for name in self._linked:
            shown = self._linked_part(name, entity, titles)
            parts["fields"].append(Div(Dt(translated(title_of(name))), Dd(shown, dir="auto")))
        key = f"-{entity.id}" if entity_type.is_record else ""
        return arranged(f"{entity_type.name}{key}-fields", parts)

    def linked(self, name: str, entity: Any, titles: RelatedTitles, element: str) -> Any:
        """The titles of a many-to-many relation. Shapes: element is the id of their element."""
        target, parts = self._linked[name], list[Any]()
        for titled in titles.linked(name, entity):
            parts += [", ", self._render_link(target, titled)]
        if titles.has_more_linked(name, entity):
            parts += [", ", self._services.texts.text("shown.more")]
        return Span(*(parts[1:] or [Safe(NOTHING)]), {"data-ignore-morph": True}, id=element)

    def _linked_part(self, name: str, entity: Any, titles: RelatedTitles) -> Any:
        """The titles of a many-to-many relation, requested again for each version of the record."""
        element = _element_id(self._resource.name, entity.id, name, version_of(entity))
        if titles.has_linked(name):
            return self.linked(name, entity, titles, element)
        request = self._services.frontend.request_title(
            self._resource, entity.id, element, relation=name
        )
        return Safe(f'<span id="{element}" data-ignore-morph {request}></span>')

    def _reference(
        self, target: MountedResource, entity: Any, name: str, id: Any, titles: RelatedTitles
    ) -> Any:
        """The title of a related record.

        A rendering for all viewers has no titles. Pages keep the one that they show, and
        request that of another record.
        """
        if id is None or id == "":
            return Safe(NOTHING)
        element = _element_id(self._resource.name, entity.id, name, id)
        cls = target.entity_type.cls
        if titles.has(cls, id):
            return self._render_link(target, titles.of(cls, id), element)
        request = self._services.frontend.request_title(target, id, element)
        return Safe(f'<span id="{element}" data-ignore-morph {request}></span>')


def _element_id(*parts: Any) -> str:
    """The id of the element of one title, or of those of one relation."""
    words = "\n".join(map(str, parts))
    return f"ref-{blake2b(words.encode(), digest_size=8).hexdigest()}"
