"""The programs of the specification's second section, verbatim."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import expect

from e2e.browsing import Visitor, field, form
from e2e.serving import Server

pytestmark = pytest.mark.small

HELLO = """\
# hello.py: a live, shared-by-tabs counter with a generated page.  `starmodel run hello.py`
from starmodel import Entity, create_app, event

class Counter(Entity):
    count: int = 0

    @event
    def increment(self, amount: int = 1):
        self.count += amount

app = create_app()
"""

OWN_PAGE = """\
# A page of one's own: FastHTML components, signals and actions.
from fasthtml.common import *
from starmodel import Entity, create_app, event

class Counter(Entity):
    count: int = 0

    @event
    def increment(self, amount: int = 1):
        self.count += amount

app = create_app()

@app.get("/")
def home(counter: Counter):                     # the visitor's own counter, injected
    return Titled("Counter",
        counter,                                # declares its signals and watches it live
        H2(data_text=Counter.count_signal),     # "$Counter.count"
        Button("+1", data_on_click=Counter.increment(1)),
        Form(Input(type="number", data_bind="amount"), Button("Add"), data_on_submit=Counter.increment()))
"""  # noqa: E501 - as the specification has it

DATA_FROM_CODE = """\
from fasthtml.common import P, Titled
from starmodel import Entity, create_app, dispatch, event

class Counter(Entity):
    count: int = 0

    @event
    def increment(self, amount: int = 1):
        self.count += amount

class Product(Entity):
    name: str
    price: float
    stock: int = 1
    active: bool = True

    @event
    def adjust_stock(self, delta: int):
        if self.stock + delta < 0:
            raise ValueError("Insufficient stock")
        self.stock += delta

app = create_app()

@app.get("/")
async def home(request):
    pid, user = (await Product.objects.create(name="Nib", price=1.0)).id, "ann"
# Data from code: in a handler, an event, a task, a script.
    product = await Product.objects.get(pid)                  # raises NotFoundError; find() may give None
    cheap = await Product.objects.list(price__lt=5, order="-price", limit=20)
    n = await Product.objects.count(active=True)
    new = await Product.objects.create(name="Pen", price=2.0) # create, update, delete are events too
    outcome = await dispatch(product.do.adjust_stock(-1))     # any action, run by code instead of by a click
    await dispatch(product.do.update(price=3.0), actor=user)  # trusted code unless an actor is named
    counter = await Counter.get(request)                      # the visitor's own, as in the mission's examples
    after = await Product.objects.get(pid)
    return Titled("Data", P(f"{[p.name for p in cheap]} {n} {new.name} {outcome.entity.stock} "
        f"{after.stock} {after.price} {counter.count} {await Product.objects.find('none')}"))
"""  # noqa: E501 - as the specification has it

DOMAIN_TEST = """\
import pytest
from starmodel import Entity, event

class Product(Entity):
    name: str
    price: float
    stock: int

    @event
    def adjust_stock(self, delta: int):
        if self.stock + delta < 0:
            raise ValueError("Insufficient stock")
        self.stock += delta

# Domain code needs no server, no database and no framework to be tested.
def test_stock_cannot_go_negative():
    product = Product(name="Pen", price=2.0, stock=1)
    with pytest.raises(ValueError, match="Insufficient stock"):
        product.adjust_stock(-5)
    assert product.stock == 1
"""


def test_hello_under_starmodel_run_counts_in_all_tabs_of_one_browser(
    serve: Callable[..., Server], visit: Callable[..., Visitor]
) -> None:
    run = (str(Path(sys.executable).with_name("starmodel")), "run", "hello.py", "--port={port}")
    server = serve(HELLO, command=run, name="hello.py")
    ann, bob = visit(server), visit(server)
    start = ann.open("/", live=False)
    start.get_by_role("main").get_by_role("link", name="Counter").click()
    expect(start).to_have_url(f"{server.url}/counter")

    second, other = ann.open("/counter"), bob.open("/counter")
    for page in (start, second, other):
        expect(field(page, "Count")).to_have_text("0")
    start.get_by_label("Amount").fill("5")
    start.get_by_role("button", name="Increment").click()
    expect(field(start, "Count")).to_have_text("5")
    expect(field(second, "Count")).to_have_text("5")
    second.get_by_role("button", name="Increment").click()
    expect(field(start, "Count")).to_have_text("6")

    other.get_by_role("button", name="Increment").click()
    expect(field(other, "Count")).to_have_text("1")
    expect(field(start, "Count")).to_have_text("6")
    for page, count in ((start, "6"), (other, "1")):
        page.reload()
        expect(field(page, "Count")).to_have_text(count)


def test_user_page_shows_signals_and_runs_actions(
    serve: Callable[..., Server], visit: Callable[..., Visitor]
) -> None:
    server = serve(OWN_PAGE)
    ann, bob = visit(server), visit(server)
    first, second, other = ann.open(), ann.open(), bob.open()
    for page in (first, second, other):
        expect(page.locator("h2")).to_have_text("0")
    first.get_by_role("button", name="+1").click()
    expect(second.locator("h2")).to_have_text("1")
    second.locator("input").fill("41")
    second.get_by_role("button", name="Add").click()
    for page in (first, second):
        expect(page.locator("h2")).to_have_text("42")
    expect(other.locator("h2")).to_have_text("0")
    # The user's route serves "/"; the generated page stays available.
    assert form(ann.open("/counter"), "Increment").count() == 1


def test_data_from_code_in_a_handler(
    serve: Callable[..., Server], visit: Callable[..., Visitor]
) -> None:
    server = serve(DATA_FROM_CODE)
    page = visit(server).open(live=False)
    expect(page.locator("p").first).to_contain_text("['Nib'] 1 Pen 0 0 3.0 0 None")


def test_domain_test_needs_no_framework(tmp_path: Path) -> None:
    watch = (
        "import sys, pytest; code = pytest.main(['-q', '-p', 'no:asyncio', 'test_domain.py']); "
        "loaded = {'fasthtml', 'starlette', 'sqlalchemy', 'uvicorn'} & sys.modules.keys(); "
        "sys.exit(code or (str(loaded) if loaded else 0))"
    )
    (tmp_path / "test_domain.py").write_text(DOMAIN_TEST, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-c", watch], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert (done.returncode, "1 passed" in done.stdout) == (0, True), done.stdout + done.stderr
