"""What a visitor does to an open page: clicks, typing, sending."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from starmodel.testing.browser import finding
from starmodel.testing.browser.asgi import form_body
from starmodel.testing.browser.binding import held, write_through
from starmodel.testing.browser.controls import as_typed, form_data, named
from starmodel.testing.browser.dom import attribute, keyed_attributes, outline, select
from starmodel.testing.browser.reading import hidden_by
from starmodel.testing.browser.tab import Tab
from starmodel.testing.problems import NotOnPageError

if TYPE_CHECKING:
    from bs4 import Tag


class Hands:
    """Does to a tab what a mouse and a keyboard do, in the application's loop."""

    def __init__(self, tab: Tab) -> None:
        self.tab = tab

    async def click(self, tag: Tag) -> None:
        """Click an element. Raises: NotOnPageError, when nothing comes of it."""
        if why := hidden_by(self.tab, tag):
            raise NotOnPageError(f"{outline(tag)} can't be clicked: {why}.")
        if "disabled" in tag.attrs:
            raise NotOnPageError(f"{outline(tag)} can't be clicked: it is disabled.")
        done = False
        for each in [tag, *tag.parents]:
            if not done and await self._default(each):
                done = True
            for key, text in keyed_attributes(each, "data-on"):
                if key.partition("__")[0] == "click":
                    done = True
                    await self.tab.run(text, each)
        if not done:
            raise NotOnPageError(
                f"A click on {outline(tag)} does nothing: it has no data-on:click, and is no link, "
                "no check box and no button of a form."
            )

    async def _default(self, tag: Tag) -> bool:
        """What a browser itself does for a click."""
        kind = attribute(tag, "type")
        if tag.name == "a" and attribute(tag, "href") is not None:
            href = attribute(tag, "href") or ""
            if not href.startswith("#"):
                await self.tab.go(href)
            return True
        if tag.name == "input" and kind in ("checkbox", "radio"):
            await self._put(tag, kind == "radio" or not held(self.tab, tag))
            return True
        if tag.name == "label":
            id = attribute(tag, "for")
            inside = select(tag, "input") if id is None else select(self.tab.soup, f"#{id}")
            return bool(inside) and await self._default(inside[0])
        form = tag.find_parent("form")
        if form is not None and tag in _submit_buttons(form):
            await self.send(form, tag)
            return True
        return tag.name == "summary"

    async def fill(self, scope: Tag, name: str, value: Any) -> None:
        """Put a value into the control that a name means. Raises: NotOnPageError."""
        if isinstance(value, dict) and not named(self.tab.soup, scope, name):
            for part, inner in value.items():
                await self.fill(scope, f"{name}.{part}", inner)
            return
        found = finding.control(self.tab, scope, name)
        kind = attribute(found[0], "type")
        if kind == "radio" or (kind == "checkbox" and len(found) > 1):
            await self._choose(found, name, value)
        else:
            await self._put(found[0], value)

    async def _choose(self, found: list[Tag], name: str, value: Any) -> None:
        texts = list(map(as_typed, value if isinstance(value, list | set) else [value]))
        known = [attribute(tag, "value") or "on" for tag in found]
        if wrong := [text for text in texts if text not in known]:
            offered = ", ".join(map(repr, known))
            raise NotOnPageError(
                f"{name!r} offers {offered}; expected one of them, got {wrong[0]!r}."
            )
        for tag, text in zip(found, known, strict=True):
            chosen = text in texts
            if chosen or attribute(tag, "type") == "checkbox":
                await self._put(tag, chosen)

    async def _put(self, tag: Tag, value: Any) -> None:
        tab = self.tab
        try:
            tab.controls.type(tag, value)
        except ValueError as error:
            raise NotOnPageError(f"{outline(tag)} can't hold {value!r}: {error}.") from error
        if attribute(tag, "type") == "radio" and value:
            for other in select(tab.soup, f"input[type=radio][name='{attribute(tag, 'name')}']"):
                if other is not tag and other.find_parent("form") is tag.find_parent("form"):
                    tab.controls.type(other, False)
        write_through(tab, tag)
        for each in [tag, *tag.parents]:
            for key, text in keyed_attributes(each, "data-on"):
                if key.partition("__")[0] in ("input", "change"):
                    await tab.run(text, each)

    async def send(self, form: Tag, submitter: Tag | None) -> None:
        """Send a form, as its button does."""
        tab, sent = self.tab, False
        for key, text in keyed_attributes(form, "data-on"):
            if key.partition("__")[0] == "submit":
                sent = True
                await tab.run(text, form, submitter)
        if sent:
            return
        action, method = attribute(form, "action") or tab.url, attribute(form, "method") or "get"
        pairs = form_data(form, tab.controls, submitter)
        if method.lower() == "get":
            query = form_body(pairs, False)[0].decode()
            await tab.go(f"{action.partition('?')[0]}?{query}")
        else:
            multipart = attribute(form, "enctype") == "multipart/form-data"
            body, kind = form_body(pairs, multipart)
            await tab.go(action, "POST", body, kind)


def _submit_buttons(form: Tag) -> Iterable[Tag]:
    return select(form, "button:not([type=button], [type=reset]), input[type=submit]")


def default_button(form: Tag) -> Tag | None:
    """The button that Enter presses."""
    return next(iter(_submit_buttons(form)), None)
