"""A small program that visitors and, in tests/e2e, Chromium go through alike."""

from fasthtml.common import *

from starmodel import Entity, Field, Redirect, Session, Toast, create_app, dispatch, event, live, on


class Counter(Entity):
    count: int = 0

    @event
    def increment(self, amount: int = 1):
        self.count += amount
        return Toast(f"Now {self.count}", "success")

    @event(confirm="Back to zero?")
    def reset(self):
        self.count = 0

    @event
    def rename(self, name: str):
        return P(f"It is called {name}", id="called")

    @event
    async def slowly(self):
        for _ in range(3):
            self.count += 1
            yield

    @event
    def leave(self):
        return Redirect("/chat")

    @event
    async def peek(self, request):
        return lines(await Chat.get(request))

    @event
    def measure(self, file: UploadFile, colour: str = "", size: str = "", sure: bool = False):
        text = f"{file.filename} {len(file.file.read())} {colour} {size} {sure}"
        return P(text, id="measured")


class Chat(Entity):
    model_config = {"scope": "app", "access": "public"}
    lines: list[str] = []

    @event
    def say(self, text: str):
        if not text.strip():
            raise ValueError("Say something")
        self.lines.append(text)


class Product(Entity):
    model_config = {"store": "sql", "access": "public"}
    name: str = Field(min_length=2, unique=True)
    stock: int = 0
    active: bool = True

    @event
    def sell(self, n: int = 1):
        if n > self.stock:
            raise ValueError("Too few")
        self.stock -= n

    @event
    def crash(self):
        raise KeyError("nothing to see")


class Diary(Entity):
    model_config = {"scope": "user"}
    pages: int = 0

    @event
    def write(self):
        self.pages += 1


@on(Product.sell)
async def tell(record):
    await dispatch(Chat.say("Something was sold"))


@live
def lines(chat: Chat):
    return Ul(*[Li(line) for line in chat.lines], id="lines")


def build():
    app = create_app([Counter, Chat, Product, Diary], title="Shop")

    @app.get("/own")
    def own(counter: Counter):
        return Titled(
            "Own",
            counter,
            H2(data_text=Counter.count_signal, id="count"),
            P("Much", data_show=f"{Counter.count_signal} > 3", id="much"),
            P("Even", data_class_even=f"{Counter.count_signal} % 2 == 0", id="parity"),
            P(data_text="$Counter.count.toFixed(2)", id="unreadable"),
            P(id="called"),
            Div({"data-signals": "{open: false}"}),
            Button("Toggle", data_on_click="$open = !$open"),
            Div("Details", data_show="$open", id="details"),
            Button("+1", data_on_click=Counter.increment(1)),
            Button("+2", data_on_click=Counter.increment(2)),
            Button("Reset", data_on_click=Counter.reset()),
            Button("Slowly", data_on_click=Counter.slowly()),
            Button("Leave", data_on_click=Counter.leave()),
            Button("Nothing"),
            Input(data_bind="name", aria_label="Name"),
            Button("Rename", data_on_click=Counter.rename()),
            A("To the chat", href="/chat"),
        )

    @app.get("/chat")
    def chat(chat: Chat):
        return Titled(
            "Chat",
            lines(chat),
            Form(Input(data_bind="text"), Button("Say"), data_on_submit=Chat.say(), id="say"),
        )

    @app.get("/more")
    def more(counter: Counter):
        return Titled(
            "More",
            counter,
            Div({"data-computed:double": f"{Counter.count_signal} * 2"}),
            P(data_text="$double", id="double"),
            A("Next", {"data-attr:href": "'/page?n=' + $double"}, id="next"),
            Ul(id="lines"),
            Button("Peek", data_on_click=Counter.peek()),
            Button("+1", data_on_click=Counter.increment(1)),
            P(id="measured"),
            Form(
                Input(type="file", name="file"),
                Select(Option("red"), Option("Blue", value="b"), name="colour"),
                Input(type="radio", name="size", value="S"),
                Input(type="radio", name="size", value="L"),
                Label(Input(type="checkbox", name="sure"), "Sure"),
                Button("Measure"),
                {"data-on:submit": "@post('/counter/measure', @submit())"},
                enctype="multipart/form-data",
                id="measure",
            ),
            Form(Input(name="q"), Button("Plain"), method="post", action="/plain", id="plain"),
            Div({"data-init": "@get('/late')"}, id="late"),
            Div({"data-init": "el.focus()"}),
            Div({"data-on:click": "el.remove()"}, "Odd", id="odd"),
        )

    @app.post("/plain")
    def plain(q: str):
        return Titled("Plain", P(q, id="q"))

    @app.get("/late")
    def late():
        return HTMLResponse(to_xml(P("Came late", id="late")))

    @app.get("/lost")
    def lost(counter: Counter):
        return Titled("Lost", counter, Button("Go", data_on_click=Counter.rename("x")))

    @app.get("/old")
    def old():
        return Redirect("/chat")

    @app.get("/in/{name}")
    def sign_in(session: Session, name: str):
        session.sign_in(name)
        return Redirect("/diary")

    return app
