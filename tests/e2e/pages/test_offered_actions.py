"""Menus and bulk bars offer permitted events, and run none that needs input."""

from __future__ import annotations

import urllib.request
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import expect

from e2e.browsing import Visitor
from e2e.serving import Server

PARCELS = """
from starmodel import Entity, create_app, event


def is_open(actor, parcel):
    return not parcel.sealed


class Parcel(Entity):
    model_config = {"access": "public", "scope": "record"}
    name: str
    sealed: bool = False
    weight: int = 0

    @event
    def add_weight(self, grams: int = 500):
        self.weight += grams

    @event(access=is_open)
    def seal(self):
        self.sealed = True

    @event
    def weigh(self):
        self.weight += 1


app = create_app()


@app.get("/seed")
async def seed():
    await Parcel.objects.create(name="Open")
    await Parcel.objects.create(name="Shut", sealed=True)
    return "ok"
"""


@pytest.fixture(scope="module")
def parcels(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with Server(tmp_path_factory.mktemp("parcels"), PARCELS) as server:
        urllib.request.urlopen(f"{server.url}/seed").close()  # noqa: S310 - our own address
        yield server


def test_menu_opens_the_form_of_an_event_with_parameters(
    parcels: Server, visit: Callable[..., Visitor]
) -> None:
    page = visit(parcels).open("/parcels?order=name")
    page.get_by_label("Actions for Open").click()
    page.get_by_role("link", name="Add weight…").click()
    dialog = page.get_by_role("dialog", name="Add weight: Open")
    expect(dialog.get_by_label("Grams")).to_have_value("500")


def test_bulk_bar_offers_events_permitted_on_every_selected_record(
    parcels: Server, visit: Callable[..., Visitor]
) -> None:
    page = visit(parcels).open("/parcels?order=name")
    bar = page.get_by_role("form", name="For the chosen parcels")
    offered = bar.locator("button[name=event]").filter(visible=True)
    page.get_by_label("Select Open").check()
    expect(offered).to_have_text(["Add weight…", "Seal", "Weigh", "Delete"])
    page.get_by_label("Select Shut").check()
    expect(offered).to_have_text(["Add weight…", "Weigh", "Delete"])
    page.get_by_label("Select Shut").uncheck()
    bar.get_by_role("button", name="Seal").click()
    expect(page.get_by_text("Seal: done for 1 parcel.")).to_be_visible()
