"""A long-running job: every step is committed when it is done, and visible on every open page."""

import asyncio
from datetime import UTC, datetime, timedelta

from fasthtml.common import *
from monsterui.all import *

from starmodel import Entity, Progress, event, live, page

from .frame import CARD, beside, frame

STEPS = {  # seconds per step
    "Collect the invoices of the year": 1.5,
    "Check them against the bank": 2.0,
    "Add up by month and customer": 1.5,
    "Draw the tables": 1.0,
    "Write the summary": 1.5,
}
LONGEST = timedelta(minutes=1)


class Report(Entity):
    """A report that takes its time, the same one for everybody."""

    model_config = {"scope": "app", "access": "public"}
    started: datetime | None = None
    finished: datetime | None = None
    steps: list[str] = []

    @event(title="Write the report")
    async def write(self):
        now = datetime.now(UTC)
        if self.started and not self.finished and now - self.started < LONGEST:
            raise ValueError("The report is being written already.")
        self.started, self.finished, self.steps = now, None, []
        for done, (step, seconds) in enumerate(STEPS.items()):
            yield Progress(done / len(STEPS), f"{step}…")  # commits the steps so far
            await asyncio.sleep(seconds)
            self.steps.append(step)
        self.finished = datetime.now(UTC)


@live
def course(report: Report):
    """The progress, for everyone: the caller, other windows, and visitors who arrive later."""
    done, total = len(report.steps), len(STEPS)
    running = bool(report.started and not report.finished)
    if report.finished:
        told = f"Finished in {(report.finished - report.started).total_seconds():.0f} seconds."
    else:
        told = f"{done} of {total} steps are done." if running else "Not started yet."
    return Div(
        Div(
            P(told, role="status", cls="font-medium"),
            P(f"{done / total:.0%}", cls="tabular-nums text-muted-foreground"),
            cls="flex justify-between gap-4",
        ),
        progress_bar(done / total),
        Ol(
            *[
                step(name, "done" if n < done else "now" if running and n == done else "later")
                for n, name in enumerate(STEPS)
            ],
            cls="space-y-3 py-2",
        ),
        Button(
            "Write the report",
            data_on_click=Report.write(),
            disabled=running,
            cls=ButtonT.primary,
            submit=False,
        ),
        id="course",
        cls=f"{CARD} space-y-4 p-5 sm:p-6",
    )


def progress_bar(share):
    return Div(
        Div(
            style=f"width: {share:.0%}",
            cls="h-full rounded-full bg-primary transition-[width] duration-500",
        ),
        role="progressbar",
        aria_label="Progress of the report",
        aria_valuenow=f"{share:.0%}".rstrip("%"),
        cls="h-2 overflow-hidden rounded-full bg-muted",
    )


MARK = "grid size-6 flex-none place-items-center rounded-full border-2 text-xs font-bold"
MARKS = {
    "done": ("✓", "bg-primary text-primary-foreground border-primary", "done"),
    "now": ("", "border-primary border-r-transparent animate-spin", "under way"),
    "later": ("", "border-border", "to do"),
}


def step(name, state):
    mark, look, said = MARKS[state]
    return Li(
        Span(
            mark,
            aria_hidden="true",
            cls=f"{MARK} {look}",
        ),
        Span(name, cls="text-muted-foreground" if state == "later" else ""),
        Span(f"({said})", cls="sr-only"),
        cls="flex items-center gap-3",
    )


@page("/report", title="Report", icon="text", access="public")
def progress(report: Report):
    """A long-running job whose steps are stored as they are done."""
    return frame(
        beside(
            course(report),
            "Start it, close this tab, and open the page again: the work went on.",
            "Look from a second window: the steps appear there too. The message with the "
            "progress is for whoever started it.",
            "Start it here and look there: the button waits in every window until it is done.",
        ),
        lead="A long event is an async generator. At each yield, what was done so far is stored "
        "and shown in every window.",
        source=__file__,
    )
