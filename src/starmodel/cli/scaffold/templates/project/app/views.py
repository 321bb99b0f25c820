"""Pages of one's own, made of FastHTML and MonsterUI components.

They win over the generated ones: remove `home` and `/` lists the entities.
"""

from typing import Any

from fasthtml.common import H1, H3, A, APIRouter, Div, Form, P, Title
from monsterui.all import Button, ButtonT, Card, Container, TextPresets

# [memory]
from app.entities import Counter

# [end]

pages = APIRouter()


@pages.get("/")
def home(
    # [memory]
    counter: Counter,
    # [end]
) -> Any:
    """An entity that is named as a parameter is the visitor's own."""
    return Title("PROJECT_TITLE"), Container(
        H1("PROJECT_TITLE", cls="text-3xl font-bold my-8"),
        # [memory]
        counter,  # puts it into the page: its signals are there, and follow every change
        # [end]
        Div(
            # [memory]
            Card(
                H3("Your counter"),
                P("In memory: open this page in a second tab.", cls=TextPresets.muted_sm),
                P(data_text=Counter.count_signal, cls="text-5xl font-bold my-4"),
                Form(Button("One more", cls=ButtonT.primary), data_on_submit=Counter.increment(1)),
                P(A("Its generated page", href="/counter", cls="underline"), cls="my-4"),
            ),
            # [end]
            # [sql]
            Card(
                H3("Tasks"),
                P("In the database: a list, forms and an API.", cls=TextPresets.muted_sm),
                Form(Button("Open the tasks", cls=ButtonT.primary), action="/tasks", method="get"),
                P(A("A new one", href="/tasks/new", cls="underline"), cls="my-4"),
                P(
                    "To change tasks, open the link that the server printed.",
                    cls=TextPresets.muted_sm,
                ),
            ),
            # [end]
            cls="grid gap-6 md:grid-cols-2",
        ),
    )
