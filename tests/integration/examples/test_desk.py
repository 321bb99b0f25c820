"""The order desk, gone through by staff and by buyers."""

from __future__ import annotations

import ast
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from starmodel.testing import Visitor

FOLDER = Path(__file__).parents[3] / "examples" / "desk"


@pytest.fixture
def desk(program: Any) -> Any:
    """The application, and visitors: of the staff, and the buyers Ann and Bob."""
    app, entities = program("desk/app").app, program("desk/entities")
    staff, ann, bob = Visitor(app), Visitor(app), Visitor(app)
    staff.sign_in("eve", roles=["staff"])
    ann.sign_in("ann")
    bob.sign_in("bob")
    return SimpleNamespace(app=app, entities=entities, staff=staff, ann=ann, bob=bob)


def made(visitor: Visitor, path: str, **values: Any) -> dict[str, Any]:
    reply = visitor.post(path, values)
    assert reply.status == 201, reply.text
    entity: dict[str, Any] = reply.json()["entity"]
    return entity


def order_of(desk: Any, buyer: Visitor, number: str = "A-1") -> dict[str, Any]:
    customer = made(buyer, "/customers", name="Ann Abel", city="Graz")
    pen = made(desk.staff, "/products", number=f"PE-{len(number):03}", name="Pen", price="2.50")
    lines = [{"product_id": pen["id"], "quantity": 3, "price": "2.50"}]
    return made(buyer, "/orders", number=number, customer_id=customer["id"], lines=lines)


def test_order_of_a_buyer_shows_its_customer_its_lines_and_their_total(desk: Any) -> None:
    order = order_of(desk, desk.ann)
    page = desk.ann.open(f"/orders/{order['id']}")
    assert page.title.startswith("A-1")
    assert page.text("[aria-current=step]") == "Placed"
    assert page.text(".sm-relations").split() == ["Customer", "Ann", "Abel"]
    assert page.texts("#children-lines tbody td")[:3] == ["Pen", "3", "EUR 2.50"]
    assert "EUR 7.50" in page.text(".sm-related-figures")
    assert "Ann Abel" in desk.staff.open("/orders?customer.city=Graz").text("tbody")


def test_buyers_see_their_own_orders_and_staff_see_all(desk: Any) -> None:
    order = order_of(desk, desk.ann)
    urls = [f"/orders/{order['id']}", f"/customers/{order['customer_id']}"]
    assert [desk.bob.get(url).status for url in urls] == [404, 404]
    assert desk.bob.get("/orders", total="1").json()["total"] == 0
    assert [desk.staff.get(url).status for url in urls] == [200, 200]
    other = desk.bob.post("/orders", {"number": "B", "customer_id": order["customer_id"]})
    assert other.status in (403, 409)


def test_order_goes_from_placed_to_shipped_and_no_other_way(desk: Any) -> None:
    order = order_of(desk, desk.ann)
    page = desk.staff.open(f"/orders/{order['id']}")
    viewer = desk.ann.open("/orders")
    page.click("Ship")
    assert page.toasts[-1].text == "Only packed orders can be shipped."
    page.click("Pack")
    page.click("Ship")
    assert page.text("[aria-current=step]") == "Shipped"
    assert "Shipped" in viewer.text("tbody")
    assert desk.ann.post(f"/orders/{order['id']}/pack").status == 403


def test_board_is_shared(desk: Any) -> None:
    page, other = desk.ann.open("/board"), desk.staff.open("/board")
    page.submit("Post", note="The printer is back.")
    assert "The printer is back." in other.text("main")


def test_samples_fill_the_desk_in_several_commits(desk: Any, program: Any) -> None:
    samples = program("desk/samples").Samples

    async def fill() -> None:
        await desk.app.starmodel.dispatch(samples.add(orders=600))

    desk.staff.run(fill())
    counted = [desk.staff.get(path, total="1").json()["total"] for path in ("/orders", "/products")]
    assert counted == [600, 72]


def lines_of_code(path: Path) -> int:
    """The lines that are neither blank nor docstrings."""
    text = path.read_text()
    found = {number for number, line in enumerate(text.splitlines(), 1) if line.strip()}
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            found -= set(range(node.lineno, (node.end_lineno or node.lineno) + 1))
    return len(found)


def test_desk_has_at_most_120_lines() -> None:
    assert sum(lines_of_code(FOLDER / name) for name in ("app.py", "entities.py")) <= 120


def test_dashboard_follows_the_orders(desk: Any) -> None:
    order = order_of(desk, desk.ann)
    assert desk.ann.get("/dashboard").status == 403
    tab = desk.staff.open("/dashboard")
    assert tab.texts(".own-figure") == ["1", "0"]
    assert "Ann Abel" in tab.texts("tbody")[-1]
    assert desk.staff.post(f"/orders/{order['id']}/pack").status == 200
    assert tab.texts(".own-figure") == ["0", "1"]
