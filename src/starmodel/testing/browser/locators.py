"""Locates elements by selector, visible text, control name or action."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin, urlsplit

from starmodel.core.commands import Action
from starmodel.testing.browser.datastar.requests import requests_in
from starmodel.testing.browser.document.dom import attribute, keyed_attributes, outline, select
from starmodel.testing.browser.document.forms import (
    CONTROLS,
    SUBMIT_BUTTONS,
    display_name,
    named,
)
from starmodel.testing.browser.tab import Tab
from starmodel.testing.browser.visibility import hidden_by, text_of
from starmodel.testing.errors import NotOnPageError, ambiguous, not_found

if TYPE_CHECKING:
    from bs4 import Tag

_CLICKABLE = (
    "a[href], button, summary, label, input[type=submit], input[type=button], input[type=reset], "
    "input[type=checkbox], input[type=radio]"
)


def visible(tab: Tab, selector: str) -> list[Tag]:
    """The visible elements that match a selector."""
    return [tag for tag in select(tab.soup, selector) if not hidden_by(tab, tag)]


def only(tab: Tab, selector: str) -> Tag:
    """The only visible element that matches.

    Raises: NotOnPageError, when none or several match, with the ids of the page or the matches.
    """
    found = visible(tab, selector)
    if len(found) == 1:
        return found[0]
    if found:
        remedy = "Narrow the selector, or use texts() or all() for several."
        raise ambiguous(repr(selector), tab.url, [outline(tag) for tag in found], remedy)
    hidden = select(tab.soup, selector)
    if hidden:
        raise NotOnPageError(
            f"{tab.url} has {outline(hidden[0])}, but doesn't show it: {hidden_by(tab, hidden[0])}."
        )
    ids = [f"#{attribute(tag, 'id')}" for tag in tab.soup.find_all(id=True)]
    raise not_found(f"an element for {selector!r}", _url_and_status(tab), ids, "ids")


def clickable(tab: Tab, target: str | Action) -> Tag:
    """The element to click for a text, selector or action. Raises: NotOnPageError."""
    if isinstance(target, Action):
        return _with_action(tab, target)
    candidates = [tag for tag in _clickables(tab) if not hidden_by(tab, tag)]
    found = [tag for tag in candidates if _text(tab, tag) == target]
    found = [tag for tag in found if tag.name != "label"] or found
    if not found and _is_selector(tab, target):
        found = visible(tab, target)
    if len(found) == 1:
        return found[0]
    if found:
        remedy = "Narrow it with a selector such as '#id button', or click one of page.all(…)."
        raise ambiguous(repr(target), tab.url, [outline(tag) for tag in found], remedy)
    texts = [text for tag in candidates if (text := _text(tab, tag))]
    raise not_found(f"anything to click that is called {target!r}, nor an element for it as a "
                    "selector", _url_and_status(tab), texts, "buttons and links")  # fmt: skip


def controls(tab: Tab, scope: Tag, name: str) -> list[Tag]:
    """The control with this name, or all radio buttons or check boxes that share it.

    Raises: NotOnPageError, when there is none or the name is ambiguous.
    """
    found = named(tab.soup, scope, name)
    if not found and _is_selector(tab, name):
        found = [tag for tag in select(scope, name) if tag.name in ("input", "select", "textarea")]
    if not found:
        names = [display_name(tab.soup, tag) for tag in select(scope, CONTROLS)
                 if attribute(tag, "type") not in ("hidden", "submit", "button")]  # fmt: skip
        page = _url_and_status(tab)
        where = page if scope is tab.soup else f"{outline(scope)} on {tab.url}"
        raise not_found(f"an input {name!r}", where, names, "inputs")
    kinds = {attribute(tag, "type") for tag in found}
    forms = {id(tag.find_parent("form")) for tag in found}
    if len(found) > 1 and (len(forms) > 1 or not kinds <= {"radio", "checkbox"}):
        remedy = f"Name the form: page.submit('#form-id', {name.partition('.')[0]}=…)."
        raise ambiguous(f"the input {name!r}", tab.url, [outline(tag) for tag in found], remedy)
    return found


def form(tab: Tab, target: str | Action | None) -> Tag:
    """The form with this selector, button text or action; for None the only form of the page, apart
    from searches.

    Raises: NotOnPageError, when there is none or several match.
    """
    forms = visible(tab, "form")
    if target is None:  # most pages have searches beside their form
        found = [form for form in forms if attribute(form, "role") != "search"] or forms
    elif isinstance(target, Action):
        path = _form_path(tab, target)
        found = [form for form in forms if path in _paths(tab, form)]
    else:
        found = [form for form in forms
                 if any(_text(tab, button) == target for button in _buttons(form))]  # fmt: skip
        if not found and _is_selector(tab, target):
            found = [form for form in select(tab.soup, target) if form.name == "form"]
    if len(found) == 1:
        return found[0]
    what = "the only form" if target is None else f"the form {_target_text(tab, target)}"
    lines = [_form_text(tab, each) for each in (found or forms)]
    if found:
        raise ambiguous(what, tab.url, lines, "Name one by its id or its button's text.")
    raise NotOnPageError(
        f"{_url_and_status(tab)} doesn't show {what}. Its forms: {'; '.join(lines) or 'none'}."
    )


def default_button(form: Tag) -> Tag | None:
    """The submit button that the Enter key activates."""
    return next(iter(_buttons(form)), None)


def _with_action(tab: Tab, action: Action) -> Tag:
    expected = _request(tab, action)
    offered: list[str] = []
    for tag in select(tab.soup, "*"):
        requests = [request for key, text in keyed_attributes(tag, "data-on") if key
                    for request in _absolute(tab, text)]  # fmt: skip
        offered += [f"{method} {url}" for method, url in requests]
        if expected in requests and tag.name != "form" and not hidden_by(tab, tag):
            return tag
    path = _form_path(tab, action)
    what = f"a click that runs {_target_text(tab, action)}"
    forms = [form for form in select(tab.soup, "form") if path in _paths(tab, form)]
    if forms and not action.args and (buttons := _buttons(forms[0])):
        return buttons[0]
    if forms:
        raise NotOnPageError(
            f"{_url_and_status(tab)} doesn't show {what}, but a form for this event. Use "
            f"page.submit({_code(action)}, …)."
        )
    raise not_found(what, _url_and_status(tab), offered, "actions")


def _request(tab: Tab, action: Action) -> tuple[str, str]:
    """The method and URL of the request that the action renders."""
    method, url = requests_in(tab.running.application.render_action(action))[0]
    return method, tab.running.root_path + url


def _form_path(tab: Tab, action: Action) -> str:
    """The path that a form for the action's event posts to."""
    application: Any = tab.running.application
    resource = application.areas.current_resource(action.entity)
    event = resource.entity_type.events[action.event]
    return str(resource.event_url(event, action.id, root_path=tab.running.root_path))


def _absolute(tab: Tab, expression: str) -> list[tuple[str, str]]:
    return [(method, urljoin(tab.url, url)) for method, url in requests_in(expression)]


def _paths(tab: Tab, form: Tag) -> list[str]:
    """The paths that the form submits to: its `action`, and those of its submit handlers."""
    urls = [url for key, text in keyed_attributes(form, "data-on") if key.startswith("submit")
            for _, url in _absolute(tab, text)]  # fmt: skip
    if action := attribute(form, "action"):
        urls.append(urljoin(tab.url, action))
    return [urlsplit(url).path for url in urls]


def _clickables(tab: Tab) -> Sequence[Tag]:
    return [
        tag
        for tag in select(tab.soup, "*")
        if any(key.startswith("click") for key, _ in keyed_attributes(tag, "data-on"))
        or tag in select(tag.parent or tab.soup, f":scope > :is({_CLICKABLE})")
    ]


def _buttons(form: Tag) -> list[Tag]:
    return select(form, SUBMIT_BUTTONS)


def _text(tab: Tab, tag: Tag) -> str:
    if tag.name == "input":
        return attribute(tag, "aria-label") or attribute(tag, "value") or ""
    return attribute(tag, "aria-label") or text_of(tab, tag) or attribute(tag, "title") or ""


def _form_text(tab: Tab, form: Tag) -> str:
    id = attribute(form, "id")
    buttons = ", ".join(repr(_text(tab, button)) for button in _buttons(form))
    return f"{f'#{id}' if id else '<form>'} (button {buttons or 'none'})"


def _code(action: Action) -> str:
    """The Python expression that makes the action."""
    name = action.entity.__name__
    owner = name if action.id is None else f"{name.lower()}.do"
    return f"{owner}.{action.event}()"


def _target_text(tab: Tab, target: str | Action) -> str:
    if isinstance(target, str):
        return repr(target)
    arguments = ", ".join(f"{name}={value!r}" for name, value in target.args.items())
    owner = target.entity.__name__ + ("" if target.id is None else f" {target.id!r}")
    method, url = _request(tab, target)
    return f"{owner}.{target.event}({arguments}) ({method} {url})"


def _url_and_status(tab: Tab) -> str:
    status = tab.loaded.status
    return f"{tab.url} (answered with status {status})" if status >= 400 else tab.url


def _is_selector(tab: Tab, text: str) -> bool:
    try:
        select(tab.soup, text)
    except NotOnPageError:
        return False
    return True
