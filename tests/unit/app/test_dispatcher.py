"""The dispatcher: one event of one entity, loaded, checked, run, committed, told."""

import asyncio
from typing import Any
from uuid import UUID, uuid4

import pytest
from pydantic import SecretStr, field_validator

from starmodel import (
    AccessDeniedError,
    Actor,
    BindingError,
    CommandRecord,
    ConfigurationError,
    ConstraintError,
    Entity,
    EntityConfig,
    Field,
    GoneError,
    InvalidStateError,
    NotFoundError,
    NotSignedInError,
    Redirect,
    Session,
    Toast,
    UnitOfWork,
    VersionConflictError,
    event,
)
from starmodel.app.access import TRUSTED
from starmodel.app.messages import Changed
from starmodel.core.drafts import STORED
from starmodel.core.entity import version_of
from starmodel.testing.fakes import fake_application


def _entities():
    class Counter(Entity):
        model_config = EntityConfig(scope="app", access="public")
        count: int = 0
        note: str = ""
        items: list[str] = Field(default_factory=list)
        secret_seed: int = Field(default=7, private=True)

        @event
        def add(self, amount: int = 1):
            self.count += amount

        @event
        def fail(self):
            self.count += 100
            self.items.append("never")
            raise LookupError("no")

        @event
        def spoil(self):
            self.count = "many"

        @event
        def replace(self, count: int):
            return self.evolve(count=count)

        @event
        def show(self, what: Any = None):
            known = {"toast": Toast("hi"), "go": Redirect("/x")}
            return known.get(what, what) if isinstance(what, str) else what

        @event
        def odd(self):
            return object()

        @event
        async def slow_note(self, gate: Any = None, note: str = "slow"):
            await _pass(gate)
            self.note = note

        @event
        async def slow_add(self):
            before = self.count
            await asyncio.sleep(0.002)
            self.count = before + 1

        @event(retry=True)
        async def stubborn_add(self):
            before = self.count
            await asyncio.sleep(0.002)
            self.count = before + 1

        @event
        async def slow_replace(self):
            await asyncio.sleep(0.002)
            return self.evolve(note="replaced")

        @event
        def take(self, items: list[str]):
            self.items = items
            items.append("end")

        @event
        def seed(self, secret_seed: int):
            self.secret_seed = secret_seed

    async def _pass(gate):
        await asyncio.sleep(0.002)

    class Product(Entity):
        name: str
        stock: int = 0
        cost: int = Field(default=0, private=True)

        @field_validator("stock")
        @classmethod
        def not_negative(cls, value):
            if value < 0:
                raise ValueError("stock can't be negative")
            return value

        @event
        def adjust(self, delta: int):
            self.stock += delta

        @event
        def rename_id(self):
            self.id = "other"

        @event
        def move(self, to: "Product", amount: int):
            self.stock -= amount
            to.stock += amount

        @event
        def spy(self, on: "Product"):
            return on.stock

        @event
        def sign(self, pin: SecretStr): ...

    return Counter, Product


Counter, Product = _entities()
Product.__entity__.events["move"].fn.__annotations__["to"] = Product
Product.__entity__.events["spy"].fn.__annotations__["on"] = Product


@pytest.fixture
def app(bus, clock):
    return fake_application(Counter, Product, bus=bus, clock=clock)


async def stored(app, cls=Counter, id="app"):
    return await app.persistence.for_class(cls).get(cls, id)


# Sync events


async def test_dispatch_event_stores_publishes_and_answers(app, changes):
    outcome = await app.dispatch(Counter.add(2))
    assert (await stored(app)).count == 2
    assert outcome.entity.count == 2
    assert outcome.version == version_of(outcome.entity) == version_of(await stored(app))
    assert outcome.patch.set == {"count": 2}
    ((kind, id, state),) = changes()
    assert (kind, id, state["count"]) == ("created", "app", 2)
    assert "secret_seed" not in state


async def test_dispatch_event_that_raises_changes_nothing(app, bus):
    await app.dispatch(Counter.add(1))
    before = len(bus.messages)
    with pytest.raises(LookupError):
        await app.dispatch(Counter.fail())
    assert ((await stored(app)).count, (await stored(app)).items) == (1, [])
    assert len(bus.messages) == before


async def test_dispatch_invalid_result_is_refused_by_field(app):
    with pytest.raises(InvalidStateError) as caught:
        await app.dispatch(Counter.spoil())
    assert set(caught.value.fields) == {"count"}
    assert await stored(app) is None


async def test_dispatch_event_without_a_change_stores_and_publishes_nothing(app, bus):
    await app.dispatch(Counter.add(0))
    assert await stored(app) is None
    await app.dispatch(Counter.add(1))
    version, told = version_of(await stored(app)), len(bus.messages)
    outcome = await app.dispatch(Counter.add(0))
    assert outcome.version == version == version_of(await stored(app))
    assert len(bus.messages) == told


async def test_dispatch_outcome_s_entity_is_always_a_stored_snapshot(app):
    """Else calling an event on it would change nothing that anyone stores."""
    for amount in (1, 0):
        outcome = await app.dispatch(Counter.add(amount))
        assert outcome.entity._sm_mode == STORED


async def test_dispatch_functional_event_stores_what_it_returns(app):
    await app.dispatch(Counter.replace(9))
    outcome = await app.dispatch(Counter.replace(10))
    assert outcome.value is None
    assert ((await stored(app)).count, (await stored(app)).secret_seed) == (10, 7)


@pytest.mark.parametrize("value", [1, "x", [1, 2], {"a": [1]}])
async def test_dispatch_data_is_the_result(app, value):
    outcome = await app.dispatch(Counter.show(value))
    assert outcome.value == outcome.reply.result == value


async def test_dispatch_toast_and_redirect_are_sorted_into_the_reply(app):
    assert (await app.dispatch(Counter.show("toast"))).reply.toasts == [Toast("hi")]
    assert (await app.dispatch(Counter.show("go"))).reply.redirect == "/x"


async def test_dispatch_result_that_json_can_t_say_is_refused_before_the_commit(app):
    with pytest.raises((TypeError, ValueError)):
        await app.dispatch(Counter.odd())
    assert await stored(app) is None


async def test_dispatch_versions_rise_and_start_at_the_clock(app, clock):
    first = (await app.dispatch(Counter.add())).version
    assert first == int(clock() * 1e6)
    assert (await app.dispatch(Counter.add())).version == first + 1


async def test_dispatch_sync_conflict_runs_again_on_the_fresh_snapshot(app):
    await app.dispatch(Counter.add(1))
    repository, raced = app.persistence.for_class(Counter), []
    commit = repository.commit

    async def late(batch, between=None):
        if not raced:
            raced.append(True)
            await app.dispatch(Counter.add(10))
        await commit(batch, between)

    repository.commit = late
    await app.dispatch(Counter.add(100))
    assert (await stored(app)).count == 111


async def test_dispatch_sync_conflict_again_and_again_gives_up_after_five(app, monkeypatch):
    repository, tries = app.persistence.for_class(Counter), []

    async def refuse(batch, between=None):
        tries.append(batch)
        raise VersionConflictError("Counter", "app", read=1, stored=2)

    monkeypatch.setattr(repository, "commit", refuse)
    monkeypatch.setattr("starmodel.app.dispatcher.random.uniform", lambda a, b: 0)
    with pytest.raises(VersionConflictError):
        await app.dispatch(Counter.add(1))
    assert len(tries) == 5


async def test_dispatch_run_again_gets_its_arguments_unchanged(app):
    repository, raced = app.persistence.for_class(Counter), []
    commit = repository.commit

    async def late(batch, between=None):
        if not raced:
            raced.append(True)
            await app.dispatch(Counter.add(1))
        await commit(batch, between)

    repository.commit = late
    await app.dispatch(Counter.take(["a"]))
    assert (await stored(app)).items == ["a", "end"]


async def test_dispatch_two_hundred_at_once_lose_nothing(app):
    await asyncio.gather(*(app.dispatch(Counter.add(1)) for _ in range(200)))
    assert (await stored(app)).count == 200


# Async events


async def test_dispatch_async_event_is_rebased_when_others_changed_other_fields(app):
    await app.dispatch(Counter.add(1))
    slow = asyncio.create_task(app.dispatch(Counter.slow_note()))
    await asyncio.sleep(0)
    await app.dispatch(Counter.add(10))
    outcome = await slow
    found = await stored(app)
    assert (found.count, found.note) == (11, "slow")
    assert outcome.entity.count == 11


async def test_dispatch_async_event_on_a_new_instance_is_rebased_too(app):
    slow = asyncio.create_task(app.dispatch(Counter.slow_note()))
    await asyncio.sleep(0)
    await app.dispatch(Counter.add(10))
    await slow
    assert ((await stored(app)).count, (await stored(app)).note) == (10, "slow")


async def test_dispatch_async_event_that_read_what_changed_conflicts(app):
    await app.dispatch(Counter.add(1))
    slow = asyncio.create_task(app.dispatch(Counter.slow_add()))
    await asyncio.sleep(0)
    await app.dispatch(Counter.add(10))
    with pytest.raises(VersionConflictError):
        await slow
    assert (await stored(app)).count == 11


async def test_dispatch_async_event_that_wrote_what_changed_conflicts(app):
    await app.dispatch(Counter.add(1))
    first = asyncio.create_task(app.dispatch(Counter.slow_note(note="first")))
    second = asyncio.create_task(app.dispatch(Counter.slow_note(note="second")))
    results = await asyncio.gather(first, second, return_exceptions=True)
    assert sum(isinstance(r, VersionConflictError) for r in results) == 1


async def test_dispatch_async_event_with_retry_runs_again(app):
    await asyncio.gather(*(app.dispatch(Counter.stubborn_add()) for _ in range(3)))
    assert (await stored(app)).count == 3


async def test_dispatch_async_functional_event_is_rebased(app):
    await app.dispatch(Counter.add(1))
    slow = asyncio.create_task(app.dispatch(Counter.slow_replace()))
    await asyncio.sleep(0)
    await app.dispatch(Counter.add(10))
    await slow
    assert ((await stored(app)).count, (await stored(app)).note) == (11, "replaced")


async def test_dispatch_async_event_of_a_removed_record_conflicts(bus):
    class Note(Entity):
        model_config = EntityConfig(scope="record")
        text: str = ""

        @event
        async def write(self):
            await asyncio.sleep(0.002)
            self.text = "late"

    app = fake_application(Note, bus=bus)
    note = await Note.objects.create()
    slow = asyncio.create_task(app.dispatch(note.do.write()))
    await asyncio.sleep(0)
    await app.dispatch(note.do.delete())
    with pytest.raises(VersionConflictError, match="has been removed"):
        await slow
    assert await Note.objects.find(note.id) is None


# Records


async def test_create_update_delete_are_events(app, changes):
    made = await Product.objects.create(id="p1", name="Pen", stock=3, cost=2)
    await app.dispatch(made.do.update(stock=4))
    await app.dispatch(made.do.delete())
    assert await Product.objects.find("p1") is None
    assert [(kind, id) for kind, id, _ in changes()] == [
        ("created", "p1"),
        ("updated", "p1"),
        ("deleted", "p1"),
    ]
    assert changes()[1][2] == {"id": "p1", "name": "Pen", "stock": 4}
    assert changes()[2][2] is None


async def test_create_missing_field_is_refused_by_field(app):
    with pytest.raises(InvalidStateError) as caught:
        await Product.objects.create(stock=1)
    assert set(caught.value.fields) == {"name"}


async def test_create_of_a_taken_id_is_a_constraint_error(app):
    await Product.objects.create(id="p1", name="Pen")
    with pytest.raises(ConstraintError, match="'p1'") as caught:
        await Product.objects.create(id="p1", name="Ink")
    assert set(caught.value.fields) == {"id"}
    assert (await Product.objects.get("p1")).name == "Pen"


async def test_deleted_and_recreated_record_has_a_higher_version(app, clock):
    made = await Product.objects.create(id="p1", name="Pen")
    await app.dispatch(made.do.update(stock=1))
    await app.dispatch(made.do.delete())
    clock.advance(0.001)
    again = await Product.objects.create(id="p1", name="Pen")
    assert version_of(again) > version_of(made) + 2


async def test_custom_create_event_replaces_the_built_in(bus, changes):
    class Order(Entity):
        number: int
        total: int = 0

        @event
        def create(self, number: int, lines: list[int]):
            self.number = number
            self.total = sum(lines)

    app = fake_application(Order, bus=bus)
    outcome = await app.dispatch(Order.create(7, lines=[1, 2]))
    assert (outcome.entity.number, outcome.entity.total) == (7, 3)
    assert changes() == [("created", outcome.entity.id, {**changes()[0][2], "total": 3})]
    with pytest.raises(BindingError, match="'total' is unknown"):
        await app.dispatch(CommandRecord("c", "Order", "create", {"total": 9}, None, None, 0))


async def test_create_runs_model_post_init_on_complete_records_only(bus):
    class Page(Entity):
        title: str
        slug: str = ""

        def model_post_init(self, context):
            if not self.slug:
                self.__dict__["slug"] = self.title.lower()

    app = fake_application(Page, bus=bus)
    made = await app.objects(Page).create(title="Hello")
    assert made.slug == "hello"


async def test_id_of_a_stored_entity_can_t_be_changed(app):
    """Else the store would keep it under one id and show it under another."""
    made = await Product.objects.create(id="p1", name="Pen")
    for action in (made.do.rename_id(), made.do.update(id="other")):
        with pytest.raises(InvalidStateError) as caught:
            await app.dispatch(action)
        assert set(caught.value.fields) == {"id"}
    assert (await Product.objects.get("p1")).id == "p1"


async def test_dispatch_unknown_id_is_not_found_and_gone_when_it_was_seen(app, send):
    with pytest.raises(NotFoundError) as caught:
        await send(app, Product, "adjust", id="p9", body={"delta": 1}, actor=TRUSTED)
    assert not isinstance(caught.value, GoneError)
    with pytest.raises(GoneError):
        await send(app, Product, "adjust", id="p9", body={"delta": 1}, actor=TRUSTED, expects=True)


async def test_dispatch_record_event_without_a_record_is_not_found(app, send):
    with pytest.raises(NotFoundError):
        await send(app, Product, "adjust", body={"delta": 1}, actor=TRUSTED)


async def test_dispatch_id_is_converted_to_its_type():
    class Ticket(Entity):
        id: UUID = Field(default_factory=uuid4)
        text: str = ""
        model_config = EntityConfig(scope="record")

    app = fake_application(Ticket)
    made = await Ticket.objects.create()
    record = CommandRecord("c", f"Ticket:{made.id}", "update", {"text": "x"}, None, None, 0)
    assert (await app.dispatch(record)).entity.text == "x"
    with pytest.raises(NotFoundError):
        await app.dispatch(CommandRecord("c", "Ticket:nonsense", "delete", {}, None, None, 0))


# Entity-typed parameters


async def test_dispatch_entity_parameter_is_loaded_and_enlisted(app):
    pen = await Product.objects.create(id="pen", name="Pen", stock=3)
    ink = await Product.objects.create(id="ink", name="Ink", stock=0)
    await app.dispatch(pen.do.move(ink, 2))
    assert (
        (await stored(app, Product, "pen")).stock,
        (await stored(app, Product, "ink")).stock,
    ) == (1, 2)


async def test_dispatch_failure_in_one_of_two_entities_stores_neither(app, bus):
    pen = await Product.objects.create(id="pen", name="Pen", stock=1)
    await Product.objects.create(id="ink", name="Ink")
    told = len(bus.messages)
    with pytest.raises(InvalidStateError, match="negative"):
        await app.dispatch(pen.do.move("ink", 2))
    assert (await stored(app, Product, "ink")).stock == 0
    assert len(bus.messages) == told


async def test_dispatch_entity_parameter_that_is_the_entity_itself_is_one_draft(app):
    pen = await Product.objects.create(id="pen", name="Pen", stock=3)
    await app.dispatch(pen.do.move("pen", 2))
    assert (await stored(app, Product, "pen")).stock == 3


async def test_dispatch_unknown_entity_parameter_is_not_found(app):
    pen = await Product.objects.create(id="pen", name="Pen", stock=3)
    with pytest.raises(NotFoundError, match="'nothing'"):
        await app.dispatch(pen.do.move("nothing", 2))


async def test_dispatch_entity_parameter_is_checked_for_read_access():
    class Diary(Entity):
        owner: str
        model_config = EntityConfig(
            access={"read": lambda actor, diary: actor.id == diary.owner, "write": "signed_in"}
        )

    class Reader(Entity):
        model_config = EntityConfig(scope="app", access="public")

        @event
        def read(self, diary: Diary):
            return diary.owner

    app = fake_application(Diary, Reader)
    diary = await Diary.objects.create(owner="ann")
    assert (await app.dispatch(Reader.read(diary), actor="ann")).value == "ann"
    with pytest.raises(AccessDeniedError):
        await app.dispatch(Reader.read(diary), actor="bob")


async def test_dispatch_parameter_of_a_scoped_class_is_the_visitor_s_own(visitor):
    """A visitor must not name another visitor's instance."""

    class Cart(Entity):
        lines: int = 0

    class Shop(Entity):
        model_config = EntityConfig(scope="app", access="public")

        @event
        def buy(self, cart: Cart):
            cart.lines += 1

    app = fake_application(Cart, Shop)
    await app.dispatch(Shop.buy(), session=visitor("ann"), actor=None)
    assert (await stored(app, Cart, "key-ann")).lines == 1
    with pytest.raises(BindingError, match="'cart' is unknown"):
        await app.dispatch(Shop.buy("key-ann"), session=visitor("bob"), actor=None)


# Special parameters


async def test_dispatch_special_parameters_are_given(visitor, send):
    seen = {}

    class Spy(Entity):
        @event
        def look(self, who: Actor | None, visit: Session, unit: UnitOfWork, request, signals):
            seen.update(who=who, visit=visit, unit=unit, request=request, signals=signals)

    app = fake_application(Spy)
    session = visitor("ann", "boss")
    await send(app, Spy, "look", session=session, request="the request", signals={"a": 1})
    assert seen["who"] == Actor("boss")
    assert seen["visit"] is session
    assert isinstance(seen["unit"], UnitOfWork)
    assert (seen["request"], seen["signals"]) == ("the request", {"a": 1})


# Access


async def test_dispatch_by_nobody_is_refused_before_existence_is_told(app):
    made = await Product.objects.create(name="Pen")
    for id in (made.id, "unknown"):
        with pytest.raises(NotSignedInError):
            await app.dispatch(
                CommandRecord("c", f"Product:{id}", "delete", {}, None, None, 0), actor=None
            )


async def test_dispatch_trusted_and_named_actors_differ(bus):
    class Vault(Entity):
        model_config = EntityConfig(scope="app", access={"write": "role:boss", "read": "public"})
        gold: int = 0

        @event
        def put(self):
            self.gold += 1

        @event(access="nobody")
        def steal(self):
            self.gold = 0

    app = fake_application(Vault, bus=bus)
    outcome = await app.dispatch(Vault.put())
    assert outcome.record.actor == "trusted"
    assert (
        await app.dispatch(Vault.put(), actor=Actor("b", roles=frozenset({"boss"})))
    ).entity.gold == 2
    for actor, error in ((None, NotSignedInError), ("ann", AccessDeniedError)):
        with pytest.raises(error):
            await app.dispatch(Vault.put(), actor=actor)
    with pytest.raises(AccessDeniedError):
        await app.dispatch(Vault.steal(), actor=Actor("trusted", "Trusted code"))
    assert (await app.dispatch(Vault.steal())).entity.gold == 0


async def test_dispatch_rule_by_field_decides_on_the_very_record(bus):
    class Note(Entity):
        model_config = EntityConfig(access=lambda actor, note: note.owner == actor.id)
        owner: str
        text: str = ""

    app = fake_application(Note, bus=bus)
    note = (
        (await app.dispatch(Note.create(owner="ann"), actor="ann")).entity
        if hasattr(Note, "create")
        else None
    )
    note = await app.objects(Note).create(owner="ann") if note is None else note
    await app.dispatch(note.do.update(text="mine"), actor="ann")
    with pytest.raises(AccessDeniedError):
        await app.dispatch(note.do.update(text="his"), actor="bob")
    create = CommandRecord("c", "Note", "create", {"owner": "ann"}, None, None, 0)
    with pytest.raises(AccessDeniedError):
        await app.dispatch(create, actor="bob")
    assert (await app.objects(Note).count()) == 1


# Command records


async def test_record_says_what_was_asked_and_by_whom(app, visitor, clock):
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
    ("record", "told"),
    [
        (CommandRecord("c", "Nothing", "add", {}, None, None, 0), "no entity 'Nothing'"),
        (CommandRecord("c", "Counter", "explode", {}, None, None, 0), "no event 'explode'"),
    ],
)
async def test_record_of_something_unknown_is_refused(app, record, told):
    with pytest.raises(ConfigurationError, match=told):
        await app.dispatch(record)


async def test_record_with_a_bad_argument_is_refused(app):
    with pytest.raises(BindingError, match=r"'amount' must be int, got 'x' \(from arguments\)"):
        await app.dispatch(CommandRecord("c", "Counter", "add", {"amount": "x"}, None, None, 0))


async def test_record_never_holds_secrets_or_private_fields_and_is_not_replayed_without(app, bus):
    pen = await Product.objects.create(id="pen", name="Pen", cost=12345)
    updated = await app.dispatch(pen.do.update(cost=54321))
    signed = await app.dispatch(pen.do.sign(SecretStr("hunter2")))
    told = repr(bus.messages) + updated.record.to_json() + signed.record.to_json()
    for secret in ("12345", "54321", "hunter2"):
        assert secret not in told
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


# auto_persist, ttl, sync_with_client


async def test_auto_persist_off_stores_only_what_is_saved(bus, changes):
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


async def test_ttl_slides_on_write_and_expiry_is_told_with_the_default_state(bus, clock, changes):
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


async def test_sync_with_client_takes_the_browser_s_values_over(send):
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


async def test_sync_with_client_wrong_value_is_refused(send):
    form, *_ = _synced()
    app = fake_application(form)
    with pytest.raises(BindingError, match=r"Form.amount: .*\(from signal\)"):
        await send(app, form, "send", signals={"Form": {"amount": "many"}})
