"""A live counter: the whole application."""

from starmodel import Entity, create_app, event


class Counter(Entity):
    count: int = 0

    @event
    def increment(self, amount: int = 1) -> None:
        self.count += amount


app = create_app(title="PROJECT_TITLE")
