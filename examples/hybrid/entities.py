"""The same kind of class, in three different stores."""

from typing import Annotated

from starmodel import Entity, Field, event

Line = Annotated[str, Field(min_length=1, max_length=80)]
MOST = 6


class Guestbook(Entity):
    """Everybody's, and there after a restart."""

    model_config = {"store": "sql", "scope": "app", "access": "public"}
    entries: list[str] = []

    @event
    def sign(self, entry: Line):
        self.entries = [*self.entries, entry.strip()][-MOST:]


class Basket(Entity):
    """Yours alone, in all of your tabs, and gone when the server stops."""

    model_config = {"store": "memory", "scope": "session"}
    items: list[str] = []

    @event
    def put(self, item: Line):
        self.items = [*self.items, item.strip()][-MOST:]

    @event
    def clear(self):
        self.items = []


class Notepad(Entity):
    """Yours in this browser, in all of its tabs; the server keeps nothing."""

    model_config = {"store": "local_storage"}
    text: Annotated[str, Field(max_length=2000)] = ""
    kept: int = 0

    @event
    def keep(self):
        """The signal of a bound input is applied before the event runs."""
        self.kept += 1
