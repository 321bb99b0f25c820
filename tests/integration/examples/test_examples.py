"""The example programs, gone through by a visitor."""

from __future__ import annotations

from pathlib import Path

from starmodel.testing import Visitor

EXAMPLES = Path(__file__).parents[3] / "examples"


def test_hello_counts_in_every_tab_of_one_visitor(program):
    app = program("hello").app
    ann, bob = Visitor(app), Visitor(app)
    first, second, other = ann.open("/"), ann.open("/counter"), bob.open("/counter")
    first.click(first.all("main a")[0])
    first.submit("Increment", amount=3)
    assert [page.signals["Counter.count"] for page in (first, second, other)] == [3, 3, 0]


def test_hello_is_the_nine_lines_of_the_readme():
    program = (EXAMPLES / "hello.py").read_text().split("\n", 1)[1]
    assert program in (EXAMPLES.parent / "README.md").read_text()


def test_todo_is_added_toggled_edited_filtered_and_deleted_in_every_window(program):
    app = program("todo").app
    page, other = Visitor(app).open("/"), Visitor(app).open("/todos?done=false")
    assert page.url == "/todos?order=done"
    page.click("New todo")
    page.submit("Create", title="")
    assert page.status == 422
    assert list(page.errors) == ["title"]
    page.submit("Create", title="Water the plants")
    assert other.texts("tbody .sm-open") == ["Water the plants"]
    page.click("Edit")
    page.submit("Save", title="Water the roses")
    assert other.texts("tbody .sm-open") == ["Water the roses"]
    page.click("Toggle")
    assert other.texts("tbody .sm-open") == []
    other.visit("/todos?done=true")
    assert other.texts("tbody .sm-open") == ["Water the roses"]
    page.click("Delete")
    assert other.texts("tbody .sm-open") == []


def test_todo_has_at_most_thirty_lines():
    lines = (EXAMPLES / "todo.py").read_text().splitlines()
    assert len([line for line in lines if line.strip() and not line.startswith("#")]) <= 30


def test_todomvc_belongs_to_each_visitor_and_follows_in_his_tabs(program):
    todos = program("todomvc/todos")
    app = program("todomvc/app").app
    ann = Visitor(app)
    first, second, other = ann.open("/"), ann.open("/"), Visitor(app).open("/")
    for title in ("buy some cheese", "feed the cat"):
        assert ann.post("/todos/add", {"title": title}).status == 200
    first.click(first.all("input.toggle")[0])
    assert second.texts("li.completed label") == ["buy some cheese"]
    assert second.text(".todo-count") == "1 item left"
    second.click(todos.Todos.clear_completed())
    assert first.texts(".todo-list label") == ["feed the cat"]
    assert other.texts(".todo-list label") == []


def test_hybrid_example_shares_app_state_and_keeps_session_state_private(program):
    app = program("hybrid/app").app
    ann, bob = Visitor(app).open("/"), Visitor(app).open("/")
    ann.submit("Sign", entry="Ann was here")
    ann.submit("Put in", item="3 pens")
    assert bob.texts("#entries li") == ["Ann was here"]
    assert bob.texts("#items li") == ["Nothing in it yet."]
    assert ann.texts("#items li") == ["3 pens"]
    assert ann.value("entry") == ""
    ann.submit("Sign", entry="x" * 81)
    assert (ann.status, [toast.kind for toast in ann.toasts]) == (422, ["error"])
    ann.click("Empty it")
    assert ann.texts("#items li") == ["Nothing in it yet."]


def test_hybrid_keeps_the_notepad_in_the_browser(program):
    app = program("hybrid/app").app
    ann, bob = Visitor(app), Visitor(app)
    page, tab = ann.open("/"), ann.open("/")
    page.fill("Text", "milk, bread")
    page.click("Keep")
    assert (tab.value("Text"), tab.signals["Notepad.kept"]) == ("milk, bread", 1)
    page.reload()
    assert page.value("Text") == "milk, bread"
    assert bob.open("/").value("Text") == ""


def test_guest_book_of_starlette_shows_entries_in_every_window(program):
    app = program("guestbook/app").app
    page, other = Visitor(app).open("/"), Visitor(app).open("/")
    assert other.texts("#entries li") == ["No entries yet."]
    page.submit("Sign", text="<b>Ann</b> & Bob")
    page.submit("Sign", text="Cid")
    assert [p.texts("#entries li") for p in (page, other)] == [["Cid", "<b>Ann</b> & Bob"]] * 2
    assert "&lt;b&gt;Ann" in other.html
