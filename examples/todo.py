# What there is to do, in SQLite and live in every browser: `starmodel run examples/todo.py`
from starmodel import Entity, Field, Redirect, create_app, event

class Todo(Entity):
    """What there is to do."""
    model_config = {"store": "sql", "access": "public", "list_display": ["title", "done"]}
    title: str = Field(min_length=1, max_length=200, examples=["Water the plants"])
    done: bool = False

    @event
    def toggle(self):
        self.done = not self.done

app = create_app(title="To do")

@app.get("/")
def home():
    return Redirect("/todos?order=done")
