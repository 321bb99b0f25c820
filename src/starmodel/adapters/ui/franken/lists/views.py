"""The views above a list: links to lists under a name, and forms that save, rename and remove."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

from starmodel.adapters.ui.elements import A, Button, Details, Div, Form, Input, Nav, Summary
from starmodel.app.access.policy import Actor
from starmodel.app.presentation.resource import MountedResource
from starmodel.app.presentation.ui import Services
from starmodel.app.queries.listing import BOARD, Listing
from starmodel.app.queries.views import MAX_NAME_CHARS, View, question_of
from starmodel.core.definition.boards import board_of
from starmodel.core.translations import translated

_SMALL = "uk-btn uk-btn-sm"


def view_links(
    services: Services,
    resource: MountedResource,
    listing: Listing,
    views: Sequence[View],
    actor: Actor | None,
) -> Any:
    """The views as links, the shown one marked; None without views for a visitor."""
    switch = _switch(services, resource, listing)
    saves = actor is not None and "views" in resource.pages
    if not views and not saves and switch is None:
        return None
    texts, url = services.texts, services.url_for(resource, "list")
    question = question_of(listing)
    links = []
    if views:
        links = [_link(texts.text("view.all"), url, is_shown=not question)]
        links += [
            _link(_name(view), f"{url}?{view.question}", is_shown=view.is_shown) for view in views
        ]
    shown = next((view for view in views if view.is_shown and view.id), None)
    form = None
    if saves and shown is not None:
        form = _panel(texts.text("view.edit"), *_own_forms(services, resource, shown))
    elif saves and question and not any(view.is_shown for view in views):
        save = _form(services, resource, "save", "view.save_now", question=question)
        form = _panel(texts.text("view.save"), save)
    hidden = not links and form is None and switch is None
    return Nav(
        *links, form, switch, aria_label=texts.text("view.views"), cls="sm-views", hidden=hidden
    )


def _switch(services: Services, resource: MountedResource, listing: Listing) -> Any:
    """Links to the rows and to the board of a list; None for a class without a board."""
    if board_of(resource.entity_type.cls.__entity__) is None or "list" not in resource.pages:
        return None
    url, texts, links = services.url_for(resource, "list"), services.texts, []
    for key, view in (("view.list", None), ("view.board", BOARD)):
        question = urlencode(listing.parameters(view=view, page=None, group=None))
        is_shown = (view or "") == listing.view
        href = f"{url}?{question}" if question else url
        links.append(
            A(texts.text(key), href=href, aria_current="true" if is_shown else None, rel="nofollow")
        )
    return Div(*links, role="group", aria_label=texts.text("view.as"), cls="sm-switch-views")


def _name(view: View) -> str:
    """The name of a saved view, and that of a declared one in the visitor's language."""
    return view.name if view.id else translated(view.name)


def _link(name: str, url: str, *, is_shown: bool) -> Any:
    return A(name, href=url, aria_current="page" if is_shown else None, dir="auto", rel="nofollow")


def _panel(label: str, *content: Any) -> Any:
    opener = Summary(label, cls=f"{_SMALL} uk-btn-ghost")
    return Details(opener, Div(*content, cls="sm-tool-box"), cls="sm-tool", data_tool="views")


def _own_forms(services: Services, resource: MountedResource, view: View) -> tuple[Any, Any]:
    rename = _form(services, resource, "rename", "view.rename", id=view.id, name=view.name)
    return rename, _form(services, resource, "remove", "view.remove", id=view.id, named=False)


def _form(
    services: Services,
    resource: MountedResource,
    do: str,
    label: str,
    *,
    named: bool = True,
    name: str = "",
    **hidden: str,
) -> Any:
    texts = services.texts
    field = None
    if named:
        words = texts.text("view.name_label")
        field = Input(
            name="name", value=name, required=True, maxlength=MAX_NAME_CHARS, aria_label=words,
            placeholder=words, cls="uk-input", dir="auto",
        )  # fmt: skip
    inputs = [Input(type="hidden", name=key, value=value) for key, value in hidden.items()]
    kind = "uk-btn-primary" if named else "uk-btn-ghost"
    button = Button(texts.text(label), type="submit", cls=f"{_SMALL} {kind}")
    return Form(
        Input(type="hidden", name="do", value=do), *inputs, field, button,
        method="post", action=services.url_for(resource, "views"), cls="sm-view-form", name="",
        enctype="application/x-www-form-urlencoded",
    )  # fmt: skip
