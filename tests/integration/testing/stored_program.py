"""An application whose visitors keep something in their own browser."""

from fasthtml.common import Button, Form, Input, Li, Titled, Ul

from starmodel import Entity, create_app, event, live


class Basket(Entity):
    model_config = {"store": "local_storage"}
    count: int = 0
    note: str = ""
    things: list[str] = []

    @event
    def one(self):
        self.count += 1

    @event
    def add(self, text: str):
        self.things.append(text)

    @event
    def keep(self):
        """Takes over what is bound."""


class Glance(Entity):
    model_config = {"store": "session_storage"}
    count: int = 0

    @event
    def one(self):
        self.count += 1


class Desk(Entity):
    model_config = {"scope": "app", "access": "public"}
    orders: int = 0

    @event
    def order(self, basket: Basket):
        self.orders += len(basket.things)
        basket.things.clear()


@live
def things(basket: Basket):
    return Ul(*[Li(thing) for thing in basket.things], id="things")


def build():
    app = create_app([Basket, Glance, Desk])

    @app.get("/")
    def home(basket: Basket, glance: Glance, desk: Desk):
        return Titled("Basket",
            basket, glance, desk, things(basket),
            Input(data_bind=Basket.note_signal, name="note"),
            Button("One", data_on_click=Basket.one()), Button("Keep", data_on_click=Basket.keep()),
            Button("Mine", data_on_click=Glance.one()),
            Button("Order", data_on_click=Desk.order()),
            Form(Input(data_bind="text", name="text"), Button("Put"), data_on_submit=Basket.add()),
        )  # fmt: skip

    return app
