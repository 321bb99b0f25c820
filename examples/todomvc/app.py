"""TodoMVC: `starmodel run examples/todomvc/app.py`.

The list is stored on the server. The state of one tab is in signals of the page: the filter, which
follows the address, and the item that is being edited.
"""

from pathlib import Path

from fasthtml.common import *

from starmodel import create_app, live

from .todos import Todo, Todos

STYLE = Style(Path(__file__).with_name("todomvc.css").read_text())
FILTERS = {"": "All", "active": "Active", "completed": "Completed"}
ROUTE = "$_filter = location.hash.replace(/^#./, '')"

app = create_app([Todos], title="TodoMVC", hdrs=[STYLE])


@app.get("/")
def home(todos: Todos):
    new = Input(
        data_bind="title",
        # Send, then clear: anything typed meanwhile belongs to the next item.
        data_on_keydown=f"evt.key === 'Enter' && ({Todos.add()}, $title = '')",
        cls="new-todo", placeholder="What needs to be done?", aria_label="New todo", autofocus=True,
    )  # fmt: skip
    return (
        Title("TodoMVC"),
        Main(
            Section(Header(H1("todos"), new, cls="header"), whole_list(todos), cls="todoapp"),
            Footer(P("Double-click to edit a todo"), cls="info"),
        ),
        Div({"data-signals": "{_editing: 0}"}, data_init=ROUTE, data_on_hashchange__window=ROUTE),
    )


@live
def whole_list(todos: Todos):
    all_done = Input(
        type="checkbox", id="toggle-all", cls="toggle-all", checked=todos.left == 0,
        data_on_change=Todos.toggle_all(),
    )  # fmt: skip
    clear = Button("Clear completed", cls="clear-completed", data_on_click=Todos.clear_completed(),
                   hidden=todos.left == len(todos.items))  # fmt: skip
    return Div(
        Section(
            all_done,
            Label("Mark all as complete", fr="toggle-all"),
            Ul(*map(item, todos.items), cls="todo-list"),
            cls="main",
            hidden=not todos.items,
        ),
        Footer(
            Span(
                Strong(todos.left), f" item{'' if todos.left == 1 else 's'} left", cls="todo-count"
            ),
            Ul(*[Li(link(name, text)) for name, text in FILTERS.items()], cls="filters"),
            clear,
            cls="footer",
            hidden=not todos.items,
        ),
        id="list",
    )


def link(name: str, text: str):
    return A(text, href=f"#/{name}", data_class_selected=f"$_filter === '{name}'")


def item(todo: Todo):
    is_edited = f"$_editing === {todo.id}"
    save = f"$text = el.value, $_editing = 0, {Todos.rename(todo.id)}"
    wanted = "completed" if todo.completed else "active"
    view = Div(
        Input(
            type="checkbox", cls="toggle", checked=todo.completed, aria_label="Completed",
            data_on_change=Todos.toggle(todo.id),
        ),
        Label(todo.title, data_on_dblclick=f"$_editing = {todo.id}; {FOCUS}"),
        Button(cls="destroy", aria_label="Destroy", data_on_click=Todos.destroy(todo.id)),
        cls="view",
    )  # fmt: skip
    return Li(
        view,
        Input(
            value=todo.title, cls="edit", aria_label="Title",
            data_on_keydown=KEYS, data_on_blur=f"{is_edited} && ({save})",
        ),
        id=f"todo-{todo.id}",
        cls="completed" if todo.completed else None,
        data_class_editing=is_edited,
        data_show=f"!$_filter || $_filter === '{wanted}'",
    )  # fmt: skip


FOCUS = "setTimeout(() => el.closest('li').querySelector('.edit').focus())"
# Enter leaves the input, and leaving saves; Escape cancels editing first.
KEYS = (
    "evt.key === 'Enter' && el.blur();"
    "evt.key === 'Escape' && ($_editing = 0, el.value = el.defaultValue)"
)
