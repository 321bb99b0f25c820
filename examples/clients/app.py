"""A shared list of tasks, which the clients in this folder follow: `starmodel run app.py`."""

from starmodel import Entity, EntityConfig, create_app, event


class Task(Entity):
    model_config = EntityConfig(store="sql", access="public")
    title: str
    done: bool = False

    @event
    def toggle(self):
        self.done = not self.done


app = create_app(title="Tasks")
