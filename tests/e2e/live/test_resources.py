"""One class at two addresses with two rules and two skins, live in two browsers."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import expect

from e2e.browsing import Visitor, field
from e2e.serving import Server

PROGRAM = '''
from fasthtml.common import Section
from starmodel import Actor, Entity, Session, create_app, event
from starmodel.adapters.ui.franken.adapter import FrankenUI
from starmodel.app.access.rules import RulePolicy
from starmodel.app.presentation.resource import Resource


class Item(Entity):
    model_config = {
        "scope": "record", "path": "/items",
        "access": {"read": lambda actor, item: not item.hidden, "write": "nobody"},
    }
    name: str = ""
    hidden: bool = False
    stock: int = 0

    @event
    def restock(self):
        self.stock += 1

    @event
    def hide(self):
        self.hidden = True


class Staff(RulePolicy):
    """Permits every signed-in actor everything."""

    def check(self, entity_type, need, actor, **about):
        if actor is None:
            super().check(entity_type, "write", None)

    def reads_fields(self, entity_type):
        return False


class StaffUI(FrankenUI):
    def record_detail(self, resource, entity, titles):
        return Section(super().record_detail(resource, entity, titles), id="staff")


app = create_app([Item], resources=[Resource(Item, prefix="/admin", policy=Staff(), ui=StaffUI)])


@app.get("/sign-in")
def sign_in(session: Session):
    session.sign_in(Actor("sue"))
    return "Hello"
'''


def test_two_addresses_of_a_class_are_live_with_their_own_rules_and_skins(
    serve: Callable[..., Server], visit: Callable[..., Visitor]
) -> None:
    server = serve(PROGRAM)
    sue, guest = visit(server), visit(server)
    sue.context.request.get("/sign-in")
    staff = sue.open("/admin/items/new", live=False)
    staff.get_by_label("Name").fill("Pen")
    staff.get_by_role("button", name="Create").click()
    expect(staff.locator("#staff")).to_be_visible()
    key = staff.url.rpartition("/")[2].partition("?")[0]
    expect(staff.locator("html")).to_have_attribute("data-live", "open")
    shop = guest.open("/items")
    expect(shop.get_by_role("link", name="Pen")).to_have_attribute("href", f"/items/{key}")

    staff.get_by_role("button", name="Restock").click()
    expect(field(staff, "Stock")).to_have_text("1")
    expect(shop.locator(f'tr[data-key="{key}"] td[data-label="Stock"]')).to_have_text("1")

    record = guest.open(f"/items/{key}")
    expect(field(record, "Stock")).to_have_text("1")
    expect(record.locator("#staff, main form")).to_have_count(0)
    staff.get_by_role("button", name="Hide").click()
    expect(field(staff, "Hidden")).to_have_text("Yes")
    expect(record.locator("#starmodel-status")).not_to_be_empty()
    expect(shop.get_by_role("link", name="Pen")).to_have_count(0)
