"""The pages of the mailbox."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from fastcore.xml import H2, A, Dd, Div, Dl, Dt, Iframe, Li, Link, P, Pre, Section, Span, Ul

from starmodel.app.mail.mailbox import KeptMessage
from starmodel.plugins import Page
from starmodel.plugins.built_in.mail.frames import SANDBOX
from starmodel.texts.catalogue import Catalogue

_LINK = re.compile(r"(https?://[^\s<>\"']+)")


class MailPages:
    """Renders the list of messages and one message.

    Shapes: path is that of the list, and styles that of the style sheet, below the mount point.
    """

    def __init__(self, texts: Catalogue, path: str, styles: str) -> None:
        self._texts, self._path, self._styles = texts, path, styles

    def list(self, kept: Sequence[KeptMessage], root_path: str) -> Page:
        """All messages, newest first."""
        items = [
            Li(
                A(
                    Span(each.message.subject, cls="sm-mail-subject", dir="auto"),
                    Span(each.message.to, cls="sm-muted"), Span(_time(each), cls="sm-muted"),
                    href=f"{root_path}{self._path}/{each.number}", cls="uk-card",
                )
            )
            for each in reversed(kept)
        ]  # fmt: skip
        found = Ul(*items, cls="sm-mail-list") if items else P(self._text("empty"))
        intro = P(self._text("intro"), cls="sm-muted")
        return Page(self._text("title"), self._sheet(root_path), Div(intro, found, cls="sm-mail"))

    def message(self, kept: KeptMessage, root_path: str) -> Page:
        """One message as text, and as HTML where it has some."""
        message, url = kept.message, f"{root_path}{self._path}"
        facts = Dl(
            Div(Dt(self._text("to")), Dd(message.to)), Div(Dt(self._text("sent")), Dd(_time(kept))),
            cls="sm-fields",
        )  # fmt: skip
        text = Section(H2(self._text("text")), Pre(*_linked(message.text), dir="auto"))
        parts = [text]
        if message.html:
            frame = Iframe(
                src=f"{url}/{kept.number}.html", sandbox=SANDBOX, title=self._text("html")
            )
            parts.insert(0, Section(H2(self._text("html")), frame))
        return Page(
            message.subject, self._sheet(root_path),
            Div(
                A(self._text("back"), href=url), facts, Div(*parts, cls="sm-mail-parts"),
                cls="sm-mail",
            ),
        )  # fmt: skip

    def _sheet(self, root_path: str) -> Any:
        return Link(rel="stylesheet", href=f"{root_path}{self._styles}")

    def _text(self, key: str) -> str:
        return self._texts.text(f"mail.{key}")


def _linked(text: str) -> list[Any]:
    """The text with its web addresses as links."""
    return [
        A(part, href=part, target="_blank", rel="noopener noreferrer") if at % 2 else part
        for at, part in enumerate(_LINK.split(text))
    ]


def _time(kept: KeptMessage) -> str:
    return f"{datetime.fromtimestamp(kept.at, UTC):%Y-%m-%d %H:%M:%S} UTC"
