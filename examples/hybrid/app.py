"""Several stores on one page: `starmodel run examples/hybrid/app.py`."""

from fasthtml.common import *
from monsterui.all import *

from starmodel import create_app, live

from .entities import BASKETS, Basket, Guestbook, Notepad

app = create_app([Guestbook, Basket, Notepad], title="Hybrid", theme="violet")


@app.get("/")
def home(guestbook: Guestbook, basket: Basket, notepad: Notepad):
    """Entities of three stores, live on one page."""
    return Title("Hybrid"), Main(Container(
        H1("One page, three stores"),
        P("Open it in two windows, in another browser, and after a restart.", cls=TextT.muted),
        Grid(
            place(
                "Guestbook", "sql", Guestbook.__doc__, entries(guestbook),
                line("entry", "Say hello", "Sign", Guestbook.sign()),
            ),
            place(
                "Basket", BASKETS, Basket.__doc__, items(basket),
                line("item", "Three pens", "Put in", Basket.put()),
                Button("Empty it", data_on_click=Basket.clear(), cls=ButtonT.default),
            ),
            place(
                "Notepad", "local_storage", Notepad.__doc__, notepad,
                TextArea(data_bind=Notepad.text_signal, rows=4, maxlength=2000, aria_label="Text"),
                DivFullySpaced(
                    Button("Keep", data_on_click=Notepad.keep(), cls=ButtonT.primary),
                    P("Kept: ", Span(data_text=Notepad.kept_signal), cls=TextT.muted),
                ),
            ),
            cols_min=1, cols_md=2, cols_lg=3, cls="mt-6 gap-6",
        ),
        cls=(ContainerT.lg, "space-y-2 py-10"),
    ))  # fmt: skip


@live
def entries(guestbook: Guestbook):
    return lines("entries", guestbook.entries, "Nobody has signed yet.")


@live
def items(basket: Basket):
    return lines("items", basket.items, "Nothing in it yet.")


def lines(id: str, texts: list[str], nothing: str):
    return Ul(
        *[Li(text) for text in texts] or [Li(nothing, cls=TextT.muted)], id=id, cls="space-y-1"
    )


def place(title: str, store: str, about: str, *content):
    head = DivFullySpaced(H2(title), Label(f"store: {store}"))
    return Card(P(about, cls=TextT.muted), *content, header=head, body_cls="space-y-4")


def line(name: str, example: str, button: str, action):
    label = {"aria_label": name.title(), "placeholder": example}
    field = Input(data_bind=name, maxlength=80, required=True, **label)
    # Send the value, then clear the input for the next one.
    return Form(field, Button(button, cls=ButtonT.primary),
                data_on_submit=f"{action}; ${name} = ''", cls="flex gap-2")  # fmt: skip
