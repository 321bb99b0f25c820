"""The UI adapter for MonsterUI components; a skin overrides any of its methods."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from html import escape
from typing import Any

from fastcore.xml import Safe, to_xml

from starmodel.adapters.ui.compiled import Slots, Template, compiled
from starmodel.adapters.ui.elements import (
    H2,
    A,
    Code,
    Dd,
    Div,
    Dl,
    Dt,
    Li,
    P,
    Section,
    Span,
    Ul,
)  # fmt: skip
from starmodel.adapters.ui.franken import failures, shell
from starmodel.adapters.ui.franken.forms.fields import FormField
from starmodel.adapters.ui.franken.forms.forms import EventForm, event_form
from starmodel.adapters.ui.franken.forms.inputs import labelled
from starmodel.adapters.ui.franken.icons import icon
from starmodel.adapters.ui.franken.lists import controls, rows
from starmodel.adapters.ui.franken.lists.filters import filters
from starmodel.adapters.ui.franken.lists.rows import ListView, Rows
from starmodel.adapters.ui.franken.messages import progress_message, toast_message
from starmodel.adapters.ui.franken.records.details import details_view
from starmodel.adapters.ui.franken.records.headings import heading_view, tab_title
from starmodel.adapters.ui.titles import title_of
from starmodel.adapters.ui.values import Show, shows
from starmodel.app.access.offers import may_create, offered_audience, offers
from starmodel.app.access.policy import Actor, Audience
from starmodel.app.application import Application
from starmodel.app.commands.elements import Element
from starmodel.app.presentation.frontend import RealtimeAdapter
from starmodel.app.presentation.ui import Row, Site
from starmodel.app.queries.listing import Listing, Window, key_of
from starmodel.core.classes.registry import EntityType
from starmodel.core.entity import Entity
from starmodel.core.events import Event
from starmodel.core.events.results import Progress, Toast
from starmodel.core.fields.widgets import UI
from starmodel.core.values.bounded_cache import BoundedCache, cached

_HEADINGS = {
    400: "heading.400",
    401: "heading.401",
    403: "heading.403",
    404: "heading.404",
    410: "heading.410",
    500: "heading.500",
    503: "heading.503",
}
BUILT_IN = ("create", "update", "delete")
MB = 1024 * 1024


class MonsterUI:
    """Renders live pages, lists, forms and messages of every entity; usable without JavaScript.

    All parts are components; frequent ones are compiled into templates, cached
    by mount path and audience.
    """

    scripts: Sequence[str] = ()

    def __init__(self, application: Application, realtime: RealtimeAdapter, site: Site) -> None:
        self._application, self._realtime, self._site = application, realtime, site
        self._texts = application.texts
        self._parts = {t.cls: details_view(t, self.show) for t in application.registry}
        self._headings = {
            t.cls: heading_view(t, site.title) for t in application.registry if t.is_record
        }
        for view in (*self._parts.values(), *self._headings.values()):
            application.views[view.name] = view
        # Keys include mount paths and visitors' queries, so the cache is bounded in bytes.
        self._rows: Rows = BoundedCache(6 * MB)
        self._shell = cached(2 * MB)(self._make_shell)
        self._view = cached(6 * MB)(self._make_view)
        self._frame = cached(4 * MB)(self._make_frame)
        self._pages = cached(MB)(self._make_pages)
        self._crumb = cached(MB)(self._make_crumb)
        self._new = cached(MB)(self._make_new)
        self._form = cached(16 * MB)(self._make_form)

    def render(self, component: Any) -> str:
        return str(to_xml(component, indent=False))

    # Pages

    def page(
        self,
        title: str,
        *content: Any,
        actor: Actor | None = None,
        at: EntityType | None = None,
        lead: Any = None,
        subject: Entity | None = None,
    ) -> str:
        realtime, root_path = self._realtime, self._realtime.root_path
        types = tuple(entity_type.name for entity_type in self._readable(actor))
        frame = self._shell(root_path, types, at.name if at else "")
        back = at is not None and at.is_record and title != at.plural_title
        # Rendering collects the page's topics: first the content, then the heading, then the tail.
        inside = self.render(content)
        if at is not None and subject is not None and at.cls in self._headings:
            realtime.show(subject, self._headings[at.cls].name)
        return frame.fill(
            {
                "title": tab_title(title, self._site.title),
                "heading": title,
                "actor": str(actor) if actor else self._texts.text("page.visitor"),
                "crumb": self._crumb(root_path, at.name) if at and back else "",
                "lead": self.render(lead) if lead is not None else "",
                "content": inside,
                "tail": realtime.tail(),
            }
        )

    def _make_shell(self, root_path: str, names: tuple[str, ...], at: str) -> Template:
        registry, s = self._application.registry, Slots()
        types = [registry.named(name) for name in names]
        here = registry.find(at)
        texts, site = self._texts, self._site
        head = shell.html_head(site, root_path, here, s, texts) + self._realtime.head(root_path)
        body = self.render(shell.body(site, root_path, self.nav(types, here), here, s, texts))
        language = escape(texts.text("page.language"))
        html = f'<html lang="{language}" class="{site.look}"><head>{head}</head>{body}</html>'
        return Template(Safe(f"<!doctype html>{html}"))

    def _make_crumb(self, root_path: str, name: str) -> str:
        return shell.crumb(self._application.registry.named(name), root_path, self._sprite)

    def start(self, actor: Actor | None) -> Any:
        types = self._readable(actor)
        if not types:
            return self._notice(
                "info", self._texts.text("page.nothing"), self._texts.text("page.nothing_hint")
            )
        cards = [
            A(
                Div(icon(shell.ICONS[entity_type.scope], self._sprite), cls="sm-card-icon"),
                Span(shell.heading_of(entity_type), cls="sm-card-title"),
                _muted(Span, shell.first_line(entity_type.cls)),
                href=self._home(entity_type), cls="uk-card sm-card sm-card-link",
            )
            for entity_type in types
        ]  # fmt: skip
        return Div(*cards, cls="sm-cards")

    def problem_page(self, problem: Any, actor: Actor | None = None) -> str:
        told = [Li(f"{name}: {text}" if name else text) for name, text in problem.fields.items()]
        back = A(
            self._texts.text("page.start"),
            href=f"{self._realtime.root_path}/",
            cls="uk-btn uk-btn-default",
        )
        trace, heading = None, _HEADINGS.get(problem.status)
        if problem.trace:
            trace = failures.steps(problem.frames, problem.trace)
        return self.page(
            self._texts.text(heading) if heading else problem.title,
            Div(
                P(str(problem.status), cls="sm-status", aria_hidden="true"),
                P(problem.plain or problem.text, cls="sm-failure-text" if problem.trace else None),
                self._where(problem.details) if problem.details else None,
                Ul(*told) if told else None, back, cls="sm-problem-page",
            ),
            trace,
            actor=actor,
        )  # fmt: skip

    def failure_panel(self, problem: Any) -> Any:
        details = self._where(problem.details) if problem.details else None
        steps = failures.steps(problem.frames, problem.trace)
        return failures.panel(problem.text, self._sprite, details, steps)

    def nav(self, types: Sequence[EntityType], at: EntityType | None) -> Any:
        return shell.links(types, at, self._realtime.root_path, self._sprite)

    def title(self, entity_type: EntityType, entity: Entity) -> str:
        return title_of(entity_type, entity)

    # Lists

    def table(self, listing: Listing, window: Window, actor: Actor | None) -> Any:
        self._realtime.show_list(listing)
        audience = offered_audience(self._application.policy, listing.entity_type, actor)
        view = self._view(self._realtime.root_path, listing.entity_type.name, audience)
        made = view.rows(window.entities, listing.is_narrowed)
        return Safe(
            self._frame(view, listing).fill(
                {
                    "state": window.digest,
                    "rows": "".join([row.html for row in made]),
                    "around": "".join([part.html for part in self.around(listing, window)]),
                }
            )
        )

    def rows(self, listing: Listing, entities: Sequence[Entity], audience: Audience) -> list[Row]:
        view = self._view(self._realtime.root_path, listing.entity_type.name, audience)
        return view.rows(entities, listing.is_narrowed)

    def around(self, listing: Listing, window: Window) -> Sequence[Element]:
        root_path = self._realtime.root_path
        return [Element(self._pages(root_path, listing, len(window.entities), window.more))]

    def _make_pages(self, root_path: str, listing: Listing, count: int, more: bool) -> str:
        view = self._view(root_path, listing.entity_type.name, Audience())
        return self.render(
            controls.pages(view, listing, self._realtime.rows_id(listing), count, more)
        )

    def lead(self, entity_type: EntityType, entity: Entity | None, actor: Actor | None) -> Any:
        """The actions beside a heading: create, edit and delete."""
        if not (entity_type.is_record and entity_type.crud):
            return None
        if entity is None:
            may = may_create(self._application.policy, entity_type, actor)
            return Safe(self._new(self._realtime.root_path, entity_type.name)) if may else None
        href = f"{self._home(entity_type)}/{key_of(entity.id)}/edit"
        edit = A(
            icon("edit", self._sprite),
            self._texts.text("event.edit"),
            href=href,
            cls="uk-btn uk-btn-default",
        )
        delete = entity_type.events["delete"]
        return Div(
            edit if self._may(entity_type, "update", actor, entity) else None,
            self.form(entity_type, delete, entity.id)
            if self._may(entity_type, "delete", actor, entity)
            else None,
            cls="sm-buttons",
        )

    def _make_new(self, root_path: str, name: str) -> str:
        entity_type = self._application.registry.named(name)
        inside = (
            icon("plus", self._sprite),
            self._texts.text("record.new", title=entity_type.title),
        )
        new = A(*inside, href=f"{root_path}{entity_type.path}/new", cls="uk-btn uk-btn-primary")
        return self.render(Div(new, cls="sm-buttons"))

    def _make_view(self, root_path: str, name: str, audience: Audience) -> ListView:
        entity_type = self._application.registry.named(name)
        policy = self._application.policy
        simple = partial(self._application.dispatcher.runs_at_once, entity_type)

        def may(event: Event[Any, Any, Any], entity: Entity) -> bool:
            return offers(policy, entity_type, audience.actor, event=event, entity=entity)

        return rows.list_view(
            entity_type, audience, self._realtime, simple, may, self._sprite, self.show,
            self._rows, self._texts,
        )  # fmt: skip

    def _make_frame(self, view: ListView, listing: Listing) -> Template:
        """The template of a list without its records, with slots for the rows."""
        rows_id = self._realtime.rows_id(listing)
        bulk = controls.bulk(
            view, f"{view.home}/_bulk", self._realtime.bulk_action(view.entity_type)
        )
        return compiled(
            lambda s: Div(
                filters(view, listing),
                controls.table(view, listing, rows_id, s.html("rows"), s.token("state")),
                bulk,
                rows.menu(view, self._realtime),
                Safe(s.html("around")),
                cls="uk-card sm-list",
            )
        )

    # One entity

    def detail(self, entity_type: EntityType, entity: Entity) -> Any:
        declared = Safe(self._realtime.declare(entity))
        return (declared, Div(self._parts[entity_type.cls](entity), cls="uk-card sm-details"))

    def events(self, entity_type: EntityType, entity: Entity, actor: Actor | None = None) -> Any:
        id = entity.id if entity_type.is_record else None
        own = [
            event
            for name, event in entity_type.events.items()
            if not (entity_type.is_record and name in BUILT_IN)
            and self._may(entity_type, name, actor, entity)
        ]
        if not own:
            return None
        forms = [
            self._form(self._realtime.root_path, entity_type.name, event.name) for event in own
        ]
        quick = [form for form in forms if not form.fields]
        asking = [form for form in forms if form.fields]
        buttons = [Safe(form.fill(id)) for form in quick]
        return Section(
            H2(self._texts.text("record.actions")),
            Div(*buttons, cls="sm-buttons") if buttons else None,
            *[
                Div(_muted(P, shell.first_line(form.event.fn)), Safe(form.fill(id)),
                    cls="uk-card sm-action")
                for form in asking
            ],
            cls="sm-actions",
        )  # fmt: skip

    # Forms

    def form(
        self,
        entity_type: EntityType,
        event: Event[Any, Any, Any],
        id: Any = None,
        *,
        values: Mapping[str, Any] | None = None,
        problems: Mapping[str, str] | None = None,
        was: Mapping[str, str] | None = None,
    ) -> Any:
        form = self._form(self._realtime.root_path, entity_type.name, event.name)
        made = Safe(form.fill(id, values, problems, was))
        if event.name in ("create", "update") and entity_type.is_record:
            return Div(made, cls="uk-card sm-form-card")
        return made

    def field_problems(
        self,
        entity_type: EntityType,
        event: Event[Any, Any, Any],
        id: Any,
        problems: Mapping[str, str],
        was: Mapping[str, str],
    ) -> Sequence[Element]:
        form = self._form(self._realtime.root_path, entity_type.name, event.name)
        return form.problems(id or None, problems, was)

    def _make_form(self, root_path: str, type_name: str, event_name: str) -> EventForm:
        registry = self._application.registry
        entity_type = registry.named(type_name)
        event = entity_type.events[event_name]
        binder = self._application.dispatcher.binders[entity_type.cls, event_name]
        return event_form(
            entity_type, event, binder, registry, self._realtime, self._sprite, self.field,
            self._site.max_body_bytes, self._texts,
        )  # fmt: skip

    def field(self, field: FormField, form_id: str, slots: Slots, records: str) -> Any:
        """One labelled input; `slots` has the slots of its value, choice and validation error."""
        return labelled(field, form_id, slots, records)

    def show(self, annotation: Any, wishes: UI, *, brief: bool) -> Show:
        """The HTML renderer for values of a type, `brief` in the cells of lists."""
        return shows(annotation, wishes, brief=brief, texts=self._texts)

    def toast(self, toast: Toast) -> Any:
        return toast_message(toast, self._sprite, self._texts)

    def progress(self, id: str, progress: Progress) -> Any:
        return progress_message(id, progress, self._texts)

    # Parts

    def _where(self, details: Mapping[str, str]) -> Any:
        """The failed event for the developer: entity, event and arguments."""
        told = [Div(Dt(name), Dd(Code(text))) for name, text in details.items()]
        return Div(Dl(*told, cls="sm-fields"), cls="uk-card sm-details sm-failure-where")

    def _notice(self, picture: str, *told: str) -> Any:
        return Div(icon(picture, self._sprite), *map(P, told), cls="uk-card sm-empty")

    def _readable(self, actor: Actor | None) -> list[EntityType]:
        application = self._application
        return [
            entity_type
            for entity_type in application.registry
            if entity_type.path is not None
            and entity_type.crud
            and (actor is not None or entity_type.scope != "user")
            and offers(application.policy, entity_type, actor)
        ]

    def _may(
        self, entity_type: EntityType, event: str, actor: Actor | None, entity: Entity | None = None
    ) -> bool:
        policy = self._application.policy
        return offers(policy, entity_type, actor, event=entity_type.events[event], entity=entity)

    def _home(self, entity_type: EntityType) -> str:
        return f"{self._realtime.root_path}{entity_type.path}"

    @property
    def _sprite(self) -> str:
        return f"{self._realtime.root_path}{self._site.icons}"


def _muted(tag: Any, text: str) -> Any:
    return tag(text, cls="sm-muted") if text else None
