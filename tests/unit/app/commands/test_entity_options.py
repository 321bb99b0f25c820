"""The entity options auto_persist, ttl and sync_with_client."""

import pytest

from starmodel import (
    BindingError,
    Entity,
    EntityConfig,
    Field,
    event,
)
from starmodel.app.ports.messages import Changed
from starmodel.testing.fakes import fake_application
from unit.app.entities import stored


async def test_auto_persist_off_stores_saved_changes_only(bus, changes):
    class Draft(Entity):
        model_config = EntityConfig(scope="app", access="public", auto_persist=False)
        text: str = ""

        @event
        def write(self, text: str):
            self.text = text

        @event
        async def keep(self, text: str):
            self.text = text
            await self.save()

    app = fake_application(Draft, bus=bus)
    outcome = await app.dispatch(Draft.write("a"))
    assert (outcome.entity.text, outcome.stored) == ("a", False)
    assert await stored(app, Draft) is None
    assert changes() == []
    outcome = await app.dispatch(Draft.keep("b"))
    assert outcome.stored
    assert (await stored(app, Draft)).text == "b"


async def test_ttl_slides_on_write_and_expiry_publishes_the_default_state(bus, clock, changes):
    class Guest(Entity):
        model_config = EntityConfig(scope="app", access="public", ttl=60)
        name: str = "nobody"

        @event
        def enter(self, name: str):
            self.name = name

    app = fake_application(Guest, bus=bus, clock=clock)
    await app.dispatch(Guest.enter("Eve"))
    clock.advance(40)
    await app.dispatch(Guest.enter("Eva"))
    clock.advance(40)
    assert (await stored(app, Guest)).name == "Eva"
    clock.advance(30)
    await app.persistence.for_class(Guest).sweep()
    await app.close()
    assert changes()[-1] == ("expired", "app", {"id": "app", "name": "nobody"})
    assert set(bus.of(Changed)[-1].fields) >= {"name"}


def _synced():
    class Form(Entity):
        model_config = EntityConfig(sync_with_client=True, scope="app", access="public")
        amount: int | None = None
        text: str = "t"
        cost: int = Field(default=1, private=True)
        label: str | None = None

        @event
        def send(self): ...

    class Bare(Entity):
        model_config = EntityConfig(
            sync_with_client=True, scope="app", access="public", use_namespace=False
        )
        text: str = "t"

        @event
        def send(self): ...

    class Deep(Entity):
        model_config = EntityConfig(
            sync_with_client=True, scope="app", access="public", namespace="shop.deep"
        )
        text: str = "t"

        @event
        def send(self): ...

    return Form, Bare, Deep


async def test_sync_with_client_applies_browser_signals(send):
    form, bare, deep = _synced()
    app = fake_application(form, bare, deep)
    signals = {
        "Form": {"amount": "5", "text": "new", "cost": 99, "id": "x"},
        "text": "bare",
        "shop": {"deep": {"text": "deep"}},
    }
    made = (await send(app, form, "send", signals=signals)).entity
    assert (made.amount, made.text, made.cost, made.id) == (5, "new", 1, "app")
    assert (await send(app, bare, "send", signals=signals)).entity.text == "bare"
    assert (await send(app, deep, "send", signals=signals)).entity.text == "deep"


async def test_sync_with_client_empty_signal_is_none_where_none_may_be(send):
    form, *_ = _synced()
    app = fake_application(form)
    made = (await send(app, form, "send", signals={"Form": {"amount": "", "label": ""}})).entity
    assert (made.amount, made.label) == (None, None)
    await send(app, form, "send", signals={"Form": {"amount": 4, "label": "x"}})
    made = (await send(app, form, "send", signals={"Form": {"amount": "", "label": ""}})).entity
    assert (made.amount, made.label) == (None, "")


async def test_sync_with_client_wrong_value_is_rejected(send):
    form, *_ = _synced()
    app = fake_application(form)
    with pytest.raises(BindingError, match=r"Form.amount: .*\(from signal\)"):
        await send(app, form, "send", signals={"Form": {"amount": "many"}})
