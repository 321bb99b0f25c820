"""Tasks in SQLite. The list, its filters, the forms and the detail page are all generated."""

from datetime import date, timedelta
from enum import StrEnum
from typing import Annotated

from starmodel import UI, Entity, Field, dispatch, event


class Status(StrEnum):
    TO_DO = "to_do"
    IN_PROGRESS = "in_progress"
    WAITING = "waiting"


class Priority(StrEnum):
    LOW = "low"
    NORMAL = "normal"
    HIGH = "high"


class Task(Entity):
    """Records in SQLite: a list with filters, forms, bulk actions and JSON."""

    model_config = {
        "store": "sql",
        "access": "public",
        "list_display": ["title", "status", "priority", "due", "done"],
        "list_filter": ["status", "priority", "due", "done"],
        "search_fields": ["title", "notes"],
    }
    title: str = Field(min_length=3, max_length=120)
    status: Status = Status.TO_DO
    priority: Annotated[Priority, UI(widget="radio")] = Priority.NORMAL
    due: date | None = Field(default=None, title="Due on")
    notes: str = Field(default="", max_length=2000)
    done: bool = False

    @event
    def complete(self):
        self.done = True

    @event
    def reopen(self):
        self.done = False

    @event
    def postpone(self, days: Annotated[int, Field(ge=1, le=365)] = 7):
        """Move the due date, from today if there is none or it has passed."""
        self.due = max(self.due or date.today(), date.today()) + timedelta(days=days)


EXAMPLES = [
    ("Order paper for the printer", Status.TO_DO, Priority.LOW, 9, False),
    ("Answer the question about the invoice of May", Status.IN_PROGRESS, Priority.HIGH, 0, False),
    ("Prepare the workshop for new colleagues", Status.IN_PROGRESS, Priority.NORMAL, 4, False),
    ("Renew the certificate of the web shop", Status.TO_DO, Priority.HIGH, 2, False),
    ("Choose a caterer for the summer party", Status.WAITING, Priority.NORMAL, 21, False),
    ("Archive the projects of last year", Status.TO_DO, Priority.LOW, None, False),
    ("Send the minutes of Monday's meeting", Status.TO_DO, Priority.NORMAL, -1, True),
]


class Setup(Entity):
    """Remembers that the examples have been written, so that deleted ones stay away."""

    model_config = {"store": "sql", "scope": "app", "path": None}
    done: bool = False

    @event
    def write_examples(self, uow):
        if self.done:
            return
        for title, status, priority, days, done in EXAMPLES:
            due = None if days is None else date.today() + timedelta(days=days)
            uow.add(Task(title=title, status=status, priority=priority, due=due, done=done))
        self.done = True


async def seed():
    """Runs at each start; the tasks and the flag are committed together, so only once."""
    await dispatch(Setup.write_examples())
