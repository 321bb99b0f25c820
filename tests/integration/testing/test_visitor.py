"""The test client: pages, forms, sign-in, the JSON API, and its error messages."""

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


def test_page_after_open_has_text_title_and_status(visitor):
    page = visitor.open("/own")
    assert (page.status, page.title, page.url) == (200, "Own", "/own")
    assert page.text("h1") == "Own"
    assert page.text("#count") == "0"


def test_tabs_of_one_visitor_share_session_state_with_no_other_visitor(app, visitor, program):
    first, second = visitor.open("/own"), visitor.open("/counter")
    stranger = Visitor(app).open("/own")
    first.click("+2")
    assert first.text("#count") == "2"
    assert second.signals["Counter.count"] == 2
    assert second.signals[program.Counter.count_signal] == 2
    assert stranger.text("#count") == "0"


def test_live_view_after_another_visitors_event_is_updated(app, visitor, program):
    page = visitor.open("/chat")
    Visitor(app).open("/chat").submit("Say", text="Hello <b>")
    assert page.texts("#lines li") == ["Hello <b>"]
    assert page.text("#lines") == "Hello <b>"


def test_click_by_text_selector_action_or_element_runs_the_event(visitor, program):
    page = visitor.open("/own")
    page.click("+1")
    page.click("button:nth-of-type(2)")
    page.click(program.Counter.increment(1))
    page.click(page.all("button")[1])
    assert page.text("#count") == "4"


def test_visibility_and_classes_after_signal_changes_are_updated(visitor):
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


def test_toasts_after_another_action_are_of_that_action_only(visitor):
    page = visitor.open("/own")
    page.click("+1")
    assert page.toasts == [Toast("Now 1", "success")]
    page.click("+1")
    assert page.toasts == [Toast("Now 2", "success")]
    page.click("Toggle")
    assert page.toasts == []


def test_reply_to_a_click_has_the_patches_that_the_page_got(visitor):
    page = visitor.open("/own")
    page.click("+1")
    assert page.reply.method == "POST"
    assert "event: datastar-patch-signals" in page.reply.text
    assert "Now 1" in page.reply.text


def test_click_with_confirmation_accepts_and_records_it(visitor):
    page = visitor.open("/own")
    page.click("+2")
    page.click("Reset")
    assert page.confirmations == ["Back to zero?"]
    assert page.text("#count") == "0"


def test_click_by_action_with_confirmation_runs_the_event(visitor, program):
    page = visitor.open("/own")
    page.click("+2")
    page.click(program.Counter.reset())
    assert page.text("#count") == "0"


def test_bound_input_after_fill_is_sent_as_a_signal(visitor):
    page = visitor.open("/own")
    page.fill("Name", "Fred")
    assert page.signals["name"] == "Fred"
    page.click("Rename")
    assert page.text("#called") == "It is called Fred"
    assert page.value("name") == "Fred"


def test_click_on_a_generator_event_returns_after_its_last_yield(visitor):
    page = visitor.open("/own")
    page.click("Slowly")
    assert page.text("#count") == "3"


def test_links_and_redirects_navigate_the_tab(visitor):
    page = visitor.open("/old")
    assert page.url == "/chat"
    page.visit("/own")
    page.click("To the chat")
    assert page.title == "Chat"
    page.visit("/own")
    page.click("Leave")
    assert page.url == "/chat"


def test_computed_signals_and_attributes_after_an_event_are_updated(visitor):
    page = visitor.open("/more")
    page.click("+1")
    assert page.text("#double") == "2"
    assert page.all("#next")[0]["href"] == "/page?n=2"


def test_live_view_added_by_a_patch_receives_updates(app, visitor):
    page = visitor.open("/more")
    page.click("Peek")
    Visitor(app).open("/chat").submit("Say", text="Hello")
    assert page.texts("#lines li") == ["Hello"]


def test_page_with_a_request_in_data_init_has_its_response(visitor):
    assert visitor.open("/more").text("#late") == "Came late"


def test_unsupported_data_init_is_skipped_and_listed(visitor):
    page = visitor.open("/more")
    assert page.skipped == ["el.focus()"]
    with pytest.raises(UnreadableExpressionError, match=r"el\.remove\(\)"):
        page.click("#odd")


def test_form_with_a_file_and_choices_is_submitted_as_multipart(visitor):
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


def test_plain_form_after_submit_navigates_to_the_response(visitor):
    page = visitor.open("/more")
    page.submit("Plain", q="a & b")
    assert (page.url, page.text("#q")) == ("/plain", "a & b")


def test_submit_returns_after_on_handlers_have_finished(app, visitor, program):
    chat = Visitor(app).open("/chat")
    pen = visitor.run(program.Product.objects.create(name="Pen", stock=1))
    visitor.open(f"/products/{pen.id}").submit(pen.do.sell())
    assert chat.texts("#lines li") == ["Something was sold"]


def test_detail_page_of_a_deleted_record_announces_the_deletion(app, visitor, program):
    pen = visitor.run(program.Product.objects.create(name="Pen"))
    page = visitor.open(f"/products/{pen.id}")
    Visitor(app).delete(f"/products/{pen.id}")
    assert page.text("#starmodel-status") == "This product has been removed."


def test_closed_page_receives_no_updates(app, visitor):
    page = visitor.open("/chat")
    page.close()
    Visitor(app).open("/chat").submit("Say", text="Hello")
    assert page.texts("#lines li") == []
    assert len(app.starmodel.hub) == 1


# Generated forms and lists


def test_generated_form_with_invalid_input_has_errors_and_keeps_values(visitor):
    page = visitor.open("/products/new")
    page.submit("Create", name="P", stock=3)
    assert page.status == 422
    assert page.errors == {"name": "At least 2 characters."}
    assert page.value("stock") == "3"
    page.submit("Create", name="Pen", active=False)
    assert page.errors == {}
    assert page.url.startswith("/products/")
    assert "Stock 3" in page.text("main")


def test_list_page_after_inserts_updates_and_deletes_is_updated(app, visitor, program):
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


def test_filter_form_is_submitted_by_get(visitor, program):
    visitor.run(program.Product.objects.create(name="Pen"))
    visitor.run(program.Product.objects.create(name="Ink"))
    page = visitor.open("/products")
    page.submit("form[data-filters]", search="In")
    assert "search=In" in page.url
    assert [text.split()[0] for text in page.texts("tbody tr")] == ["Ink"]


def test_in_memory_sql_store_enforces_unique_constraints(visitor):
    assert visitor.post("/products", {"name": "Pen"}).status == 201
    reply = visitor.post("/products", {"name": "Pen"})
    assert reply.status == 409
    assert reply.json()["errors"] == {"name": "Name is already taken."}


# Sign-in


def test_sign_in_and_sign_out_change_access_to_pages(visitor, program):
    assert visitor.open("/diary").status == 401
    visitor.sign_in("ann")
    page = visitor.open("/diary")
    page.click(program.Diary.write())
    assert page.signals["Diary.pages"] == 1
    visitor.sign_out()
    assert page.status == 401


def test_sign_in_by_a_route_is_stored_in_cookies(visitor):
    page = visitor.open("/in/ann")
    assert (page.url, page.status) == ("/diary", 200)


def test_session_entity_survives_sign_in_and_is_deleted_at_sign_out(visitor):
    page = visitor.open("/own")
    page.click("+2")
    visitor.sign_in("ann", roles=["editor"])
    page.click("+1")
    assert page.text("#count") == "3"
    visitor.sign_out()
    assert visitor.open("/own").text("#count") == "0"


# The JSON API


def test_json_api_requests_return_status_and_json(visitor):
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


# Errors


@pytest.mark.parametrize(
    ("act", "message"),
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
def test_target_that_is_missing_raises_with_the_candidates(visitor, act, message):
    page = visitor.open("/own")
    with pytest.raises(NotOnPageError, match=message):
        act(page)


def test_click_on_a_missing_action_raises_with_the_offered_actions(visitor, program):
    page = visitor.open("/own")
    with pytest.raises(NotOnPageError, match=r"increment\(amount=9\).*post /counter/increment\?am"):
        page.click(program.Counter.increment(9))
    page = visitor.open("/counter")
    with pytest.raises(NotOnPageError, match=r"but a form .* page\.submit\(Counter\.increment\(\)"):
        page.click(program.Counter.increment(9))


def test_text_of_an_unsupported_expression_raises_when_read(visitor):
    page = visitor.open("/own")
    with pytest.raises(UnreadableExpressionError, match="toFixed"):
        page.text("#unreadable")


def test_server_error_raises_with_the_exception_as_cause(app, visitor, program):
    pen = visitor.run(program.Product.objects.create(name="Pen"))
    page = visitor.open(f"/products/{pen.id}")
    with pytest.raises(ServerFailedError, match="KeyError: 'nothing to see'") as failed:
        page.click(pen.do.crash())
    assert isinstance(failed.value.__cause__, KeyError)
    quiet = Visitor(app, raise_errors=False).open(f"/products/{pen.id}")
    quiet.click(pen.do.crash())
    assert quiet.status == 500


def test_patch_without_a_target_raises(app):
    with pytest.raises(NotOnPageError, match="<p id='called'>, but the page has no element"):
        Visitor(app).open("/lost").click("Go")


# Lifespan


def test_visitor_of_an_unrelated_application_raises():
    with pytest.raises(ConfigurationError, match="expected what create_app"):
        Visitor(Starlette())


def test_visitor_of_a_mounted_application_uses_its_mount_path(program, app):
    outer = FastHTML(routes=[Mount("/shop", app)], secret_key="k" * 40)
    page = Visitor(outer).open("/shop/own")
    page.click(program.Counter.increment(2))
    assert page.text("#count") == "2"


def test_visitor_runs_startup_and_shutdown(in_memory, program, tmp_path, monkeypatch):
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


def test_visitor_of_an_application_built_before_memory_stores_raises(
    program, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    app = program.build()
    with memory_stores(), pytest.raises(ConfigurationError, match="built before in_memory"):
        Visitor(app)
    assert list(tmp_path.glob("*.db")) == []


def test_call_beyond_the_timeout_raises_timeout_error(app, program):
    visitor = Visitor(app, timeout_s=0.2)
    with pytest.raises(TimeoutError, match=r"not done within 0.2 s.*timeout_s="):
        visitor.run(asyncio.sleep(5))
    with pytest.raises(TimeoutError, match=r"^mine$"):
        visitor.run(failing(TimeoutError("mine")))


async def failing(error):
    raise error


async def test_visitor_in_an_async_test_works(visitor):
    page = visitor.open("/own")
    page.click("+1")
    assert page.text("#count") == "1"
