"""The application under test: accounts in SQL, and a second store that crashes between commits."""

APPLICATION = '''\
import json
import os
import random
import signal
from pathlib import Path

from starmodel import Entity, create_app, event
from starmodel.adapters.persistence.memory import MemoryRepository

DEATHS_PER_COMMIT = float(os.environ.get("DEATHS_PER_COMMIT", "0"))


class Account(Entity):
    model_config = {"store": "sql", "access": "public"}
    id: str
    total: int = 0
    entries: int = 0

    @event
    def add(self, amount: int):
        self.total += amount
        self.entries += 1

    @event
    def move(self, other: "Account", amount: int):
        self.total -= amount
        other.total += amount
        self.entries += 1
        other.entries += 1


class Journal(MemoryRepository):
    """A store that cannot take part in a transaction; its process may die once it has accepted."""

    async def commit(self, batch, between=None):
        await super().commit(batch, between)
        for change in batch.changes:
            if change.snapshot is not None:
                with Path(os.environ["JOURNAL"]).open("a") as file:
                    file.write(json.dumps([change.snapshot.book, change.snapshot.amount]) + "\\n")
        if random.random() < DEATHS_PER_COMMIT:
            os.kill(os.getpid(), signal.SIGKILL)


class Note(Entity):
    model_config = {"store": "journal", "scope": "record", "access": "public"}
    book: str
    amount: int


class Book(Entity):
    """Writes to both stores in one command."""

    model_config = {"store": "sql", "access": "public"}
    id: str
    total: int = 0

    @event
    def enter(self, amount: int, uow):
        self.total += amount
        uow.add(Note(book=self.id, amount=amount))


app = create_app([Account, Note, Book], stores={"journal": Journal})
'''
