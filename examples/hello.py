# A live, shared-by-tabs counter with a generated page: `starmodel run examples/hello.py`
from starmodel import Entity, create_app, event

class Counter(Entity):
    count: int = 0

    @event
    def increment(self, amount: int = 1):
        self.count += amount

app = create_app()
