"""The demo: a counter of one's own, a chat that everybody shares, and products kept in SQLite."""

from datetime import UTC, datetime

from fasthtml.common import (
    H2,
    A,
    Button,
    Div,
    Form,
    Input,
    Label,
    Li,
    Ol,
    P,
    Section,
    Small,
    Strong,
    Style,
    Time,
    Titled,
)

from starmodel import Entity, Field, create_app, event, live

MAX_MESSAGES = 50


class Counter(Entity):
    """Yours alone: every tab of this browser follows, nobody else sees it."""

    count: int = 0

    @event
    def increment(self, amount: int = 1):
        self.count += amount

    @event
    def reset(self):
        self.count = 0


class Chat(Entity):
    """One for the whole application: whoever has it open sees each line at once."""

    model_config = {"scope": "app", "access": "public"}
    messages: list[dict[str, str]] = []

    @event(title="Send")
    def say(self, name: str, text: str):
        if not name.strip() or not text.strip():
            raise ValueError("Write your name and a message.")
        at = datetime.now(UTC).strftime("%H:%M")
        self.messages.append({"name": name.strip()[:40], "text": text.strip()[:500], "at": at})
        del self.messages[:-MAX_MESSAGES]
        return {"text": ""}  # a signal of the caller: its input is empty again


class Product(Entity):
    """Records in SQLite, with generated pages."""

    model_config = {"store": "sql", "access": "public"}
    name: str = Field(min_length=2, max_length=80)
    price: float = Field(default=1.0, ge=0)
    stock: int = 0

    @event
    def adjust_stock(self, delta: int):
        if self.stock + delta < 0:
            raise ValueError("Insufficient stock")
        self.stock += delta


@live
def messages(chat: Chat):
    lines = [
        Li(Strong(line["name"]), " ", Small(Time(line["at"])), P(line["text"]))
        for line in chat.messages
    ]
    return (
        Ol(*lines, id="messages")
        if lines
        else Ol(Li("Nobody has said anything yet."), id="messages")
    )


app = create_app(title="StarModel demo")


@app.get("/")
def home(counter: Counter, chat: Chat):
    return Titled(
        "StarModel demo",
        Style(STYLE),
        P("Open this page in two windows, and in another browser. Click and write."),
        Div(
            Section(
                H2("Your counter"),
                counter,
                P(Strong(data_text=Counter.count_signal), cls="figure"),
                Button("+1", data_on_click=Counter.increment(1)),
                " ",
                Button("+10", data_on_click=Counter.increment(10)),
                " ",
                Button("Reset", data_on_click=Counter.reset(), cls="quiet"),
            ),
            Section(
                H2("Everybody's chat"),
                messages(chat),
                Form(
                    Label("Name", Input(data_bind="name", required=True, maxlength=40)),
                    Label("Message", Input(data_bind="text", required=True, maxlength=500)),
                    Button("Send"),
                    data_on_submit=Chat.say(),
                ),
            ),
            cls="columns",
        ),
        P(
            "Generated, with no line of interface code: ",
            A("the counter", href="/counter"), ", ",
            A("the chat", href="/chat"), " and ",
            A("products in SQLite", href="/products"), ".",
        ),
    )  # fmt: skip


STYLE = """
:root { color-scheme: light dark; --line: #8884; --accent: #2563eb }
body { font: 16px/1.5 system-ui, sans-serif; margin: 0 auto; max-width: 60rem; padding: 1rem }
.columns { display: grid; gap: 1.5rem; grid-template-columns: repeat(auto-fit, minmax(18rem, 1fr)) }
section { border: 1px solid var(--line); border-radius: .75rem; padding: 1rem 1.25rem }
h2 { margin: 0 0 .75rem; font-size: 1.1rem }
.figure { font-size: 3rem; line-height: 1; margin: 0 0 1rem; font-variant-numeric: tabular-nums }
button { font: inherit; padding: .45rem .9rem; border-radius: .4rem; cursor: pointer;
  border: 1px solid var(--accent); background: var(--accent); color: white }
button.quiet { background: none; color: inherit; border-color: var(--line) }
form { display: grid; gap: .5rem }
label { display: grid; font-size: .875rem }
input { font: inherit; padding: .4rem .6rem; border: 1px solid var(--line); border-radius: .4rem;
  background: #8881; color: inherit; min-width: 0 }
ol { list-style: none; padding: 0; max-height: 18rem; overflow: auto }
li p { margin: 0 0 .5rem; overflow-wrap: anywhere }
#starmodel-status:not(:empty), #starmodel-toasts p { position: fixed; right: 1rem; bottom: 1rem;
  margin: 0; padding: .6rem 1rem; border: 1px solid var(--line); border-radius: .4rem;
  background: Canvas; box-shadow: 0 2px 12px #0003 }
"""
