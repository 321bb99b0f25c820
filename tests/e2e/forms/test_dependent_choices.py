"""A choice follows the fields that it depends on, also in rows of children."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Locator, Page, expect

from e2e.browsing import Visitor
from e2e.forms.test_record_picker import made, options
from e2e.serving import Server

Visit = Callable[..., Visitor]

PURCHASES = """
from typing import Annotated

from starmodel import UI, Entity, create_app
from starmodel.access import form, record


class Supplier(Entity):
    model_config = {"store": "sql", "access": "public"}
    name: str


class Product(Entity):
    model_config = {"store": "sql", "access": "public"}
    name: str
    supplier: Supplier


class Purchase(Entity):
    model_config = {"store": "sql", "access": "public", "inlines": ("items",)}
    supplier: Supplier
    main: Annotated[Product | None, UI(choices=record.supplier == form.supplier)]
    items: list["Item"]


class Item(Entity):
    model_config = {"store": "sql", "access": "public"}
    purchase: Purchase
    product: Annotated[Product, UI(choices=record.supplier == form.purchase.supplier)]


app = create_app(
    [Supplier, Product, Purchase, Item], secret_key="k" * 40, database_url="sqlite:///desk.db"
)
"""


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with Server(tmp_path_factory.mktemp("purchases"), PURCHASES) as server:
        yield server


@pytest.fixture
def ann(desk: Server, visit: Visit) -> Visitor:
    return visit(desk)


def box(page: Page, name: str) -> Locator:
    return page.get_by_role("combobox", name=name, exact=True)


def test_choice_is_narrowed_kept_and_cleared(ann: Visitor) -> None:
    acme, beta = (made(ann, "/suppliers", name=name)["id"] for name in ("Acme", "Beta"))
    for name, supplier in (("Acme bolt", acme), ("Acme nut", acme), ("Beta bolt", beta)):
        made(ann, "/products", name=name, supplier_id=supplier)
    page = ann.open("/purchases/new", live=False)
    box(page, "Main").click()
    expect(page.get_by_text("Choose first: supplier.")).to_be_visible()
    page.keyboard.press("Escape")

    box(page, "Supplier").fill("acme")
    options(page).filter(has_text="Acme").first.click()
    box(page, "Main").fill("bolt")
    expect(options(page).first).to_have_text("Acme bolt")
    expect(options(page).filter(has_text="Beta")).to_have_count(0)
    options(page).first.click()

    row = box(page, "Product")
    row.fill("nut")
    options(page).filter(has_text="Acme nut").first.click()
    expect(row).to_have_value("Acme nut")

    box(page, "Supplier").fill("beta")
    options(page).filter(has_text="Beta").first.click()
    expect(box(page, "Main")).to_have_value("")
    expect(row).to_have_value("")
    expect(page.get_by_text("Acme bolt is removed")).to_be_attached()

    row.fill("bolt")
    options(page).filter(has_text="Beta bolt").first.click()
    page.get_by_role("button", name="Add item").click()
    second = box(page, "Product").nth(1)
    second.fill("New bolt")
    options(page).filter(has_text="New product").click()
    dialog = page.get_by_role("dialog", name="New product")
    expect(dialog.get_by_role("combobox", name="Supplier")).to_have_value("Beta")
    dialog.get_by_role("button", name="Create", exact=True).click()
    expect(dialog).to_have_count(0)
    expect(second).to_have_value("New bolt")
    page.get_by_role("button", name="Create", exact=True).click()
    page.wait_for_url("**/purchases/*-*")
    expect(page.get_by_role("link", name="New bolt").first).to_be_visible()
