"""An application whose pages hold browser-only state: unsent input, open details, requests."""

PAGE_STATE = '''
import asyncio
from datetime import date
from typing import Annotated, Literal

from fasthtml.common import *
from starmodel import UI, Entity, Field, Redirect, Toast, create_app, event, live


class Essay(Entity):
    """Saves itself while it is typed, slowly."""

    title: str = Field(default="", sync=True)
    saves: int = 0

    @event
    async def keep(self):
        self.saves += 1
        await asyncio.sleep(0.25)


class Prefs(Entity):
    model_config = {"store": "local_storage"}
    note: str = ""

    @event
    def keep(self):
        """Takes over what is bound."""


class Board(Entity):
    """Shared by everybody."""

    model_config = {"scope": "app", "access": "public"}
    motto: str = Field(default="old motto", sync=True)
    plan: str = "old plan"
    size: Literal["S", "M", "L"] = "M"
    n: int = 0

    @event
    def tick(self):
        self.n += 1
        self.plan, self.size = f"plan {self.n}", "L"

    @event
    def shout(self):
        self.motto = self.motto.upper()

    @event
    def change(self, motto: str):
        self.motto = motto


class Chat(Entity):
    model_config = {"scope": "app", "access": "public"}
    lines: list[str] = []

    @event
    async def say(self, text: str):
        await asyncio.sleep(0.2)
        self.lines.append(text)
        return {"text": ""}

    @event
    def clear(self):
        self.lines.clear()


class Finder(Entity):
    asked: int = 0

    @event
    async def find(self, q: str = ""):
        await asyncio.sleep(0.8 if len(q) == 1 else 0.05)
        return Ul(Li("found for " + q), id="results")


class Ticket(Entity):
    model_config = {"access": "public", "scope": "record", "list_filter": ["state"]}
    title: str
    mail: Annotated[str, UI(widget="email")] = ""
    stock: int = 0
    limit: int | None = None
    state: Literal["open", "waiting", "done"] = "open"

    @event
    def finish(self):
        self.state = "done"
        return [Toast("Ticket finished", "success"), Redirect("/tickets")]

    @event
    def rename(self, title: str):
        self.title = title
        return Toast("Renamed")


class Rule(Entity):
    """Its fields have the names of a form's own properties."""

    model_config = {"access": "public", "scope": "record"}
    id: str = Field(min_length=2)
    action: str = "go"
    attributes: str = ""
    children: str = ""
    closest: str = ""
    dataset: str = ""
    elements: str = ""
    length: int = 0
    matches: str = ""
    method: str = ""
    name: str = Field(min_length=2)
    reset: bool = False
    submit: str = ""
    target: str = ""


class Account(Entity):
    number: int = 0
    text: str = ""

    @event
    def book(self, amount: int | None = None):
        self.text = "nothing" if amount is None else str(amount)


class Choices(Entity):
    """Shared by everybody; each kind of control that holds more than a text."""

    model_config = {"scope": "app", "access": "public"}
    size: str = Field(default="S", sync=True)
    sizes: list[str] = Field(default=["S"], sync=True, signal=True)
    day: date | None = Field(default=date(2026, 1, 1), sync=True)
    level: int = Field(default=5, sync=True)
    n: int = 0

    @event
    def change(self):
        self.n += 1
        self.size, self.sizes, self.day, self.level = "L", ["L"], date(2030, 2, 2), 9

    @event
    def restore(self):
        self.size, self.sizes, self.day, self.level = "S", ["S"], date(2026, 1, 1), 5

    @event
    def keep(self):
        self.n += 1


class Person(Entity):
    model_config = {"access": "public", "plural": "people", "store": "sql"}
    name: str


class Crew(Entity):
    model_config = {"access": "public", "store": "sql"}
    name: str = Field(unique=True)
    size: int = 1
    note: str = ""
    captain: Person | None

    @event
    def lead(self, by: Person):
        self.note = f"led by {by.name}"

    @event
    def fail(self):
        raise ValueError("Not today")


app = create_app(title="Desk", heartbeat_s=0.5)


@app.get("/choices-page")
def choices(choices: Choices):
    size, sizes = Choices.size_signal, Choices.sizes_signal
    return Titled("Choices", choices,
        *[Input(type="radio", name="size", value=s, data_bind=size, id=s) for s in "SML"],
        Select(*[Option(s, value=s) for s in "SML"], multiple=True, data_bind=sizes, id="sizes"),
        Input(type="date", data_bind=Choices.day_signal, id="day"),
        Input(type="range", min="0", max="10", data_bind=Choices.level_signal, id="level"),
        P(data_text=Choices.n_signal, id="n"), Button("Keep", data_on_click=Choices.keep()))


@live
def chosen(choices: Choices):
    picks = [Option(s, value=s, selected=s in choices.sizes) for s in "SML"]
    return Div(P(choices.n, id="n"),
        *[Input(type="radio", name="size", value=s, checked=choices.size == s, id=s)
          for s in "SML"],
        Select(*picks, multiple=True, id="sizes"),
        Input(type="date", value=str(choices.day), id="day"),
        Input(type="range", min="0", max="10", value=choices.level, id="level"), id="chosen")


@app.get("/chosen")
def read_choices(choices: Choices):
    return Titled("Chosen", chosen(choices))


@app.get("/essay-page")
def essay(essay: Essay):
    return Titled("Essay", essay,
        Input(data_bind=Essay.title_signal, id="title",
              **{"data-on:input__debounce.100ms": Essay.keep()}),
        P(data_text=Essay.saves_signal, id="saves"))


@app.get("/notes")
def notes(prefs: Prefs, board: Board):
    return Titled("Notes", prefs, board,
        Textarea(data_bind=Prefs.note_signal, id="note"),
        Input(data_bind=Board.motto_signal, id="motto"),
        P(data_text=Board.motto_signal, id="shown"),
        Input(data_bind="free", id="free"), P(data_text=Board.n_signal, id="n"),
        Button("Shout", data_on_click=Board.shout()),
        Button("Keep", data_on_click=Prefs.keep()))


@live
def news(board: Board):
    sizes = [Option(size, selected=size == board.size) for size in ("S", "M", "L")]
    return Div(P(board.n, id="n"), Input(value=board.plan, id="plan"),
        Textarea(board.plan, id="long"),
        Select(*sizes, id="size"), Input(type="checkbox", checked=board.n > 0, id="box"),
        Div(board.plan, contenteditable="true", id="free"),
        Details(Summary("More"), P("all of it"), id="more"),
        Details(Summary("Less"), P("some of it"), id="less", open=True),
        Dialog(P("hello"), id="dialog"), id="news")


@live
def rows(board: Board):
    return Ul(*[Li(Input(type="checkbox"), f"row {i}") for i in range(board.n % 3 + 2)], id="rows")


@app.get("/rows")
def keyless(board: Board):
    return Titled("Rows", rows(board), board, P(data_text=Board.n_signal, id="n"))


@app.get("/news")
def read(board: Board):
    return Titled("News", news(board), Button("Tick", data_on_click=Board.tick()))


@app.get("/room")
def room(chat: Chat):
    return Titled("Room", chat,
        Form(Input(data_bind="text", id="text"), Button("Say", id="say"),
             data_on_submit=Chat.say()))


@app.get("/find")
def find(finder: Finder):
    return Titled("Find", finder,
        Input(data_bind="q", id="q", **{"data-on:input": Finder.find()}), Ul(id="results"))


@app.get("/account-page")
def account(account: Account):
    return Titled("Account", account,
        Form(Input(data_bind="amount", type="number", id="amount"), Button("Book", id="book"),
             data_on_submit=Account.book()),
        P(data_text=Account.text_signal, id="booked"))
'''
