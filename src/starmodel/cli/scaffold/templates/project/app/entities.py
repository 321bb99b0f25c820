"""What this application knows, and how it may change.

Each class gets a store, routes, a JSON API, pages and forms by itself. State changes only
inside `@event` methods, and each is all or nothing: when one raises, nothing has changed.
"""

# [sql]
from datetime import date, timedelta
from typing import Annotated

# [end]
from starmodel import Entity, Field, event


# [memory]
class Counter(Entity):
    """Kept in the server's memory: one for each visitor, gone when the server stops."""

    count: int = Field(default=0, ge=0)  # checked after every event

    @event
    def increment(self, amount: int = 1) -> None:
        # Parameters become inputs, and what is sent is checked against their types.
        self.count += amount

    @event
    def reset(self) -> None:
        if self.count == 0:
            # A ValueError is told to whoever clicked, as it stands here.
            raise ValueError("The counter is at zero already.")
        self.count = 0


# [end]
# [browser]
class Preferences(Entity):
    """Kept in the visitor's own browser: the server stores nothing of it, and tabs follow."""

    model_config = {"store": "local_storage"}
    hints: bool = Field(default=True, title="Show hints")

    @event
    def toggle_hints(self) -> None:
        self.hints = not self.hints


# [end]
# [sql]
class Task(Entity):
    """Kept in the database: a list with search, filters, forms and a page for each task."""

    model_config = {
        "store": "sql",
        # Without a rule only who is signed in may read or write. Others are "public",
        # "nobody", "role:NAME", or a function of (actor, entity).
        "access": {"read": "public", "write": "signed_in"},
        "list_display": ["title", "due", "done"],
        "list_filter": ["done", "due"],
        "search_fields": ["title", "notes"],
    }
    title: str = Field(min_length=3, max_length=120)
    due: date | None = None
    notes: str = Field(default="", max_length=2000)
    done: bool = False

    @event
    def finish(self) -> None:
        if self.done:
            raise ValueError("This task is done already.")
        self.done = True

    @event
    def postpone(self, days: Annotated[int, Field(ge=1, le=365)] = 7) -> None:
        """Move the due date, from today if there is none or it has passed."""
        self.due = max(self.due or date.today(), date.today()) + timedelta(days=days)


# [end]
