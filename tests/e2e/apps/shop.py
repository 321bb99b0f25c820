"""The application that most tests share. Every test takes an entity or a record of its own."""

SHOP = '''
import asyncio
import time
from typing import Literal

from fasthtml.common import *
from starmodel import Actor, Entity, Field, Redirect, Session, Toast, create_app, event, live


class Counter(Entity):
    """Counts for one visitor."""

    count: int = 0

    @event
    def increment(self, amount: int = 1):
        self.count += amount

    @event
    async def peek(self, request):
        return note_list(await Board.get(request))

    @event
    def decrement(self, amount: int = 1):
        if amount > self.count:
            raise ValueError(f"Only {self.count} left")
        self.count -= amount


class Board(Entity):
    """Shared by everybody."""

    model_config = {"scope": "app", "access": "public"}
    notes: list[str] = []
    votes: dict[str, int] = {}

    @event
    def add(self, note: str):
        self.notes.append(note)

    @event
    def vote(self, name: str):
        self.votes[name] = self.votes.get(name, 0) + 1

    @event
    def unvote(self, name: str):
        del self.votes[name]


class Job(Entity):
    """Long work."""

    step: int = 0

    @event
    async def work(self):
        for step in (1, 2, 3):
            self.step = step
            yield Toast(f"Step {step}")
            await asyncio.sleep(0.3)


class Product(Entity):
    """A record."""

    model_config = {"access": "public"}
    name: str = Field(max_length=20)
    price: float = 1.0
    stock: int = 0
    size: Literal["S", "M", "L"] = "M"
    active: bool = True
    tags: list[str] = []

    @event
    def adjust_stock(self, delta: int = 1):
        if self.stock + delta < 0:
            raise ValueError("Insufficient stock")
        self.stock += delta


class Offer(Entity):
    """Ends by itself."""

    model_config = {"access": "public", "ttl": 1}
    text: str

    @event
    def extend(self, text: str):
        self.text = text


class Account(Entity):
    """Belongs to somebody who is signed in."""

    model_config = {"scope": "user"}
    visits: int = 0

    @event
    def visit(self):
        self.visits += 1


app = create_app(title="Shop", heartbeat_s=0.5)


@live
def note_list(board: Board):
    return Ul(*[Li(text) for text in board.notes], id="note-list")


@app.get("/wall")
async def wall(board: Board, counter: Counter):
    return Titled("Wall", note_list(board), board, counter,
        P(data_text=Counter.count_signal, id="mine"),
        Button("Two", data_on_click=Counter.increment(2)),
        Button("Five", data_on_click=Counter.increment(5)))


@app.get("/in")
def sign_in(session: Session):
    session.sign_in(Actor("ann", "Ann"))
    return Redirect("/account")


@app.get("/out")
def sign_out(session: Session):
    session.sign_out()
    return Redirect("/account")


@app.get("/peek")
def peek(counter: Counter):
    return Titled("Peek", counter, Ul(id="note-list"), Button("Peek", data_on_click=Counter.peek()))


@app.get("/parts")
def parts():
    return Titled("Parts",
        P("", id="part"), P(data_text="$told", data_signals="{told: 'nothing'}", id="told"),
        Button("Component", data_on_click="@get('/part')"),
        Button("Signals", data_on_click="@get('/told')"),
        Button("Nothing", data_on_click="@post('/nothing')"),
        Button("Leave", data_on_click="@post('/leave')"))


@app.get("/part")
def part():
    return P("A part", id="part")


@app.get("/told")
def told():
    return {"told": "something"}


@app.post("/nothing")
def nothing():
    return None


@app.post("/leave")
def leave():
    return Redirect("/wall")


@app.get("/drop")
def drop():
    app.starmodel.hub.close()


@app.get("/streams")
def streams(counter: Counter):
    return str(sum(s.visitor == counter.id for s in app.starmodel.hub))
'''

LEDGER = """
from starmodel import Entity, create_app, event


class Ledger(Entity):
    model_config = {"store": "sql", "scope": "app", "access": "public"}
    clicks: int = 0

    @event
    def click(self):
        self.clicks += 1

    @event
    def note(self, text: str):
        pass


app = create_app()
"""
