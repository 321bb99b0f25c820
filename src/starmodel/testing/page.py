"""One open page, as a test sees it."""

from __future__ import annotations

import logging
from collections.abc import Callable, Coroutine, Iterable
from typing import TYPE_CHECKING, Any, TypeVar

from starmodel.core.commands import Action
from starmodel.core.results import Toast
from starmodel.testing import looking
from starmodel.testing.asgi import Reply, form_body
from starmodel.testing.binding import held, write_through
from starmodel.testing.controls import as_typed, form_data, named
from starmodel.testing.dom import attribute, keyed_attributes, outline, select, squeeze
from starmodel.testing.problems import NotOnPageError, ServerFailedError
from starmodel.testing.reading import hidden_by, refresh, text_of
from starmodel.testing.signals import SignalsSeen
from starmodel.testing.tab import Tab

if TYPE_CHECKING:
    from bs4 import Tag

T = TypeVar("T")


class Element:
    """An element as it was shown when it was asked for.

    Shapes: text is what it shows; value what a control holds (a bool for
    check boxes); attributes are by name.
    """

    def __init__(self, tab: Tab, tag: Tag) -> None:
        self.tag = tag
        self.name, self.html = tag.name, str(tag)
        self.text = text_of(tab, tag)
        self.attributes = {name: attribute(tag, name) or "" for name in tag.attrs}
        self.classes = self.attributes.get("class", "").split()
        control = tag.name in ("input", "select", "textarea")
        self.value: Any = held(tab, tag) if control else None

    def __getitem__(self, name: str) -> str:
        return self.attributes[name]

    def __repr__(self) -> str:
        return outline(self.tag)


Target = str | Action | Element


class Page:
    """A tab of a visitor's browser. Everything it shows follows the server, as in a browser.

    Elements that `hidden`, `data-show` or a closed dialog hide aren't
    there for a visitor. The style sheet isn't read, and no JavaScript
    runs but Datastar's attributes; what of them needs a browser raises
    `UnreadableExpressionError`.

    Units: timeout_s bounds every call.
    """

    def __init__(self, tab: Tab, *, timeout_s: float, raise_errors: bool) -> None:
        self._tab, self._timeout_s, self._raise_errors = tab, timeout_s, raise_errors

    # What it shows

    @property
    def status(self) -> int:
        """The status of the last answer: the page's own, then that of each event."""
        return self.reply.status

    @property
    def reply(self) -> Reply:
        """The last answer that this page got."""
        return self._read(lambda: self._tab.reply)

    @property
    def url(self) -> str:
        """Path and query of the page."""
        return self._read(lambda: self._tab.url)

    @property
    def title(self) -> str:
        tag = self._read(lambda: self._tab.soup.find("title"))
        return "" if tag is None else squeeze(tag.get_text())

    @property
    def html(self) -> str:
        """The page's elements as they are now."""
        return self._read(lambda: str(self._tab.soup))

    def text(self, selector: str = "body") -> str:
        """The text of the only element that the selector finds; of a control, what it holds.

        Raises: NotOnPageError, when there is none or several.
        """
        return self._read(lambda: text_of(self._tab, looking.one(self._tab, selector)))

    def texts(self, selector: str) -> list[str]:
        """The texts of all elements that the selector finds, in the page's order."""
        return [element.text for element in self.all(selector)]

    def has(self, selector: str) -> bool:
        """Whether the page shows such an element."""
        return bool(self._read(lambda: looking.shown(self._tab, selector)))

    def all(self, selector: str) -> list[Element]:
        """All elements that the selector finds and the page shows."""
        tab = self._tab
        return self._read(lambda: [Element(tab, tag) for tag in looking.shown(tab, selector)])

    def value(self, name: str) -> Any:
        """What an input holds, by its name, id, label or selector; for radio buttons the choice."""
        tab = self._tab

        def read() -> Any:
            found = looking.control(tab, tab.soup, name)
            if attribute(found[0], "type") == "radio":
                return next((attribute(tag, "value") for tag in found if held(tab, tag)), "")
            if len(found) > 1:
                return [attribute(tag, "value") for tag in found if held(tab, tag)]
            return held(tab, found[0])

        return self._read(read)

    @property
    def signals(self) -> SignalsSeen:
        """The page's signals: `page.signals["Counter.count"]`, or by `Counter.count_signal`."""
        return self._read(lambda: SignalsSeen(self._tab.signals, self._tab.url))

    @property
    def toasts(self) -> list[Toast]:
        """The toasts that the last action brought, oldest first."""

        def read() -> list[Toast]:
            found = select(self._tab.soup, "[data-toast]:not([data-toast=progress])")
            return [_toast(tag) for tag in found]

        return self._read(read)

    @property
    def errors(self) -> dict[str, str]:
        """The sentences beside inputs, by the input's name."""

        def read() -> dict[str, str]:
            found = select(self._tab.soup, "form small[id$='-problem']")
            told = {_problem_of(tag): squeeze(tag.get_text()) for tag in found}
            return {name: text for name, text in told.items() if text}

        return self._read(read)

    @property
    def asked(self) -> list[str]:
        """What the last action asked first ("Delete this?"); the visitor always says yes."""
        return self._read(lambda: list(self._tab.asked))

    @property
    def skipped(self) -> list[str]:
        """Expressions of this page that need a browser and were left out."""
        return self._read(lambda: list(self._tab.skipped))

    # What a visitor does

    def click(self, target: Target) -> None:
        """Click a button, link or element: by its text, a selector, an action, or from `all`.

        Raises: NotOnPageError; ServerFailedError, from the application's own exception.
        """
        self._act(lambda: self._click(self._chosen(target)))

    def fill(self, name: str, value: Any) -> None:
        """Put a value into an input: by its name, bound signal, id, label or selector.

        Shapes: True or False for a check box; a list for many choices;
        (name, bytes) for a file.
        Raises: NotOnPageError, when there is no such input or it can't hold the value.
        """
        self._act(lambda: self._fill(self._tab.soup, name, value))

    def submit(self, target: str | Action | None = None, /, **values: Any) -> None:
        """Fill in a form and send it: by its button's text, a selector, or an action.

        Without a target it is the page's only form. Arguments of an action
        are filled in too.

        Raises: NotOnPageError; ServerFailedError, from the application's own exception.
        """

        async def work() -> None:
            form = looking.form(self._tab, target)
            given = {**(target.args if isinstance(target, Action) else {}), **values}
            for name, value in given.items():
                await self._fill(form, name, value)
            await self._send(form, _default_button(form))

        self._act(work)

    def visit(self, url: str) -> None:
        """Go to another address in this tab."""
        self._act(lambda: self._tab.go(url))

    def reload(self) -> None:
        """Load the page anew."""
        self._act(lambda: self._tab.go(self._tab.url))

    def close(self) -> None:
        """Close the tab; its stream ends."""
        self._tab.running.run(self._tab.leave(), self._timeout_s)
        self._tab.kept.leave()

    def __repr__(self) -> str:
        return f"<Page {self._tab.url!r} status={self._tab.reply.status}>"

    # How

    def _chosen(self, target: Target) -> Tag:
        if isinstance(target, Element):
            if target.tag.decomposed or self._tab.soup not in target.tag.parents:
                raise NotOnPageError(f"{target!r} is no longer on the page; ask page.all() again.")
            return target.tag
        return looking.to_click(self._tab, target)

    async def _click(self, tag: Tag) -> None:
        if why := hidden_by(self._tab, tag):
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
                    await self._tab.run(text, each)
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
                await self._tab.go(href)
            return True
        if tag.name == "input" and kind in ("checkbox", "radio"):
            await self._put(tag, kind == "radio" or not held(self._tab, tag))
            return True
        if tag.name == "label":
            id = attribute(tag, "for")
            inside = select(tag, "input") if id is None else select(self._tab.soup, f"#{id}")
            return bool(inside) and await self._default(inside[0])
        form = tag.find_parent("form")
        if form is not None and tag in _submit_buttons(form):
            await self._send(form, tag)
            return True
        return tag.name == "summary"

    async def _fill(self, scope: Tag, name: str, value: Any) -> None:
        if isinstance(value, dict) and not named(self._tab.soup, scope, name):
            for part, inner in value.items():
                await self._fill(scope, f"{name}.{part}", inner)
            return
        found = looking.control(self._tab, scope, name)
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
        tab = self._tab
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

    async def _send(self, form: Tag, submitter: Tag | None) -> None:
        tab, sent = self._tab, False
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

    def _act(self, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Do something, wait until all that it caused has been delivered, and tell what failed."""

        async def whole() -> None:
            await self._tab.running.settle()
            refresh(self._tab)
            self._tab.asked.clear()
            for toast in select(self._tab.soup, "[data-toast]"):
                toast.decompose()
            await work()
            await self._tab.running.settle()

        with FailuresOf(self._raise_errors) as failures:
            self._tab.running.run(whole(), self._timeout_s)
            failures.check(self._tab.reply)
        self._tell()

    def _read(self, work: Callable[[], T]) -> T:
        async def settled() -> T:
            await self._tab.running.settle()
            refresh(self._tab)
            return work()

        made = self._tab.running.run(settled(), self._timeout_s)
        self._tell()
        return made

    def _tell(self) -> None:
        if self._tab.problems:
            raise self._tab.problems.pop(0)


class FailuresOf(logging.Handler):
    """Hears what the application logs while it answers, to tell a test what really failed."""

    def __init__(self, wanted: bool) -> None:
        super().__init__(logging.ERROR)
        self._wanted = wanted
        self._heard: list[BaseException] = []

    def emit(self, record: logging.LogRecord) -> None:
        if record.exc_info and record.exc_info[1] is not None:
            self._heard.append(record.exc_info[1])

    def __enter__(self) -> FailuresOf:
        logging.getLogger("starmodel").addHandler(self)
        return self

    def __exit__(self, *_: object) -> None:
        logging.getLogger("starmodel").removeHandler(self)

    def check(self, reply: Reply) -> None:
        """Raises: ServerFailedError, for an answer of 500 and above."""
        if self._wanted and reply.status >= 500:
            cause = self._heard[-1] if self._heard else None
            told = f": {type(cause).__name__}: {cause}" if cause is not None else ""
            raise ServerFailedError(
                f"{reply.method} {reply.url} failed with status {reply.status}{told}. "
                "To test the answer itself, use Visitor(app, raise_errors=False)."
            ) from cause


def _submit_buttons(form: Tag) -> Iterable[Tag]:
    return select(form, "button:not([type=button], [type=reset]), input[type=submit]")


def _default_button(form: Tag) -> Tag | None:
    return next(iter(_submit_buttons(form)), None)


def _toast(tag: Tag) -> Toast:
    said = tag.find("p")
    return Toast(squeeze((said or tag).get_text()), attribute(tag, "data-toast") or "info")


def _problem_of(tag: Tag) -> str:
    form = tag.find_parent("form")
    id = (attribute(tag, "id") or "").removesuffix("-problem")
    return id.removeprefix(f"{attribute(form, 'id')}-") if form is not None else id
