"""Command records: content, JSON serialisation and replay."""

import pytest
from pydantic import SecretStr

from starmodel import (
    BindingError,
    CommandRecord,
    ConfigurationError,
    Entity,
    EntityConfig,
    event,
)
from starmodel.app.ports.messages import Changed
from starmodel.testing.fakes import fake_application
from unit.app.entities import Counter, Product


async def test_record_has_event_arguments_and_actor(app, visitor, clock):
    session = visitor("ann", "boss")
    first = await app.dispatch(Counter.add(2), actor=session.actor, session=session)
    record = first.record
    assert record == CommandRecord(
        "c1", "Counter", "add", {"amount": 2}, "boss", "key-ann", clock(), 0
    )
    second = await app.dispatch(Counter.add(2))
    assert second.record.version == first.version


async def test_record_round_trips_and_replays(app):
    pen = await Product.objects.create(id="pen", name="Pen", stock=3)
    record = (await app.dispatch(pen.do.adjust(2))).record
    assert record.entity == "Product:pen"
    again = CommandRecord.from_json(record.to_json())
    assert again == record
    assert (await app.dispatch(again)).entity.stock == 7


async def test_record_of_a_session_s_instance_replays_on_that_instance(visitor):
    class Cart(Entity):
        lines: int = 0

        @event
        def add(self):
            self.lines += 1

    class Wallet(Entity):
        model_config = EntityConfig(scope="user")
        gold: int = 0

        @event
        def put(self):
            self.gold += 1

    app = fake_application(Cart, Wallet)
    session = visitor("ann", "ann")
    for action in (Cart.add(), Wallet.put()):
        record = (await app.dispatch(action, actor=session.actor, session=session)).record
        outcome = await app.dispatch(CommandRecord.from_json(record.to_json()))
        assert 2 in (getattr(outcome.entity, "lines", 0), getattr(outcome.entity, "gold", 0))


@pytest.mark.parametrize(
    ("record", "message"),
    [
        (CommandRecord("c", "Nothing", "add", {}, None, None, 0), "no entity 'Nothing'"),
        (CommandRecord("c", "Counter", "explode", {}, None, None, 0), "no event 'explode'"),
    ],
)
async def test_record_of_something_unknown_is_rejected(app, record, message):
    with pytest.raises(ConfigurationError, match=message):
        await app.dispatch(record)


async def test_record_with_a_bad_argument_is_rejected(app):
    with pytest.raises(BindingError, match=r"'amount' must be int, got 'x' \(from arguments\)"):
        await app.dispatch(CommandRecord("c", "Counter", "add", {"amount": "x"}, None, None, 0))


async def test_record_never_holds_secrets_or_private_fields_and_is_not_replayed_without(app, bus):
    pen = await Product.objects.create(id="pen", name="Pen", cost=12345)
    updated = await app.dispatch(pen.do.update(cost=54321))
    signed = await app.dispatch(pen.do.sign(SecretStr("hunter2")))
    data = repr(bus.messages) + updated.record.to_json() + signed.record.to_json()
    for secret in ("12345", "54321", "hunter2"):
        assert secret not in data
    for record in (updated.record, signed.record):
        with pytest.raises(BindingError, match="not recorded"):
            await app.dispatch(record)
    assert (await Product.objects.get("pen")).cost == 54321


async def test_private_fields_never_appear_in_messages(app, bus):
    await app.dispatch(Counter.seed(987654))
    await app.dispatch(Counter.seed(987655))
    for message in bus.of(Changed):
        assert "secret_seed" not in message.fields
        assert "98765" not in repr(message)
