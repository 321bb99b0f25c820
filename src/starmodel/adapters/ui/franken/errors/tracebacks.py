"""Developer error components: traceback, failure panel, and the page of a failed startup."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from fastcore.xml import Safe, to_xml

from starmodel.adapters.ui.elements import (
    H1,
    H2,
    Body,
    Button,
    Code,
    Details,
    Div,
    Figcaption,
    Figure,
    Form,
    Li,
    Main,
    Ol,
    P,
    Pre,
    Section,
    Span,
    Summary,
    Title,
    Ul,
)  # fmt: skip
from starmodel.adapters.ui.franken.icons import icon
from starmodel.app.presentation.failures import Frame

# Polls the health endpoint, and reloads for the application or its next failure.
WATCH = """
(() => {
  const shown = document.documentElement.dataset.failure, at = document.documentElement.dataset.health;
  const look = async () => {
    try {
      const answer = await fetch(at, { cache: "no-store" });
      if (answer.headers.get("starmodel-failure") !== shown) return location.reload();
    } catch {} // between two servers
    setTimeout(look, 500);
  };
  setTimeout(look, 500);
})();
""".strip()  # noqa: E501 - lines of JavaScript


def steps(frames: Sequence[Frame], trace: str) -> Any:
    """The frames of application code, the failing one last and expanded, then the traceback."""
    steps = [Li(_step(frame, last=frame is frames[-1])) for frame in frames]
    return Section(
        H2("In your code") if steps else None,
        Ol(*steps, cls="sm-steps") if steps else None,
        Details(
            Summary("The whole traceback"),
            Pre(Code(trace), tabindex="0", cls="sm-trace"),
            open=not steps,
        ),
        cls="sm-failure",
    )


def panel(text: str, icons_url: str, *content: Any) -> Any:
    """The panel of a failed event on the page of the click, until dismissed."""
    close = Button(
        icon("close", icons_url), Span("Dismiss", cls="sm-hidden"), type="button",
        data_dismiss=True, cls="uk-btn uk-btn-ghost uk-btn-icon uk-btn-xs",
    )  # fmt: skip
    return Section(
        Div(P(text, cls="sm-failure-text"), close, cls="sm-failure-head"), *content,
        role="alert", aria_label="Error in the application",
        data_toast="failure", cls="sm-failure-panel",
    )  # fmt: skip


def _command(command: str, migrate: str) -> Any:
    button = Button("Migrate now", type="submit", cls="uk-btn uk-btn-primary")
    where = (
        "Or in a terminal, in the project folder:"
        if migrate
        else "In a terminal, in the project folder:"
    )
    return (
        Form(button, method="post", action=migrate) if migrate else None,
        P(where, " ", Code(command), cls="sm-command"),
    )


def _step(frame: Frame, *, last: bool) -> Any:
    place = f"{frame.file}, line {frame.line}"
    lines = [
        Span(
            Span(str(number), cls="sm-line-number", aria_hidden="true"), f"{text}\n",
            cls="sm-line sm-line-here" if number == frame.line else "sm-line",
        )
        for number, text in frame.code
    ]  # fmt: skip
    code = Pre(Code(*lines), tabindex="0", cls="sm-trace sm-lines")
    head = (Code(place), Span(f"in {frame.function}", cls="sm-muted") if frame.function else None)
    if last:
        return Figure(Figcaption(*head), code)
    return Details(Summary(*head), code)


def failure_page(
    head: str,
    html_class: str,
    failure: str,
    health: str,
    *,
    heading: str,
    text: str,
    points: Sequence[str] = (),
    hint: str = "",
    frames: Sequence[Frame] = (),
    trace: str = "",
    command: str = "",
    migrate: str = "",
) -> str:
    """The page served for every request while an application fails to load.

    Shapes: points are details of the text; failure is the id of this failure;
    health is the URL of the endpoint that returns the current one; command is
    what the developer types; migrate is the URL to which a button posts, which
    runs it.
    """
    body = Body(
        Main(
            Div(H1(heading), cls="sm-heading"),
            Div(
                P(text, cls="sm-failure-text"),
                Ul(*map(Li, points), cls="sm-failure-points") if points else None,
                P(hint, cls="sm-muted") if hint else None,
                *(_command(command, migrate) if command else ()),
                cls="sm-problem-page",
            ),
            steps(frames, trace) if trace else None,
            P("This page reloads as soon as the application starts.",
              role="status", cls="sm-muted sm-failure-end"),
            id="content", tabindex="-1",
        ),
        cls="sm-page sm-alone",
    )  # fmt: skip
    title = to_xml(Title(heading), indent=False)
    script = f"<script>{WATCH}</script>"
    html = (
        f'<html lang="en" class="{html_class}" data-failure="{failure}" data-health="{health}">'
        f"<head>{head}{title}</head>{to_xml(body, indent=False)}{script}</html>"
    )
    return str(Safe(f"<!doctype html>{html}"))
