"""One class at two addresses: rules and skin of the shop, and those of its staff."""

from __future__ import annotations

import asyncio
from typing import Any

from fasthtml.components import Button, Div, Section

from integration.web.browser import unlisted
from starmodel import Actor, Entity, EntityConfig, event, live
from starmodel.adapters.ui.franken.adapter import FrankenUI
from starmodel.app.access.policy import TRUSTED, Audience
from starmodel.app.presentation.resource import Resource
from starmodel.core.errors import AccessDeniedError, NotSignedInError


def is_public(actor: Actor | None, item: Any) -> bool:
    return not item.hidden


@unlisted
class Item(Entity):
    model_config = EntityConfig(
        scope="record", access={"read": is_public, "write": "nobody"}, path="/items"
    )
    name: str = ""
    hidden: bool = False
    stock: int = 0

    @event
    def restock(self, amount: int = 1) -> None:
        self.stock += amount

    @event
    def hide(self) -> None:
        self.hidden = True

    @event(access="public")
    def like(self) -> None:
        self.stock += 100

    @event
    async def count(self) -> None:
        counting.set()
        await counted.wait()
        self.stock = 0


counting, counted = asyncio.Event(), asyncio.Event()


@unlisted
class Shelf(Entity):
    model_config = EntityConfig(scope="record", access="public", path="/shelves")
    name: str = ""

    @event
    def place(self, item: Item) -> None:
        self.name = item.name


class StaffOnly:
    """Permits everything to the actors in `staff`, nothing to others."""

    def __init__(self, *staff: str) -> None:
        self.staff = set(staff)

    def check(
        self, entity_type: Any, need: str, actor: Actor | None, *, event: Any = None,
        entity: Any = None,
    ) -> None:  # fmt: skip
        if actor is TRUSTED:
            return
        if actor is None:
            raise NotSignedInError("Staff only.")
        if actor.id not in self.staff:
            raise AccessDeniedError("Staff only.")

    def reads_fields(self, entity_type: Any) -> bool:
        return False

    def audience(self, entity_type: Any, actor: Actor | None) -> Audience:
        may = actor is not None and actor.id in self.staff
        return Audience(frozenset(entity_type.events) if may else frozenset())


class StaffUI(FrankenUI):
    def record_detail(self, resource: Any, entity: Any, titles: Any) -> Any:
        return Section(super().record_detail(resource, entity, titles), id="staff-detail")

    def value(self, annotation: Any, options: Any, *, brief: bool) -> Any:
        render = super().value(annotation, options, brief=brief)
        return (lambda value: f"<b>{render(value)}</b>") if annotation is int else render


@live
def like_button(item: Item) -> Any:
    return Button(f"{item.stock} likes", data_on_click=item.do.like(), id=f"like-{item.id}")


class LikeUI(StaffUI):
    def record_detail(self, resource: Any, entity: Any, titles: Any) -> Any:
        return Section(like_button(entity))


def banner(ui: FrankenUI, resource: Any, entity: Any, titles: Any) -> Any:
    return Div(f"{resource.name} {entity.id}", id="banner")


def staff_resource(policy: StaffOnly, **options: Any) -> Resource:
    return Resource(Item, prefix="/admin", policy=policy, ui=StaffUI, **options)
