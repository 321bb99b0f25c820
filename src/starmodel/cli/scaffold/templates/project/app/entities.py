"""The entities of this application and their events.

StarModel generates a store, routes, a JSON API, pages and forms for each class. State changes
only inside `@event` methods, as one transaction: when a method raises, nothing is stored.
"""

# [sql]
from datetime import date, timedelta
from typing import Annotated

# [end]
from starmodel import Entity, Field, event


# [memory]
class Counter(Entity):
    """Stored in the memory of the server: one per session, deleted when the server stops."""

    count: int = Field(default=0, ge=0)  # validated after every event

    @event
    def increment(self, amount: int = 1) -> None:
        # Parameters are rendered as inputs, and payloads are validated by their types.
        self.count += amount

    @event
    def reset(self) -> None:
        if self.count == 0:
            # The message of a ValueError is shown in the page that sent the request.
            raise ValueError("The counter is at zero already.")
        self.count = 0


# [end]
# [redis]
class Visits(Entity):
    """Stored in Redis: one per session in every process, deleted an hour after the last one."""

    model_config = {"store": "redis", "ttl": 3600}
    count: int = Field(default=0, ge=0)

    @event
    def add(self) -> None:
        self.count += 1


# [end]
# [browser]
class Preferences(Entity):
    """Stored in localStorage of the browser, synchronised between tabs, not on the server."""

    model_config = {"store": "local_storage"}
    hints: bool = Field(default=True, title="Show hints")

    @event
    def toggle_hints(self) -> None:
        self.hints = not self.hints


# [end]
# [sql]
class Task(Entity):
    """Stored in the database: a list with search, filters, forms and a page per task."""

    model_config = {
        "store": "sql",
        # The default access policy requires a signed-in actor. Other rules: "public",
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
        """Postpone the due date, from today if it is missing or past."""
        self.due = max(self.due or date.today(), date.today()) + timedelta(days=days)


# [end]
