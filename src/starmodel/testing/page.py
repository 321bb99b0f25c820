"""One open page, as a test sees it."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any, TypeVar

from starmodel.core.commands import Action
from starmodel.core.results import Toast
from starmodel.testing.browser import finding
from starmodel.testing.browser.actions import Hands, default_button
from starmodel.testing.browser.asgi import Reply
from starmodel.testing.browser.binding import held
from starmodel.testing.browser.dom import attribute, outline, select, squeeze
from starmodel.testing.browser.reading import refresh, text_of
from starmodel.testing.browser.signals import SignalsSeen
from starmodel.testing.browser.tab import Tab
from starmodel.testing.failures import FailuresOf
from starmodel.testing.problems import NotOnPageError

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
        self._hands = Hands(tab)

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
        return self._read(lambda: text_of(self._tab, finding.one(self._tab, selector)))

    def texts(self, selector: str) -> list[str]:
        """The texts of all elements that the selector finds, in the page's order."""
        return [element.text for element in self.all(selector)]

    def has(self, selector: str) -> bool:
        """Whether the page shows such an element."""
        return bool(self._read(lambda: finding.shown(self._tab, selector)))

    def all(self, selector: str) -> list[Element]:
        """All elements that the selector finds and the page shows."""
        tab = self._tab
        return self._read(lambda: [Element(tab, tag) for tag in finding.shown(tab, selector)])

    def value(self, name: str) -> Any:
        """What an input holds, by its name, id, label or selector; for radio buttons the choice."""
        tab = self._tab

        def read() -> Any:
            found = finding.control(tab, tab.soup, name)
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
        self._act(lambda: self._hands.click(self._chosen(target)))

    def fill(self, name: str, value: Any) -> None:
        """Put a value into an input: by its name, bound signal, id, label or selector.

        Shapes: True or False for a check box; a list for many choices;
        (name, bytes) for a file.
        Raises: NotOnPageError, when there is no such input or it can't hold the value.
        """
        self._act(lambda: self._hands.fill(self._tab.soup, name, value))

    def submit(self, target: str | Action | None = None, /, **values: Any) -> None:
        """Fill in a form and send it: by its button's text, a selector, or an action.

        Without a target it is the page's only form. Arguments of an action
        are filled in too.

        Raises: NotOnPageError; ServerFailedError, from the application's own exception.
        """

        async def work() -> None:
            form = finding.form(self._tab, target)
            given = {**(target.args if isinstance(target, Action) else {}), **values}
            for name, value in given.items():
                await self._hands.fill(form, name, value)
            await self._hands.send(form, default_button(form))

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
        return finding.to_click(self._tab, target)

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


def _toast(tag: Tag) -> Toast:
    said = tag.find("p")
    return Toast(squeeze((said or tag).get_text()), attribute(tag, "data-toast") or "info")


def _problem_of(tag: Tag) -> str:
    form = tag.find_parent("form")
    id = (attribute(tag, "id") or "").removesuffix("-problem")
    return id.removeprefix(f"{attribute(form, 'id')}-") if form is not None else id
