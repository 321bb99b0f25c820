"""Events whose module imports what annotations need for type checkers only."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starmodel import Entity, event

if TYPE_CHECKING:
    from starlette.requests import Request

    import starmodel
    from starmodel import Actor, Session, Toast, UnitOfWork
    from unit.app.commands.binding.test_type_checking_imports import Tag


class Note(Entity):
    model_config = {"store": "memory", "scope": "record", "access": "public"}
    text: str = ""

    @event
    def only(self, uow: UnitOfWork) -> None:
        self.text += "."

    @event
    def add(self, more: str, work: UnitOfWork, session: Session, who: Actor | None) -> Toast:
        self.text += more

    @event
    def sign(self, actor: starmodel.Actor | None, words: list[str], asked: Request | None) -> None:
        self.text += ",".join(words)

    @event
    def label(self, tag: Tag, others: list[str] | None = None) -> None:
        self.text += tag.name


class Lost(Entity):
    model_config = {"store": "memory", "scope": "record", "access": "public"}

    @event
    def add(self, more: starmodel.Colour, uow: UnitOfWork) -> None: ...
