"""The first page: the introduction, the complete program, and that program running beside it."""

import inspect

from fasthtml.common import *
from monsterui.all import *

from starmodel import Entity, event, page

from .frame import CARD, MUTED, code, frame


class Counter(Entity):
    count: int = 0

    @event
    def increment(self, amount: int = 1):
        self.count += amount


# The displayed source is the running code: the class above, and two lines of boilerplate.
HELLO = f"""from starmodel import Entity, create_app, event

{inspect.getsource(Counter)}
app = create_app()
"""

PROOFS = [
    ("Counter", "/counter", "hash", "A page with no interface code",
        "Its value, a button and an input, generated from the class above."),
    ("Dashboard", "/dashboard", "chart-column", "Figures that are never stale",
        "Sell a coffee: tiles, chart and list change in every open window."),
    ("Chat", "/chat", "messages-square", "One entity, many people",
        "A live list for everybody who has it open, from one function marked @live."),
    ("Tasks", "/tasks", "list-checks", "Records in a database",
        "Lists, filters, forms, bulk actions and JSON at the same address."),
    ("Report", "/report", "loader", "Long work that shows itself",
        "Each step is stored as it is done. Close the tab: it goes on."),
]  # fmt: skip

PROMISES = [
    ("Nothing is lost", "A change is acknowledged after its commit, events that meet never "
        "overwrite each other, and a repeated click counts once."),
    ("Never out of order", "No window shows an older state after a newer one. After a lost "
        "connection the page shows the current state by itself."),
    ("All or nothing", "State changes only inside an event. When it raises, nothing anywhere "
        "has changed."),
    ("Closed by default", "Everything shared needs somebody signed in, unless its class says "
        "otherwise. Those of this demo do."),
]  # fmt: skip


@page("/", title="Start", icon="home", access="public", heading=False)
def home(counter: Counter):
    """Write an Entity once: get its database, its API and its live user interface."""
    return frame(
        Section(
            H1(
                "Write an Entity once: get its database, its API and its live user interface.",
                cls="max-w-4xl text-4xl sm:text-5xl font-bold tracking-tight text-balance",
            ),
            P(
                "StarModel is a Python web framework. One class with typed fields and ",
                Code("@event", cls="font-mono text-[.9em] text-foreground"),
                " methods gets a store, routes, forms and pages that follow every change. "
                "No JavaScript, no build step, and no request to anybody else's server.",
                cls="max-w-2xl text-lg text-pretty text-muted-foreground",
            ),
            cls="space-y-5 pt-4 sm:pt-10",
        ),
        Section(
            Div(
                P("The whole program", cls="border-b border-border px-5 py-3 text-sm font-medium"),
                code(HELLO),
                cls=f"{CARD} min-w-0",
            ),
            running(counter),
            cls="grid gap-4 lg:grid-cols-[1.25fr_1fr]",
        ),
        Section(
            H2("See what else it does", cls="text-2xl font-bold tracking-tight"),
            Div(
                *[proof(*told) for told in PROOFS],
                cls="grid gap-4 sm:grid-cols-2 lg:grid-cols-6 *:lg:col-span-2 "
                "*:nth-[-n+2]:lg:col-span-3 *:last:sm:col-span-2",
            ),
            cls="space-y-5 pt-6",
        ),
        Section(
            H2("What you can rely on", cls="text-2xl font-bold tracking-tight"),
            Dl(
                *[
                    Div(Dt(name, cls="font-semibold"), Dd(text, cls=f"mt-1 {MUTED}"))
                    for name, text in PROMISES
                ],
                cls="grid gap-6 sm:grid-cols-2 lg:grid-cols-4",
            ),
            cls="space-y-5 pt-6",
        ),
        source=__file__,
    )


def running(counter):
    return Div(
        P("The same program, running", cls="border-b border-border px-5 py-3 text-sm font-medium"),
        Div(
            counter,  # declares its signals and subscribes the page to updates
            P(
                data_text=Counter.count_signal,
                id="count",
                cls="text-7xl font-bold tracking-tighter tabular-nums",
            ),
            Form(
                Button("+1", data_on_click=Counter.increment(1), cls=ButtonT.primary, submit=False),
                Input(
                    type="number",
                    data_bind="amount",
                    value="5",
                    aria_label="Amount",
                    cls="w-20 ml-2",
                ),
                Button("Add", cls=ButtonT.default),
                data_on_submit=Counter.increment(),
                cls="flex items-center gap-2",
            ),
            P(
                A("Open a second window", href="/", target="_blank", cls="uk-link"),
                " and click: both count. Another browser has a counter of its own.",
                cls=MUTED,
            ),
            cls="flex grow flex-col justify-center gap-6 p-5 sm:p-8",
        ),
        cls=f"{CARD} flex flex-col",
    )


def proof(name, path, icon, title, text):
    return A(
        Div(
            Span(UkIcon(icon, height=20, width=20), cls="block size-5 text-primary"),
            Span(name, cls=MUTED),
            cls="flex items-center gap-2.5",
        ),
        P(title, cls="mt-3 font-semibold"),
        P(text, cls=f"mt-1 {MUTED}"),
        href=path,
        cls=f"{CARD} block p-5 transition-colors hover:border-primary",
    )
