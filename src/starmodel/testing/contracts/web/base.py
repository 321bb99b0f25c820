"""The fixture of the web contract: an application with four entities, and its visitors."""
# ruff: noqa: RUF012 - `model_config` is pydantic's

import abc
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from starmodel.core.entity import Entity
from starmodel.core.events import event
from starmodel.testing.browser.asgi import DATASTAR, HTML, ORIGIN, Reply
from starmodel.testing.stores import memory_stores
from starmodel.testing.visitor import Visitor

SECRET = "k" * 40


@dataclass
class Site:
    """A served application, its entity classes and its first visitor."""

    app: Any
    Counter: Any
    Product: Any
    Board: Any
    Vault: Any
    visitor: Visitor
    others: list[Visitor] = field(default_factory=list)

    def another(self) -> Visitor:
        """Another visitor with an empty cookie jar."""
        self.others.append(Visitor(self.app, raise_errors=False))
        return self.others[-1]

    def page(self, path: str, method: str = "GET") -> Reply:
        """The response to a browser that requests a page."""
        return self.visitor.request(method, path, headers=HTML)

    def click(self, path: str, *, method: str = "POST") -> Reply:
        """The response to a click without signals."""
        headers = {**DATASTAR, "origin": ORIGIN}
        return self.visitor.request(method, path, {}, headers=headers)


def entities() -> tuple[Any, Any, Any, Any]:
    """New entity classes: one for each session, records, one for all visitors, a protected one."""

    class Counter(Entity):
        count: int = 0

        @event
        def increment(self, amount: int = 1) -> None:
            self.count += amount

        @event
        def refuse(self) -> None:
            raise ValueError("The counter is full.")

        @event
        def crash(self) -> None:
            raise RuntimeError("internal detail")

    class Product(Entity):
        model_config = {"scope": "record", "access": "public"}
        name: str
        price: float = 1.0

    class Board(Entity):
        model_config = {"scope": "app", "access": "public"}
        notes: int = 0

        @event
        def add(self) -> None:
            self.notes += 1

    class Vault(Entity):
        model_config = {"scope": "app", "access": "role:keeper"}
        sum: int = 7

    return Counter, Product, Board, Vault


class WebContractBase(abc.ABC):
    """The hooks of a framework."""

    @abc.abstractmethod
    def make_app(self, entities: Sequence[type[Entity]], **options: Any) -> Any:
        """A new application of the framework with these entities and options of Starlette."""

    @abc.abstractmethod
    def add_page(self, app: Any, path: str, handler: Callable[..., Any]) -> None:
        """Add a GET route to the application, whose handler's parameters are filled."""

    @contextmanager
    def serving(self, **options: Any) -> Iterator[Site]:
        """Serve a new application until the end of the context."""
        with memory_stores():
            classes = entities()
            app = self.make_app(classes, **{"secret_key": SECRET, **options})
            site = Site(app, *classes, Visitor(app, raise_errors=False))
            try:
                yield site
            finally:
                for visitor in (site.visitor, *site.others):
                    visitor.close()
