"""Records: created, updated and deleted by events, and loaded for parameters."""

from uuid import UUID, uuid4

import pytest

from starmodel import (
    AccessDeniedError,
    BindingError,
    CommandRecord,
    ConstraintError,
    Entity,
    EntityConfig,
    Field,
    GoneError,
    InvalidStateError,
    NotFoundError,
    event,
)
from starmodel.app.access.policy import TRUSTED
from starmodel.core.snapshot import version_of
from starmodel.testing.fakes import fake_application
from unit.app.entities import Product, stored


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


async def test_create_missing_field_is_rejected_by_field(app):
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
    """Otherwise its key in the store and its id would differ."""
    made = await Product.objects.create(id="p1", name="Pen")
    for action in (made.do.rename_id(), made.do.update(id="other")):
        with pytest.raises(InvalidStateError) as caught:
            await app.dispatch(action)
        assert set(caught.value.fields) == {"id"}
    assert (await Product.objects.get("p1")).id == "p1"


async def test_dispatch_unknown_id_is_not_found_and_deleted_id_is_gone(app, send):
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
    published = len(bus.messages)
    with pytest.raises(InvalidStateError, match="negative"):
        await app.dispatch(pen.do.move("ink", 2))
    assert (await stored(app, Product, "ink")).stock == 0
    assert len(bus.messages) == published


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


async def test_dispatch_parameter_of_a_scoped_class_is_the_session_instance(visitor):
    """A request must not address another session's instance."""

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
