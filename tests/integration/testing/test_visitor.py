"""A visitor sees what a browser would, and is told well when something isn't there."""

from __future__ import annotations

import asyncio
import importlib
from pathlib import Path

import pytest
from fasthtml.common import FastHTML, Mount
from starlette.applications import Starlette

from starmodel import ConfigurationError, Toast
from starmodel.testing import (
    NotOnPageError,
    ServerFailedError,
    UnreadableExpressionError,
    Visitor,
    memory_stores,
)

PROGRAM = Path(__file__).with_name("program.py")


@pytest.fixture(scope="module")
def program():
    spec = importlib.util.spec_from_file_location("visited_program", PROGRAM)
    module = importlib.util.module_from_spec(spec)
    importlib.sys.modules["visited_program"] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def app(program, in_memory, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    yield program.build()
    assert list(tmp_path.iterdir()) == []  # no file of any kind


@pytest.fixture
def visitor(app):
    return Visitor(app)


# Pages


def test_page_shows_its_text_title_and_status(visitor):
    page = visitor.open("/own")
    assert (page.status, page.title, page.url) == (200, "Own", "/own")
    assert page.text("h1") == "Own"
    assert page.text("#count") == "0"


def test_tabs_of_one_visitor_follow_each_other_and_others_have_their_own(app, visitor, program):
    first, second = visitor.open("/own"), visitor.open("/counter")
    stranger = Visitor(app).open("/own")
    first.click("+2")
    assert first.text("#count") == "2"
    assert second.signals["Counter.count"] == 2
    assert second.signals[program.Counter.count_signal] == 2
    assert stranger.text("#count") == "0"


def test_live_part_follows_what_another_visitor_did(app, visitor, program):
    page = visitor.open("/chat")
    Visitor(app).open("/chat").submit("Say", text="Hello <b>")
    assert page.texts("#lines li") == ["Hello <b>"]
    assert page.text("#lines") == "Hello <b>"


def test_click_by_text_selector_action_and_element_do_the_same(visitor, program):
    page = visitor.open("/own")
    page.click("+1")
    page.click("button:nth-of-type(2)")
    page.click(program.Counter.increment(1))
    page.click(page.all("button")[1])
    assert page.text("#count") == "4"


def test_shown_and_hidden_follow_signals(visitor):
    page = visitor.open("/own")
    assert not page.has("#details")
    page.click("Toggle")
    assert page.text("#details") == "Details"
    assert "even" in page.all("#parity")[0].classes
    page.click("+1")
    assert not page.has("#parity.even")
    assert not page.has("#much")
    page.click("+2"), page.click("+2")
    assert page.has("#much")


def test_toasts_are_those_of_the_last_action(visitor):
    page = visitor.open("/own")
    page.click("+1")
    assert page.toasts == [Toast("Now 1", "success")]
    page.click("+1")
    assert page.toasts == [Toast("Now 2", "success")]
    page.click("Toggle")
    assert page.toasts == []


def test_question_is_answered_with_yes_and_told(visitor):
    page = visitor.open("/own")
    page.click("+2")
    page.click("Reset")
    assert page.asked == ["Back to zero?"]
    assert page.text("#count") == "0"


def test_bound_input_is_sent_and_its_answer_patched_in(visitor):
    page = visitor.open("/own")
    page.fill("Name", "Fred")
    assert page.signals["name"] == "Fred"
    page.click("Rename")
    assert page.text("#called") == "It is called Fred"
    assert page.value("name") == "Fred"


def test_generator_event_is_waited_for(visitor):
    page = visitor.open("/own")
    page.click("Slowly")
    assert page.text("#count") == "3"


def test_links_and_redirects_are_followed_in_the_tab(visitor):
    page = visitor.open("/old")
    assert page.url == "/chat"
    page.visit("/own")
    page.click("To the chat")
    assert page.title == "Chat"
    page.visit("/own")
    page.click("Leave")
    assert page.url == "/chat"


def test_computed_signals_and_attributes_follow(visitor):
    page = visitor.open("/more")
    page.click("+1")
    assert page.text("#double") == "2"
    assert page.all("#next")[0]["href"] == "/page?n=2"


def test_live_part_that_an_event_brought_is_followed(app, visitor):
    page = visitor.open("/more")
    page.click("Peek")
    Visitor(app).open("/chat").submit("Say", text="Hello")
    assert page.texts("#lines li") == ["Hello"]


def test_what_a_page_asks_for_at_its_start_is_there(visitor):
    assert visitor.open("/more").text("#late") == "Came late"


def test_start_that_needs_a_browser_is_skipped_and_listed(visitor):
    page = visitor.open("/more")
    assert page.skipped == ["el.focus()"]
    with pytest.raises(UnreadableExpressionError, match=r"el\.remove\(\)"):
        page.click("#odd")


def test_form_with_a_file_and_choices_is_sent_as_a_browser_does(visitor):
    page = visitor.open("/more")
    file = ("notes.txt", b"12345")
    page.submit("Measure", file=file, colour="Blue", size="L", sure=True)
    assert page.text("#measured") == "notes.txt 5 b L True"
    assert (page.value("colour"), page.value("size"), page.value("sure")) == ("b", "L", True)
    page.click("Sure")
    page.submit("#measure", size="S")
    assert page.text("#measured") == "notes.txt 5 b S False"
    with pytest.raises(NotOnPageError, match="'green' is none of its choices: 'red', 'b'"):
        page.fill("colour", "green")
    with pytest.raises(NotOnPageError, match="'size' offers 'S', 'L'; expected one of them"):
        page.fill("size", "M")


def test_plain_form_is_sent_and_its_answer_is_the_page(visitor):
    page = visitor.open("/more")
    page.submit("Plain", q="a & b")
    assert (page.url, page.text("#q")) == ("/plain", "a & b")


def test_reaction_to_an_event_has_happened_when_the_click_returns(app, visitor, program):
    chat = Visitor(app).open("/chat")
    pen = visitor.run(program.Product.objects.create(name="Pen", stock=1))
    visitor.open(f"/products/{pen.id}").submit(pen.do.sell())
    assert chat.texts("#lines li") == ["Something was sold"]


def test_removed_record_is_told_to_who_looks_at_it(app, visitor, program):
    pen = visitor.run(program.Product.objects.create(name="Pen"))
    page = visitor.open(f"/products/{pen.id}")
    Visitor(app).delete(f"/products/{pen.id}")
    assert page.text("#starmodel-status") == "This Product was removed."


def test_closed_page_is_followed_no_more(app, visitor):
    page = visitor.open("/chat")
    page.close()
    Visitor(app).open("/chat").submit("Say", text="Hello")
    assert page.texts("#lines li") == []
    assert len(app.starmodel.hub) == 1


# Generated forms and lists


def test_generated_form_says_what_is_wrong_and_keeps_what_was_typed(visitor):
    page = visitor.open("/products/new")
    page.submit("Create", name="P", stock=3)
    assert page.status == 422
    assert page.errors == {"name": "At least 2 characters."}
    assert page.value("stock") == "3"
    page.submit("Create", name="Pen", active=False)
    assert page.errors == {}
    assert page.url.startswith("/products/")
    assert "Stock 3" in page.text("main")


def test_open_list_follows_every_change(app, visitor, program):
    page = visitor.open("/products?order=name")
    other = Visitor(app)
    pen = other.run(program.Product.objects.create(name="Pen", stock=3))
    assert len(page.texts("tbody tr[data-key]")) == 1
    other.run(program.Product.objects.create(name="Ink"))
    assert [text.split()[0] for text in page.texts("tbody tr")] == ["Ink", "Pen"]
    detail = other.open(f"/products/{pen.id}")
    detail.submit(pen.do.sell(2))
    assert "1" in page.texts("tbody tr")[1].split()
    detail.submit(pen.do.sell(), n=2)
    assert (detail.status, detail.toasts) == (422, [Toast("Too few", "error")])
    detail.click(pen.do.delete())
    assert detail.url == "/products"
    assert [text.split()[0] for text in page.texts("tbody tr")] == ["Ink"]


def test_filter_form_is_sent_by_get(visitor, program):
    visitor.run(program.Product.objects.create(name="Pen"))
    visitor.run(program.Product.objects.create(name="Ink"))
    page = visitor.open("/products")
    page.submit("form[data-filters]", search="In")
    assert "search=In" in page.url
    assert [text.split()[0] for text in page.texts("tbody tr")] == ["Ink"]


def test_sql_store_in_memory_has_real_constraints(visitor):
    assert visitor.post("/products", {"name": "Pen"}).status == 201
    reply = visitor.post("/products", {"name": "Pen"})
    assert reply.status == 409
    assert reply.json()["errors"] == {"name": "Name is already taken."}


# Who it is


def test_sign_in_and_out_change_what_a_visitor_may_see(visitor, program):
    assert visitor.open("/diary").status == 401
    visitor.sign_in("ann")
    page = visitor.open("/diary")
    page.click(program.Diary.write())
    assert page.signals["Diary.pages"] == 1
    visitor.sign_out()
    assert page.status == 401


def test_sign_in_of_the_application_itself_is_kept_in_cookies(visitor):
    page = visitor.open("/in/ann")
    assert (page.url, page.status) == ("/diary", 200)


def test_own_instance_stays_at_sign_in_and_ends_at_sign_out(visitor):
    page = visitor.open("/own")
    page.click("+2")
    visitor.sign_in("ann", roles=["editor"])
    page.click("+1")
    assert page.text("#count") == "3"
    visitor.sign_out()
    assert visitor.open("/own").text("#count") == "0"


# The JSON API


def test_api_is_asked_as_programs_do(visitor):
    made = visitor.post("/products", {"name": "Pen", "stock": 2})
    assert made.status == 201
    path = made.headers["location"]
    assert visitor.get(path).json()["stock"] == 2
    assert visitor.patch(path, {"stock": 5}).json()["entity"]["stock"] == 5
    assert [item["name"] for item in visitor.get("/products", stock__gt=3).json()["items"]] == [
        "Pen"
    ]
    assert visitor.delete(path).status == 200
    assert visitor.get(path).status == 404


# What it says when something isn't there


@pytest.mark.parametrize(
    ("act", "told"),
    [
        (lambda page: page.text("#nothing"), r"'#nothing'.* Its ids: '#count'"),
        (lambda page: page.text("#details"), r"doesn't show it: data-show='\$open'"),
        (lambda page: page.text("button"), r"'button' means 8 elements.*texts\(\)"),
        (lambda page: page.text("p["), r"'p\[' is no CSS selector"),
        (lambda page: page.click("Buy"), r"called 'Buy'.* buttons and links: .*'Toggle', '\+1'"),
        (lambda page: page.click("Nothing"), r"A click on <button> 'Nothing' does nothing"),
        (lambda page: page.click("#details"), r"called '#details'"),
        (lambda page: page.fill("amount", 1), r"an input 'amount'. Its inputs: 'name'"),
        (lambda page: page.submit(), r"the only form. Its forms: none"),
        (lambda page: page.signals["Counter.cuont"], r"no signal 'Counter.cuont'; it has .*count"),
    ],
)  # fmt: skip
def test_what_is_not_on_the_page_is_told_with_what_is(visitor, act, told):
    page = visitor.open("/own")
    with pytest.raises(NotOnPageError, match=told):
        act(page)


def test_action_that_is_not_on_the_page_is_told_with_those_that_are(visitor, program):
    page = visitor.open("/own")
    with pytest.raises(NotOnPageError, match=r"increment\(amount=9\).*post /counter/increment\?am"):
        page.click(program.Counter.increment(9))
    page = visitor.open("/counter")
    with pytest.raises(NotOnPageError, match=r"but a form .* page\.submit\(Counter\.increment\(\)"):
        page.click(program.Counter.increment(9))


def test_expression_that_needs_a_browser_is_told_when_it_is_read(visitor):
    page = visitor.open("/own")
    with pytest.raises(UnreadableExpressionError, match="toFixed"):
        page.text("#unreadable")


def test_failure_of_the_server_brings_its_own_exception(app, visitor, program):
    pen = visitor.run(program.Product.objects.create(name="Pen"))
    page = visitor.open(f"/products/{pen.id}")
    with pytest.raises(ServerFailedError, match="KeyError: 'nothing to see'") as failed:
        page.click(pen.do.crash())
    assert isinstance(failed.value.__cause__, KeyError)
    quiet = Visitor(app, raise_errors=False).open(f"/products/{pen.id}")
    quiet.click(pen.do.crash())
    assert quiet.status == 500


def test_patch_without_a_place_fails_the_test(app):
    with pytest.raises(NotOnPageError, match="<p id='called'>, but the page has no element"):
        Visitor(app).open("/lost").click("Go")


# The application around it


def test_visitor_of_another_application_is_refused():
    with pytest.raises(ConfigurationError, match="expected what create_app"):
        Visitor(Starlette())


def test_visitor_finds_an_application_below_a_mount(program, app):
    outer = FastHTML(routes=[Mount("/shop", app)], secret_key="k" * 40)
    page = Visitor(outer).open("/shop/own")
    page.click(program.Counter.increment(2))
    assert page.text("#count") == "2"


def test_start_and_end_of_the_application_are_run(in_memory, program, tmp_path, monkeypatch):
    from starmodel import create_app

    monkeypatch.chdir(tmp_path)
    seen = []
    app = create_app(
        [program.Counter],
        on_startup=[lambda: seen.append("start")],
        on_shutdown=[lambda: seen.append("end")],
    )
    with memory_stores():
        with Visitor(app) as visitor:
            visitor.open("/")
        assert seen == ["start"]
    assert seen == ["start", "end"]


def test_application_with_real_stores_is_refused_inside_in_memory(program, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    app = program.build()
    with memory_stores(), pytest.raises(ConfigurationError, match="built before in_memory"):
        Visitor(app)
    assert list(tmp_path.glob("*.db")) == []


def test_what_never_ends_is_told_after_the_time_given(app, program):
    visitor = Visitor(app, timeout_s=0.2)
    with pytest.raises(TimeoutError, match=r"not done within 0.2 s.*timeout_s="):
        visitor.run(asyncio.sleep(5))
    with pytest.raises(TimeoutError, match=r"^mine$"):
        visitor.run(failing(TimeoutError("mine")))


async def failing(error):
    raise error


async def test_visitor_works_inside_an_async_test_too(visitor):
    page = visitor.open("/own")
    page.click("+1")
    assert page.text("#count") == "1"
