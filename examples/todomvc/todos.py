"""The list of one visitor, and all of its events; independent of any page."""

from pydantic import BaseModel

from starmodel import Entity, event


class Todo(BaseModel):
    id: int
    title: str
    completed: bool = False


class Todos(Entity):
    model_config = {"store": "sql", "scope": "session"}
    items: list[Todo] = []

    @event
    def add(self, title: str):
        if title := title.strip():
            last = max((todo.id for todo in self.items), default=0)
            self.items.append(Todo(id=last + 1, title=title))

    @event
    def toggle(self, todo: int):
        for each in self._named(todo):
            each.completed = not each.completed

    @event
    def rename(self, todo: int, text: str):
        """An empty title destroys the item."""
        for each in self._named(todo):
            each.title = text.strip()
        self.items = [each for each in self.items if each.title]

    @event
    def destroy(self, todo: int):
        self.items = [each for each in self.items if each.id != todo]

    @event
    def toggle_all(self):
        completed = self.left > 0
        for each in self.items:
            each.completed = completed

    @event
    def clear_completed(self):
        self.items = [each for each in self.items if not each.completed]

    @property
    def left(self) -> int:
        return sum(not each.completed for each in self.items)

    def _named(self, todo: int) -> list[Todo]:
        """The item, or nothing when another tab has destroyed it."""
        return [each for each in self.items if each.id == todo]
