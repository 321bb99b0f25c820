"""Pages of this project, rendered from FastHTML and MonsterUI components.

Each stands in the layout of the generated pages. Remove `home`, and `/` lists the entities.
"""

from typing import Any

from fasthtml.common import H2, A, Div, Form, P
from monsterui.all import Button, ButtonT, Card, TextPresets
from starmodel import page

from app import entities


@page("/", title="Home", icon="home", access="public")
async def home(
    # [memory]
    counter: entities.Counter,
    # [end]
    # [redis]
    visits: entities.Visits,
    # [end]
    # [browser]
    preferences: entities.Preferences,
    # [end]
) -> Any:
    """A parameter with an entity type is the entity of the session."""
    # [sql]
    open_tasks = await entities.Task.objects.count(done=False)
    # [end]
    return (
        # [memory]
        counter,  # adds its signals to the page and subscribes the page to its changes
        # [end]
        # [redis]
        visits,
        # [end]
        # [browser]
        preferences,
        # [end]
        Div(
            # [memory]
            Card(
                H2("Your counter"),
                P("In memory: open this page in a second tab.", cls=TextPresets.muted_sm),
                P(data_text=entities.Counter.count_signal, cls="text-5xl font-bold my-4"),
                Form(
                    Button("One more", cls=ButtonT.primary),
                    data_on_submit=entities.Counter.increment(1),
                ),
                P(A("Its generated page", href="/counter", cls="underline"), cls="my-4"),
            ),
            # [end]
            # [redis]
            Card(
                H2("Your visits"),
                P("In Redis: every process has them.", cls=TextPresets.muted_sm),
                P(data_text=entities.Visits.count_signal, cls="text-5xl font-bold my-4"),
                Form(Button("Count", cls=ButtonT.primary), data_on_submit=entities.Visits.add()),
                P(A("Its generated page", href="/visits", cls="underline"), cls="my-4"),
            ),
            # [end]
            # [browser]
            Card(
                H2("Your preferences"),
                P(
                    "In this browser: the server keeps nothing of it.",
                    data_show=entities.Preferences.hints_signal,
                    cls=TextPresets.muted_sm,
                ),
                Form(
                    Button("Show or hide the hint", cls=ButtonT.primary),
                    data_on_submit=entities.Preferences.toggle_hints(),
                ),
                P(A("Its generated page", href="/preferences", cls="underline"), cls="my-4"),
            ),
            # [end]
            # [sql]
            Card(
                H2("Tasks"),
                P("In the database: a list, forms and an API.", cls=TextPresets.muted_sm),
                P(f"{open_tasks} to do", cls="my-4"),
                Form(Button("Open the tasks", cls=ButtonT.primary), action="/tasks", method="get"),
                P(A("A new one", href="/tasks/new", cls="underline"), cls="my-4"),
                P(
                    "To change tasks, sign in. In development, the server prints a link for it.",
                    cls=TextPresets.muted_sm,
                ),
            ),
            # [end]
            # [auth]
            Card(
                H2("Your account"),
                P("For users: name, password and devices.", cls=TextPresets.muted_sm),
                P(A("Sign in, or see your account", href="/account", cls="underline"), cls="my-4"),
            ),
            # [end]
            cls="grid gap-6 md:grid-cols-2 lg:grid-cols-3",
        ),
    )
