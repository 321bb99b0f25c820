"""User input on a page: clicks, typing and form submission."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from starmodel.testing.browser import locators
from starmodel.testing.browser.asgi import form_body
from starmodel.testing.browser.datastar.binding import control_value, write_signal
from starmodel.testing.browser.document.controls import as_typed
from starmodel.testing.browser.document.dom import attribute, keyed_attributes, outline, select
from starmodel.testing.browser.document.forms import SUBMIT_BUTTONS, form_data, named
from starmodel.testing.browser.tab import Tab
from starmodel.testing.browser.visibility import hidden_by
from starmodel.testing.errors import NotOnPageError

if TYPE_CHECKING:
    from bs4 import Tag


class Interactions:
    """Mouse and keyboard input to a tab, in the event loop of the application."""

    def __init__(self, tab: Tab) -> None:
        self.tab = tab

    async def click(self, tag: Tag) -> None:
        """Click an element. Raises: NotOnPageError, when no handler or default action runs."""
        if reason := hidden_by(self.tab, tag):
            raise NotOnPageError(f"{outline(tag)} can't be clicked: {reason}.")
        if "disabled" in tag.attrs:
            raise NotOnPageError(f"{outline(tag)} can't be clicked: it is disabled.")
        is_handled = False
        for each in [tag, *tag.parents]:
            if not is_handled and await self._default_action(each):
                is_handled = True
            if await self._fire(each, "click"):
                is_handled = True
        if not is_handled:
            raise NotOnPageError(
                f"A click on {outline(tag)} does nothing: it has no data-on:click, and is no link, "
                "no check box and no button of a form."
            )

    async def fill(self, scope: Tag, name: str, value: Any) -> None:
        """Change the value of a control. Raises: NotOnPageError."""
        if isinstance(value, dict) and not named(self.tab.soup, scope, name):
            for key, inner in value.items():
                await self.fill(scope, f"{name}.{key}", inner)
            return
        found = locators.controls(self.tab, scope, name)
        kind = attribute(found[0], "type")
        if kind == "radio" or (kind == "checkbox" and len(found) > 1):
            await self._choose(found, name, value)
        else:
            await self._set(found[0], value)

    async def submit(self, form: Tag, submitter: Tag | None) -> None:
        """Submit a form by its `data-on:submit` handlers, else as a plain HTML form."""
        if await self._fire(form, "submit", submitter):
            return
        tab = self.tab
        action, method = attribute(form, "action") or tab.url, attribute(form, "method") or "get"
        pairs = form_data(form, tab.controls, submitter)
        if method.lower() == "get":
            query = form_body(pairs, False)[0].decode()
            url, separator, fragment = action.partition("#")
            await tab.go(f"{url.partition('?')[0]}?{query}{separator}{fragment}")
        else:
            multipart = attribute(form, "enctype") == "multipart/form-data"
            body, content_type = form_body(pairs, multipart)
            await tab.go(action, "POST", body, content_type)

    async def _fire(self, tag: Tag, event: str, submitter: Tag | None = None) -> bool:
        """Run the `data-on` handlers of a DOM event; False when there are none."""
        handlers = [
            expression
            for key, expression in keyed_attributes(tag, "data-on")
            if key.partition("__")[0] == event
        ]
        for expression in handlers:
            await self.tab.run(expression, tag, submitter)
        return bool(handlers)

    async def _default_action(self, tag: Tag) -> bool:
        """Run the browser's default action for a click; False when there is none."""
        kind = attribute(tag, "type")
        if tag.name == "a" and attribute(tag, "href") is not None:
            href = attribute(tag, "href") or ""
            if not href.startswith("#"):
                await self.tab.go(href)
            return True
        if tag.name == "input" and kind in ("checkbox", "radio"):
            await self._set(tag, kind == "radio" or not control_value(self.tab, tag))
            return True
        if tag.name == "label":
            id = attribute(tag, "for")
            labelled = select(tag, "input") if id is None else select(self.tab.soup, f"#{id}")
            return bool(labelled) and await self._default_action(labelled[0])
        if "data-dialog" in tag.attrs:
            for dialog in select(self.tab.soup, "dialog"):
                if attribute(dialog, "id") == attribute(tag, "data-dialog"):
                    dialog.attrs["open"] = ""
            return True
        form = tag.find_parent("form")
        if form is not None and tag in select(form, SUBMIT_BUTTONS):
            await self.submit(form, tag)
            return True
        return tag.name == "summary"

    async def _choose(self, found: list[Tag], name: str, value: Any) -> None:
        """Check the radio buttons or check boxes of one name that have these values."""
        chosen = list(map(as_typed, value if isinstance(value, list | set) else [value]))
        options = [attribute(tag, "value") or "on" for tag in found]
        if invalid := [text for text in chosen if text not in options]:
            offered = ", ".join(map(repr, options))
            raise NotOnPageError(
                f"{name!r} offers {offered}; expected one of them, got {invalid[0]!r}."
            )
        for tag, option in zip(found, options, strict=True):
            if option in chosen or attribute(tag, "type") == "checkbox":
                await self._set(tag, option in chosen)

    async def _set(self, tag: Tag, value: Any) -> None:
        """Change a control and its signal, and fire its `input` and `change` events."""
        tab = self.tab
        try:
            tab.controls.set(tag, value)
        except ValueError as error:
            raise NotOnPageError(f"{outline(tag)} can't hold {value!r}: {error}.") from error
        if attribute(tag, "type") == "radio" and value:
            for other in select(tab.soup, f"input[type=radio][name='{attribute(tag, 'name')}']"):
                if other is not tag and other.find_parent("form") is tag.find_parent("form"):
                    tab.controls.set(other, False)
        write_signal(tab, tag)
        for each in [tag, *tag.parents]:
            for key, expression in keyed_attributes(each, "data-on"):
                if key.partition("__")[0] in ("input", "change"):
                    await tab.run(expression, each)
