"""The same kind of class, in three different stores; in Redis, where one answers."""

import os
import socket
from typing import Annotated
from urllib.parse import urlsplit

from starmodel import Entity, Field, event

Line = Annotated[str, Field(min_length=1, max_length=80)]
MOST = 6


def redis_answers() -> bool:
    """Whether a server listens at REDIS_URL, or at the usual place on this machine."""
    place = urlsplit(os.environ.get("REDIS_URL", "redis://127.0.0.1:6379"))
    try:
        socket.create_connection((place.hostname, place.port or 6379), timeout=0.2).close()
    except OSError:
        return False
    return True


BASKETS = "redis" if redis_answers() else "memory"


class Guestbook(Entity):
    """Everybody's, and there after a restart."""

    model_config = {"store": "sql", "scope": "app", "access": "public"}
    entries: list[str] = []

    @event
    def sign(self, entry: Line):
        self.entries = [*self.entries, entry.strip()][-MOST:]


class Basket(Entity):
    """Yours alone, in all of your tabs. In memory it is gone when the server stops."""

    model_config = {"store": BASKETS, "scope": "session", "ttl": 3600}
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
