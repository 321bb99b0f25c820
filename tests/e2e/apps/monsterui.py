"""An application whose own pages use MonsterUI's components."""

MONSTER = '''
from fasthtml.common import *
from monsterui.all import *
from starmodel import Entity, create_app, event, live


class Desk(Entity):
    count: int = 0
    icon: str = "rocket"
    chart: str = "bar"

    @event
    def increment(self):
        self.count += 1

    @event
    def land(self):
        self.icon = "anchor"

    @event
    def turn(self):
        self.chart = "line"


class Board(Entity):
    """Shown by its generated page alone."""

    note: str = ""


app = create_app()


@live
def panels(desk: Desk):
    return Div(
        H2(f"Count {desk.count}"),
        UkIcon(desk.icon, height=20, width=20),
        TabContainer(
            Li(A("One"), cls="uk-active"), Li(A("Two")), uk_switcher="connect: #panels"),
        Ul(Li(f"First {desk.count}"), Li(f"Second {desk.count}", Input(id="typed")),
            id="panels", cls="uk-switcher"),
        Select(*map(Option, ("Red", "Green", "Blue")), name="colour", id="colour"),
        ApexChart(opts={
            "chart": {"type": desk.chart, "height": 120, "animations": {"enabled": False}},
            "series": [{"name": "Days", "data": [1, 2, 3 + (desk.icon == "anchor")]}]}),
        id="desk")


@app.get("/desk")
def desk_page(desk: Desk):
    return Titled("Desk", Div("Own", cls="mt-[13px] bg-primary text-muted-foreground", id="own"),
        desk, panels(desk),
        Button("+1", data_on_click=Desk.increment()),
        Button("Land", data_on_click=Desk.land()),
        Button("Turn", data_on_click=Desk.turn()))


@app.get("/plain")
def plain(desk: Desk):
    return Titled("Plain", desk, P("Nothing to load"), Div(id="late"), Button("Show", id="show"))


@app.get("/look")
def look(desk: Desk):
    return Titled("Look", desk, ThemePicker())
'''
