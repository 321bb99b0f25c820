"""Finding what a test names: by selector, by what people see, by action."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin, urlsplit

from starmodel.core.commands import Action
from starmodel.testing.browser.controls import known_as, named
from starmodel.testing.browser.dom import attribute, keyed_attributes, outline, select
from starmodel.testing.browser.expressions import calls
from starmodel.testing.browser.reading import hidden_by, text_of
from starmodel.testing.browser.tab import Tab
from starmodel.testing.problems import NotOnPageError, ambiguous, not_found

if TYPE_CHECKING:
    from bs4 import Tag

_CLICKABLE = (
    "a[href], button, summary, label, input[type=submit], input[type=button], input[type=reset], "
    "input[type=checkbox], input[type=radio]"
)


def shown(tab: Tab, selector: str) -> list[Tag]:
    """The elements of a selector that a visitor sees."""
    return [tag for tag in select(tab.soup, selector) if not hidden_by(tab, tag)]


def one(tab: Tab, selector: str) -> Tag:
    """The only such element. Raises: NotOnPageError, saying what there is."""
    found = shown(tab, selector)
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
    raise not_found(f"an element for {selector!r}", _place(tab), ids, "ids")


def to_click(tab: Tab, target: str | Action) -> Tag:
    """What a click on this text, selector or action goes to. Raises: NotOnPageError."""
    if isinstance(target, Action):
        return _with_action(tab, target)
    clickable = [tag for tag in _clickables(tab) if not hidden_by(tab, tag)]
    found = [tag for tag in clickable if _name(tab, tag) == target]
    real = [tag for tag in found if tag.name != "label"] or found
    if not real and _is_selector(tab, target):
        real = shown(tab, target)
    if len(real) == 1:
        return real[0]
    if real:
        remedy = "Narrow it with a selector such as '#id button', or click one of page.all(…)."
        raise ambiguous(repr(target), tab.url, [outline(tag) for tag in real], remedy)
    names = [name for tag in clickable if (name := _name(tab, tag))]
    raise not_found(f"anything to click that is called {target!r}, nor an element for it as a "
                    "selector", _place(tab), names, "buttons and links")  # fmt: skip


def control(tab: Tab, scope: Tag, name: str) -> list[Tag]:
    """The controls that a name or selector means; radio buttons and check boxes of one name
    come together. Raises: NotOnPageError.
    """
    found = named(tab.soup, scope, name)
    if not found and _is_selector(tab, name):
        found = [tag for tag in select(scope, name) if tag.name in ("input", "select", "textarea")]
    if not found:
        there = [known_as(tab.soup, t) for t in select(scope, "input, select, textarea")
                 if attribute(t, "type") not in ("hidden", "submit", "button")]  # fmt: skip
        where = _place(tab) if scope is tab.soup else f"{outline(scope)} on {tab.url}"
        raise not_found(f"an input {name!r}", where, there, "inputs")
    kinds = {attribute(tag, "type") for tag in found}
    forms = {id(tag.find_parent("form")) for tag in found}
    if len(found) > 1 and (len(forms) > 1 or not kinds <= {"radio", "checkbox"}):
        remedy = f"Name the form: page.submit('#form-id', {name.partition('.')[0]}=…)."
        raise ambiguous(f"the input {name!r}", tab.url, [outline(tag) for tag in found], remedy)
    return found


def form(tab: Tab, target: str | Action | None) -> Tag:
    """The form that is meant: by its selector, its button's text, its action, or as the only one.

    Raises: NotOnPageError.
    """
    forms = [tag for tag in select(tab.soup, "form") if not hidden_by(tab, tag)]
    if target is None:
        found = forms
    elif isinstance(target, Action):
        url = _form_path(tab, target)
        found = [f for f in forms if url in [urlsplit(u).path for _, u in _requests(tab, f)]]
    else:
        found = [f for f in forms if any(_name(tab, b) == target for b in _submits(f))]
        if not found and _is_selector(tab, target):
            found = [f for f in select(tab.soup, target) if f.name == "form"]
    if len(found) == 1:
        return found[0]
    what = "the only form" if target is None else f"the form {_said(tab, target)}"
    lines = [_described(tab, each) for each in (found or forms)]
    if found:
        raise ambiguous(what, tab.url, lines, "Name one by its id or its button's text.")
    raise NotOnPageError(
        f"{_place(tab)} doesn't show {what}. Its forms: {'; '.join(lines) or 'none'}."
    )


def _described(tab: Tab, form: Tag) -> str:
    id = attribute(form, "id")
    buttons = ", ".join(repr(_name(tab, button)) for button in _submits(form))
    return f"{f'#{id}' if id else '<form>'} (button {buttons or 'none'})"


def _with_action(tab: Tab, action: Action) -> Tag:
    wanted = _call(tab, action)
    there: list[str] = []
    for tag in select(tab.soup, "*"):
        handlers = [text for key, text in keyed_attributes(tag, "data-on") if key]
        found = [_resolved(tab, call) for text in handlers for call in calls(text)]
        there += [f"{method} {url}" for method, url in found]
        if wanted in found and tag.name != "form" and not hidden_by(tab, tag):
            return tag
    path = _form_path(tab, action)
    said = f"a click that runs {_said(tab, action)}"
    forms = [f for f in select(tab.soup, "form")
             if path in [urlsplit(u).path for _, u in _requests(tab, f)]]  # fmt: skip
    if forms and not action.args and (buttons := _submits(forms[0])):
        return buttons[0]
    if forms:
        raise NotOnPageError(
            f"{_place(tab)} doesn't show {said}, but a form for this event. Use "
            f"page.submit({_written(action)}, …)."
        )
    raise not_found(said, _place(tab), there, "actions")


def _call(tab: Tab, action: Action) -> tuple[str, str]:
    text = tab.running.application.render_action(action)
    method, url = calls(text)[0]
    return method, tab.running.root_path + url


def _form_path(tab: Tab, action: Action) -> str:
    """Where a form for the action's event posts to."""
    application: Any = tab.running.application
    entity_type = application.registry[action.entity]
    address = application.realtime.address(entity_type, entity_type.events[action.event], action.id)
    return f"{tab.running.root_path}{address}"


def _resolved(tab: Tab, call: tuple[str, str]) -> tuple[str, str]:
    return call[0], urljoin(tab.url, call[1])


def _requests(tab: Tab, form: Tag) -> list[tuple[str, str]]:
    found = [_resolved(tab, call) for key, text in keyed_attributes(form, "data-on")
             if key.startswith("submit") for call in calls(text)]  # fmt: skip
    action = attribute(form, "action")
    return [*found, *([("post", urljoin(tab.url, action))] if action else [])]


def _clickables(tab: Tab) -> Sequence[Tag]:
    return [
        tag
        for tag in select(tab.soup, "*")
        if any(key.startswith("click") for key, _ in keyed_attributes(tag, "data-on"))
        or tag in select(tag.parent or tab.soup, f":scope > :is({_CLICKABLE})")
    ]


def _submits(form: Tag) -> list[Tag]:
    return select(form, "button:not([type=button], [type=reset]), input[type=submit]")


def _name(tab: Tab, tag: Tag) -> str:
    if tag.name == "input":
        return attribute(tag, "aria-label") or attribute(tag, "value") or ""
    return attribute(tag, "aria-label") or text_of(tab, tag) or attribute(tag, "title") or ""


def _written(action: Action) -> str:
    name = action.entity.__name__
    of = name if action.id is None else f"{name.lower()}.do"
    return f"{of}.{action.event}()"


def _said(tab: Tab, target: str | Action) -> str:
    if isinstance(target, str):
        return repr(target)
    given = ", ".join(f"{name}={value!r}" for name, value in target.args.items())
    of = target.entity.__name__ + ("" if target.id is None else f" {target.id!r}")
    method, url = _call(tab, target)
    return f"{of}.{target.event}({given}) ({method} {url})"


def _place(tab: Tab) -> str:
    status = tab.loaded.status
    refused = f" (answered with status {status})" if status >= 400 else ""
    return f"{tab.url}{refused}"


def _is_selector(tab: Tab, text: str) -> bool:
    try:
        select(tab.soup, text)
    except NotOnPageError:
        return False
    return True
