"""The public interface of an open page."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any, TypeVar

from starmodel.core.commands import Action
from starmodel.core.events.results import Toast
from starmodel.testing.browser import locators
from starmodel.testing.browser.asgi import Reply
from starmodel.testing.browser.datastar.binding import control_value
from starmodel.testing.browser.datastar.signals import PageSignals
from starmodel.testing.browser.document.dom import attribute, outline, select, squeeze
from starmodel.testing.browser.interactions import Interactions
from starmodel.testing.browser.tab import Tab
from starmodel.testing.browser.visibility import refresh, text_of
from starmodel.testing.errors import NotOnPageError
from starmodel.testing.server_errors import ServerErrors

if TYPE_CHECKING:
    from bs4 import Tag

T = TypeVar("T")


class Element:
    """A snapshot of an element.

    Shapes: text is the rendered text; value that of a form control (a bool
    for check boxes, None for other elements); attributes are by name.
    """

    def __init__(self, tab: Tab, tag: Tag) -> None:
        self.tag = tag
        self.name, self.html = tag.name, str(tag)
        self.text = text_of(tab, tag)
        self.attributes = {name: attribute(tag, name) or "" for name in tag.attrs}
        self.classes = self.attributes.get("class", "").split()
        is_control = tag.name in ("input", "select", "textarea")
        self.value: Any = control_value(tab, tag) if is_control else None

    def __getitem__(self, name: str) -> str:
        return self.attributes[name]

    def __repr__(self) -> str:
        return outline(self.tag)


Target = str | Action | Element


class Page:
    """A tab of a visitor's browser, updated by its event stream.

    Elements hidden by `hidden`, `data-show` or a closed dialog are not
    found. Style sheets are ignored. Of JavaScript only Datastar's attributes
    are evaluated; an unsupported expression raises `UnreadableExpressionError`.

    Units: timeout_s bounds every call.
    """

    def __init__(self, tab: Tab, *, timeout_s: float, raise_errors: bool) -> None:
        self._tab, self._timeout_s, self._raise_errors = tab, timeout_s, raise_errors
        self._interactions = Interactions(tab)

    # Reading

    @property
    def status(self) -> int:
        """The status of the last response: of the page, later of each event."""
        return self.reply.status

    @property
    def reply(self) -> Reply:
        """The response to the last request of this page."""
        return self._read(lambda: self._tab.reply)

    @property
    def url(self) -> str:
        """The path and query of the page."""
        return self._read(lambda: self._tab.url)

    @property
    def title(self) -> str:
        tag = self._read(lambda: self._tab.soup.find("title"))
        return "" if tag is None else squeeze(tag.get_text())

    @property
    def html(self) -> str:
        """The current DOM, serialised."""
        return self._read(lambda: str(self._tab.soup))

    def text(self, selector: str = "body") -> str:
        """The rendered text of the only element that matches; of a control, its value.

        Raises: NotOnPageError, when none or several match.
        """
        return self._read(lambda: text_of(self._tab, locators.only(self._tab, selector)))

    def texts(self, selector: str) -> list[str]:
        """The rendered texts of all elements that match, in document order."""
        return [element.text for element in self.all(selector)]

    def has(self, selector: str) -> bool:
        """Whether a visible element matches."""
        return bool(self._read(lambda: locators.visible(self._tab, selector)))

    def all(self, selector: str) -> list[Element]:
        """All visible elements that match, as snapshots."""
        tab = self._tab
        return self._read(lambda: [Element(tab, tag) for tag in locators.visible(tab, selector)])

    def value(self, name: str) -> Any:
        """The value of a control, by name, id, label or selector; for radio buttons the choice."""
        tab = self._tab

        def read() -> Any:
            found = locators.controls(tab, tab.soup, name)
            checked = [attribute(tag, "value") for tag in found if control_value(tab, tag)]
            if attribute(found[0], "type") == "radio":
                return next(iter(checked), "")
            return checked if len(found) > 1 else control_value(tab, found[0])

        return self._read(read)

    @property
    def signals(self) -> PageSignals:
        """The page's signals: `page.signals["Counter.count"]`, or by `Counter.count_signal`."""
        return self._read(lambda: PageSignals(self._tab.signals, self._tab.url))

    @property
    def toasts(self) -> list[Toast]:
        """The toasts of the last action, oldest first."""

        def read() -> list[Toast]:
            found = select(self._tab.soup, "[data-toast]:not([data-toast=progress])")
            return [_toast(tag) for tag in found]

        return self._read(read)

    @property
    def errors(self) -> dict[str, str]:
        """The validation errors beside inputs, by input name."""

        def read() -> dict[str, str]:
            found = select(self._tab.soup, "form small[id$='-problem']")
            texts = {_input_name(tag): squeeze(tag.get_text()) for tag in found}
            return {name: text for name, text in texts.items() if text}

        return self._read(read)

    @property
    def confirmations(self) -> list[str]:
        """The confirmations that the last action required ("Delete this?"); all are accepted."""
        return self._read(lambda: list(self._tab.confirmations))

    @property
    def skipped(self) -> list[str]:
        """Unsupported expressions in initialising attributes, which were not evaluated."""
        return self._read(lambda: list(self._tab.skipped))

    # Interaction

    def click(self, target: Target) -> None:
        """Click a button, link or element: by text, selector or action, or an element of `all`.

        Raises: NotOnPageError; ServerFailedError, from the exception of the application.
        """
        self._act(lambda: self._interactions.click(self._clickable(target)))

    def fill(self, name: str, value: Any) -> None:
        """Change an input: by its name, bound signal, id, label or selector.

        Shapes: value is a bool for a check box, a list for multiple choice,
        (name, bytes) for a file.
        Raises: NotOnPageError, for an unknown input or an invalid value.
        """
        self._act(lambda: self._interactions.fill(self._tab.soup, name, value))

    def submit(self, target: str | Action | None = None, /, **values: Any) -> None:
        """Fill in and submit a form: by its button's text, a selector or an action.

        Without a target it is the only form of the page. The arguments of an
        action are filled in too.

        Raises: NotOnPageError; ServerFailedError, from the exception of the application.
        """

        async def work() -> None:
            form = locators.form(self._tab, target)
            arguments = target.args if isinstance(target, Action) else {}
            for name, value in {**arguments, **values}.items():
                await self._interactions.fill(form, name, value)
            await self._interactions.submit(form, locators.default_button(form))

        self._act(work)

    def visit(self, url: str) -> None:
        """Navigate this tab to another URL."""
        self._act(lambda: self._tab.go(url))

    def reload(self) -> None:
        """Load the page again."""
        self._act(lambda: self._tab.go(self._tab.url))

    def close(self) -> None:
        """Close the tab and its stream."""
        self._tab.running.run(self._tab.close(), self._timeout_s)
        self._tab.browser_states.close()

    def __repr__(self) -> str:
        return f"<Page {self._tab.url!r} status={self._tab.reply.status}>"

    def _clickable(self, target: Target) -> Tag:
        if isinstance(target, Element):
            if target.tag.decomposed or self._tab.soup not in target.tag.parents:
                raise NotOnPageError(f"{target!r} is no longer on the page; call page.all() again.")
            return target.tag
        return locators.clickable(self._tab, target)

    def _act(self, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Run an interaction; returns when all updates that it caused have been applied."""

        async def settled() -> None:
            await self._tab.running.settle()
            refresh(self._tab)
            self._tab.confirmations.clear()
            for toast in select(self._tab.soup, "[data-toast]"):
                toast.decompose()
            await work()
            await self._tab.running.settle()

        with ServerErrors(self._raise_errors) as errors:
            self._tab.running.run(settled(), self._timeout_s)
            errors.check(self._tab.reply)
        self._raise_tab_error()

    def _read(self, work: Callable[[], T]) -> T:
        async def settled() -> T:
            await self._tab.running.settle()
            refresh(self._tab)
            return work()

        result = self._tab.running.run(settled(), self._timeout_s)
        self._raise_tab_error()
        return result

    def _raise_tab_error(self) -> None:
        if self._tab.errors:
            raise self._tab.errors.pop(0)


def _toast(tag: Tag) -> Toast:
    sentence = tag.find("p")
    return Toast(squeeze((sentence or tag).get_text()), attribute(tag, "data-toast") or "info")


def _input_name(tag: Tag) -> str:
    form = tag.find_parent("form")
    id = (attribute(tag, "id") or "").removesuffix("-problem")
    return id.removeprefix(f"{attribute(form, 'id')}-") if form is not None else id
