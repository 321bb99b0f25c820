"""Plain pages: semantic HTML, one small style sheet, no class names to learn."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any
from urllib.parse import quote, urlencode

from fastcore.xml import Safe, to_xml
from fasthtml.components import (
    H1,
    H2,
    A,
    Button,
    Dd,
    Div,
    Dl,
    Dt,
    Form,
    Header,
    Li,
    Link,
    Main,
    Meta,
    Nav,
    P,
    Pre,
    Section,
    Style,
    Table,
    Tbody,
    Td,
    Th,
    Thead,
    Title,
    Tr,
    Ul,
)  # fmt: skip

from starmodel.adapters.ui.fields import form_field, value_component
from starmodel.adapters.ui.style import STYLE
from starmodel.app.access import Actor, Audience
from starmodel.app.application import Application
from starmodel.app.binding import Parameter
from starmodel.app.elements import Element
from starmodel.app.listing import Listing, Window
from starmodel.app.live import LiveView
from starmodel.app.presentation import RealtimeAdapter, Row
from starmodel.core.entity import Entity, public_state
from starmodel.core.errors import StarModelError
from starmodel.core.events import Event
from starmodel.core.fields import FieldSpec
from starmodel.core.registry import EntityType
from starmodel.core.results import Toast

MAX_LISTED_FIELDS = 6


class PlainUI:
    """The generated pages, with live fields and forms that also work without JavaScript."""

    def __init__(self, application: Application, realtime: RealtimeAdapter, title: str) -> None:
        self._application, self._realtime, self._title = application, realtime, title
        self._parts = {type.cls: self._part(type) for type in application.registry}

    def render(self, component: Any) -> str:
        return str(to_xml(component, indent=False))

    # Pages

    def page(self, title: str, *content: Any, actor: Actor | None = None) -> str:
        realtime = self._realtime
        heading = f"{title} · {self._title}" if title != self._title else title
        body = self.render(
            (
                Header(self.nav(actor)),
                Main(H1(title), *content),
            )
        )
        head = self.render(
            (
                Meta(charset="utf-8"),
                Meta(name="viewport", content="width=device-width, initial-scale=1"),
                Title(heading),
                Link(rel="icon", href="data:,"),
                Style(Safe(STYLE)),
            )
        )
        scripts, tail = realtime.head(realtime.root_path), realtime.tail()
        return (
            f'<!doctype html><html lang="en"><head>{head}{scripts}</head>'
            f"<body>{body}{tail}</body></html>"
        )

    def problem_page(self, problem: Any) -> str:
        trace = Section(H2("Traceback"), Pre(problem.trace)) if problem.trace else None
        back = P(A("Back to the start", href=f"{self._realtime.root_path}/"))
        return self.page(problem.title, P(problem.text), self._problem_list(problem), trace, back)

    def start(self, actor: Actor | None) -> Any:
        """What the start page shows: every entity that the actor may read."""
        rows = [
            Li(A(self._heading(type), href=self._home(type)), f" {_doc(type)}")
            for type in self._readable(actor)
        ]
        if rows:
            return Ul(*rows)
        return P("There is nothing here for you yet. Sign in, or open an entity to the public.")

    def nav(self, actor: Actor | None) -> Any:
        links = [A(self._title, href=f"{self._realtime.root_path}/")]
        links += [A(self._heading(type), href=self._home(type)) for type in self._readable(actor)]
        return Nav(*links, aria_label="Main")

    def title(self, type: EntityType, entity: Entity) -> str:
        """The name people know a record by: its first text, else its class and id."""
        for name in ("name", "title"):
            value = getattr(entity, name, None)
            spec = type.cls.__entity__.fields.get(name)
            if isinstance(value, str) and value and not (spec and spec.private):
                return value
        return f"{type.title} {entity.id}" if type.is_record else type.title

    def table(self, listing: Listing, window: Window, actor: Actor | None) -> Any:
        type = listing.type
        head = Tr(
            *[Th(spec.title, scope="col") for spec in self._columns(type)], Th("", scope="col")
        )
        audience = self._application.policy.audience(type, actor)
        rows = Safe("".join(row.html for row in self.rows(listing, window.entities, audience)))
        name = type.plural_title
        state = {"data-state": window.digest}
        table = Table(Thead(head), Tbody(rows, state, id=listing.element_id), aria_label=name)
        # A wide table is scrolled in itself, by keyboard too, not with the page.
        wide = Div(table, cls="wide", role="region", aria_label=f"Table of {name}", tabindex="0")
        new = P(A(f"New {type.title.lower()}", href=f"{self._home(type)}/new", cls="button"))
        return (new, wide, *[Safe(part.html) for part in self.around(listing, window)])

    def rows(self, listing: Listing, entities: Sequence[Entity], audience: Audience) -> list[Row]:
        type = listing.type
        if not entities:
            none = Td(f"No {type.plural_title.lower()} yet.", colspan=MAX_LISTED_FIELDS + 1)
            return [Row("none", self.render(Tr(none, {"data-key": "none"})))]
        names = [spec.name for spec in self._columns(type)]
        return [self._row(type, names, entity) for entity in entities]

    def around(self, listing: Listing, window: Window) -> Sequence[Element]:
        links = []
        page = listing.page
        for there, label, number in (
            (page > 1, "Previous", page - 1),
            (window.more, "Next", page + 1),
        ):
            if there:
                words = urlencode(listing.asked(page=number))
                links.append(A(label, href=f"{self._home(listing.type)}?{words}"))
        pages = Nav(*links, aria_label="Pages", id=f"{listing.element_id}-pages")
        return [Element(self.render(pages))]

    def _columns(self, type: EntityType) -> list[FieldSpec]:
        return [
            spec
            for name, spec in type.cls.__entity__.fields.items()
            if spec.atomic and not spec.private and name != "id"
        ][:MAX_LISTED_FIELDS]

    def detail(self, type: EntityType, entity: Entity) -> Any:
        actions: tuple[Any, ...] = ()
        if type.is_record and type.crud:
            base = f"{self._home(type)}/{quote(str(entity.id), safe='')}"
            delete = self.form(type, type.events["delete"], entity.id)
            actions = (Div(A("Edit", href=f"{base}/edit", cls="button"), delete, cls="row"),)
        return (Safe(self._realtime.declare(entity)), self._parts[type.cls](entity), *actions)

    def events(self, type: EntityType, entity: Entity) -> Any:
        own = [e for n, e in type.events.items() if n not in ("create", "update", "delete")]
        if not own:
            return None
        id = entity.id if type.is_record else None
        return Section(H2("Actions"), *[self.form(type, event, id) for event in own])

    # Forms

    def form(
        self,
        type: EntityType,
        event: Event[Any, Any, Any],
        id: Any = None,
        *,
        values: Mapping[str, Any] | None = None,
        problems: Mapping[str, str] | None = None,
    ) -> Any:
        form_id = _form_id(type, event, id)
        binder = self._application.dispatcher.binders[type.cls, event.name]
        given, told = values or {}, problems or {}
        inputs = []
        for parameter in binder.open_parameters:
            default = given.get(parameter.name, _default_of(type, event, parameter))
            inputs.append(self.field(form_id, parameter, default, told.get(parameter.name, "")))
        label = {"create": "Create", "update": "Save"}.get(event.name, event.title)
        multipart = any("UploadFile" in str(p.annotation) for p in binder.open_parameters)
        reset = {} if event.name == "update" else {"data-reset": True}
        return Form(
            *inputs,
            Button(label, type="submit", cls="danger" if event.name == "delete" else None),
            reset,
            {"data-on:submit": self._realtime.form_action(type, event, id)},
            id=form_id,
            name="",
            method="post",
            action=self._realtime.address(type, event, id),
            enctype="multipart/form-data" if multipart else "application/x-www-form-urlencoded",
        )

    def field(self, form_id: str, parameter: Parameter, value: Any, problem: str) -> Any:
        return form_field(form_id, parameter, value, problem)

    def field_problems(
        self,
        type: EntityType,
        event: Event[Any, Any, Any],
        id: Any,
        names: Sequence[str],
        problems: Mapping[str, str],
    ) -> Sequence[Element]:
        form_id = _form_id(type, event, id or None)
        return [
            Element(
                f'<small id="{form_id}-{name}-problem">{escape(problems.get(name, ""))}</small>'
            )
            for name in names
        ]

    def toast(self, toast: Toast) -> Any:
        return P(toast.text, {"data-toast": toast.kind}, role="status")

    # Parts

    def _part(self, type: EntityType) -> LiveView:
        """The live view of all fields of a class, used by its generated page."""
        fields = [
            spec
            for name, spec in type.cls.__entity__.fields.items()
            if not spec.private and not (name == "id" and not type.is_record)
        ]
        info = type.cls.__entity__

        def fields_of(entity: Any) -> Any:
            state = public_state(entity)
            rows = [(spec.title, state.get(spec.name)) for spec in fields]
            rows += [
                (name.replace("_", " ").capitalize(), state.get(name)) for name in info.computed
            ]
            pairs = [
                part for label, value in rows for part in (Dt(label), Dd(value_component(value)))
            ]
            key = f"-{entity.id}" if type.is_record else ""
            return Dl(*pairs, id=f"{type.name}{key}-fields")

        view = LiveView(fields_of, type.cls, f"starmodel.fields.{type.name}")
        self._application.views[view.name] = view
        return view

    def _row(self, type: EntityType, names: Sequence[str], entity: Entity) -> Row:
        state = public_state(entity)
        key = quote(str(entity.id), safe="")
        cells = [Td(value_component(state.get(name))) for name in names]
        open_ = A(
            "Open", href=f"{self._home(type)}/{key}", aria_label=f"Open {self.title(type, entity)}"
        )
        return Row(key, self.render(Tr(*cells, Td(open_), {"data-key": key})))

    def _problem_list(self, problem: Any) -> Any:
        if not problem.fields:
            return None
        return Ul(
            *[Li(f"{name}: {text}" if name else text) for name, text in problem.fields.items()]
        )

    def _readable(self, actor: Actor | None) -> list[EntityType]:
        made = []
        for type in self._application.registry:
            if type.path is None or not type.crud:
                continue
            try:
                self._application.policy.check(type, "read", actor)
            except StarModelError:
                continue
            made.append(type)
        return made

    def _home(self, type: EntityType) -> str:
        return f"{self._realtime.root_path}{type.path}"

    def _heading(self, type: EntityType) -> str:
        return type.plural_title if type.is_record else type.title


def _form_id(type: EntityType, event: Event[Any, Any, Any], id: Any) -> str:
    own = "" if id is None else "-" + quote(str(id), safe="")
    return f"{type.name}-{event.name}{own}"


def _default_of(type: EntityType, event: Event[Any, Any, Any], parameter: Parameter) -> Any:
    if event.name == "create" and parameter.name in type.cls.__pydantic_fields__:
        info = type.cls.__pydantic_fields__[parameter.name]
        return None if info.is_required() else info.get_default(call_default_factory=True)
    return None if parameter.required else parameter.default


def _doc(type: EntityType) -> str:
    doc = type.cls.__dict__.get("__doc__") or ""
    return doc.strip().partition("\n")[0]
