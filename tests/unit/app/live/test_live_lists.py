"""Live lists: when a query runs again, and which patches its viewers receive."""

import asyncio

import pytest

from starmodel import AccessDeniedError, Action, Actor, Entity, EntityConfig, Field, event
from starmodel.app.access.rules import RulePolicy
from starmodel.app.bus import InProcessBus
from starmodel.app.live.live_list import LONGEST_PAUSE_S, PAUSE_S, ListClosed
from starmodel.app.live.live_lists import LiveLists
from starmodel.app.live.topics import WatchedList
from starmodel.app.ports.messages import Changed
from starmodel.app.queries.listing import listing_of
from starmodel.testing.fakes import fake_application
from unit.app.live.outbox import subscription, taken


def _entities():
    class Product(Entity):
        model_config = EntityConfig(access="public", scope="record")
        name: str = ""
        price: int = 1
        note: str = ""
        cost: int = Field(default=0, private=True)

        @event
        def change(self, changes: dict):
            for name, value in changes.items():
                setattr(self, name, value)

    class Paper(Product):
        model_config = EntityConfig(
            access={"read": lambda actor, paper: paper.note == actor.id, "write": "public"},
            scope="record",
        )

    return Product, Paper


Product, Paper = CLASSES = _entities()


class NamesView:
    """A view that renders the names in the list; counts its calls."""

    def __init__(self):
        self.made = 0

    def encode(self, message, *, full):
        self.made += 1
        if isinstance(message, ListClosed):
            return [f"[{message.reason}]".encode()]
        names = "".join(entity.name for entity in message.state.entities)
        total = "" if message.state.total is None else f" of {message.state.total}"
        return [f"[{names}{'+' * message.state.more}{total}{' full' if full else ''}]".encode()]


class Gate:
    """Replaces sleeping: `open()` releases every waiting task."""

    def __init__(self):
        self.waits, self._event = [], asyncio.Event()

    async def __call__(self, seconds):
        self.waits.append(seconds)
        await self._event.wait()

    async def open(self):
        self._event.set()
        self._event = asyncio.Event()
        await settled()


async def settled():
    for _ in range(100):
        await asyncio.sleep(0)


class Shop:
    """An application with live lists of products, whose queries run when the test releases them."""

    def __init__(self, *, pause=None, policy=None):
        self.pause, self.asked, self.view = pause or Gate(), 0, NamesView()
        self.app = fake_application(*CLASSES, lists=self._lists, policy=policy)

    def _lists(self, ask, policy, matches, read, *followed):
        async def counted(listing, *options):
            self.asked += 1
            return await ask(listing, *options)

        return LiveLists(counted, policy, matches, read, *followed, pause=self.pause)

    async def make(self, *names, cls=Product, **values):
        for name in names:
            await self.app.dispatch(Action(cls, "create", {"id": name, "name": name, **values}))

    async def change(self, id, cls=Product, **changes):
        await self.app.dispatch(cls(id=id).do.change(changes))
        await settled()

    async def delete(self, id, cls=Product):
        await self.app.dispatch(cls(id=id).do.delete())
        await settled()

    async def watch(self, shown="", actor=None, cls=Product, view=None, total=False, **asked):
        await self.app.ready()
        listing = listing_of(self.app.registry[cls], asked)
        viewer = subscription({listing.topic: (view or self.view,)}, actor=actor)
        self.app.lists.join(viewer, WatchedList(listing, shown, total))
        await settled()
        return viewer

    async def digest(self, cls=Product, **asked):
        await self.app.ready()
        return (await self.app.window(listing_of(self.app.registry[cls], asked), None)).digest


@pytest.fixture
async def shop():
    made = Shop()
    yield made
    await made.app.close()


async def test_first_result_is_full_and_later_ones_are_diffs(shop):
    await shop.make("a", "b")
    viewer = await shop.watch()
    assert taken(viewer) == b"[ab full]"
    await shop.pause.open()
    await shop.make("c")
    await settled()
    assert taken(viewer) == b"[abc]"


async def test_page_with_current_digest_receives_diffs_only(shop):
    await shop.make("a")
    viewer = await shop.watch(shown=await shop.digest())
    assert (taken(viewer), shop.view.made) == (b"", 0)
    await shop.pause.open()
    await shop.delete("a")
    assert taken(viewer) == b"[]"


async def test_page_with_outdated_digest_receives_full_list_after_a_new_query(shop):
    """It may be newer than this process's last message, so an older result must not be sent."""
    await shop.make("a")
    await shop.watch()
    await shop.pause.open()
    asked = shop.asked
    viewer = await shop.watch(shown="other")
    assert (shop.asked, taken(viewer)) == (asked + 1, b"[a full]")


async def test_window_follows_creates_updates_deletes_order_filter_and_page(shop):
    await shop.make(*"abcdef")
    plain = await shop.watch(order="-name", per_page="2", page="2")
    cheap = await shop.watch(price__lt="5")
    found = await shop.watch(search="E")
    seen = {viewer: taken(viewer) for viewer in (plain, cheap, found)}
    assert list(seen.values()) == [b"[dc+ full]", b"[abcdef full]", b"[e full]"]
    for act, expected in (
        (shop.make("g"), (b"[ed+]", b"[abcdefg]", b"")),  # the page moves down by one
        (shop.change("b", price=9), (b"", b"[acdefg]", b"")),
        (shop.change("b", price=2), (b"", b"[abcdefg]", b"")),
        (shop.change("a", name="z"), (b"[fe+]", b"[zbcdefg]", b"")),
        (shop.change("c", note="the E"), (b"", b"[zbcdefg]", b"[ce]")),
        (shop.delete("e"), (b"[fd+]", b"[zbcdfg]", b"[c]")),
        (shop.change("d", cost=3), (b"[fd+]", b"[zbcdfg]", b"")),
    ):
        await shop.pause.open()
        await act
        await settled()
        assert tuple(taken(viewer) for viewer in (plain, cheap, found)) == expected


async def test_irrelevant_change_runs_no_query(shop):
    await shop.make(*"abc", price=9)
    viewer = await shop.watch(price__lt="5", order="name")
    await shop.pause.open()
    before = shop.asked
    await shop.change("a", note="new", price=8)
    await shop.make("d", price=7)
    await settled()
    assert (shop.asked, viewer.pending) == (before, 1)


async def test_change_of_an_off_page_row_runs_no_query(shop):
    await shop.make(*"abcd")
    await shop.watch(order="name", per_page="2", page="2")
    await shop.pause.open()
    before = shop.asked
    await shop.change("a", note="new")
    assert shop.asked == before


async def test_change_without_enough_data_runs_the_query(shop):
    await shop.make("a", price=9)
    await shop.watch(price__lt="5")
    await shop.pause.open()
    before = shop.asked
    odd = Changed("Product", "a", "updated", 2, 1, {"price": "a lot"}, ("price",), {"price": 7})
    await shop.app.lists.deliver(odd)
    await settled()
    assert shop.asked == before + 1


async def test_many_changes_run_one_query_immediately_and_one_after_the_debounce(shop):
    await shop.make("a")
    viewer = await shop.watch()
    await shop.pause.open()
    taken(viewer)
    before = shop.asked
    for price in range(100):
        await shop.change("a", price=price, name=str(price))
    assert (shop.asked, taken(viewer)) == (before + 1, b"[0]")
    await shop.pause.open()
    assert (shop.asked, taken(viewer)) == (before + 2, b"[99]")
    assert set(shop.pause.waits) == {PAUSE_S}


async def test_off_page_row_that_leaves_the_filter_shifts_the_page(shop):
    await shop.make(*"abcd")
    viewer = await shop.watch(price__lt="5", order="name", per_page="2", page="2")
    taken(viewer)
    await shop.pause.open()
    await shop.change("a", price=9)
    assert taken(viewer) == b"[d]"


def hold_answers(shop):
    """Results are read from the store immediately, and returned when the event is set."""
    held = asyncio.Event()
    repository = shop.app.persistence.for_class(Product)
    read = repository.list

    async def slow(query):
        found = await read(query)
        await held.wait()
        return found

    repository.list = slow
    return held


async def test_change_during_a_query_is_not_lost(shop):
    await shop.make("a")
    await shop.make("b", price=9)
    viewer = await shop.watch(price__lt="5")
    taken(viewer)
    await shop.pause.open()
    held = hold_answers(shop)
    await shop.change("b", price=1)
    await shop.change("b", name="B")  # in the pending result, and matched by no filter
    held.set()
    await settled()
    assert taken(viewer) == b"[ab]"
    await shop.pause.open()
    assert taken(viewer) == b"[aB]"


async def test_viewer_that_subscribes_during_a_query_waits_for_the_next(shop):
    await shop.make("a")
    held = hold_answers(shop)
    first = await shop.watch()
    await shop.make("b")
    late = await shop.watch(shown="of the page with b")
    held.set()
    await settled()
    assert (taken(first), taken(late)) == (b"[a full]", b"")
    await shop.pause.open()
    assert (taken(first), taken(late)) == (b"[ab]", b"[ab full]")


async def test_one_query_and_one_encoding_serve_all_viewers(shop):
    await shop.make("a")
    viewers = [await shop.watch(order="name") for _ in range(100)]
    assert shop.asked == 1
    for _ in range(2):
        await shop.pause.open()
    assert {taken(viewer) for viewer in viewers} == {b"[a full]"}
    made, asked = shop.view.made, shop.asked
    await shop.change("a", price=3)
    assert {taken(viewer) for viewer in viewers} == {b"[a]"}
    assert (shop.asked - asked, shop.view.made - made) == (1, 1)
    assert len(shop.app.lists) == 1


async def test_slow_viewer_holds_one_state_and_gets_the_last_in_full(shop):
    await shop.make("a")
    viewer = await shop.watch()
    taken(viewer)
    for name in "bcd":
        await shop.pause.open()
        await shop.make(name)
        await settled()
    assert (viewer.pending, taken(viewer)) == (1, b"[abcd full]")


async def test_list_is_dropped_with_its_last_viewer(shop):
    viewers = [await shop.watch(order=order) for order in ("name", "name", "-name")]
    assert len(shop.app.lists) == 2
    for viewer in viewers:
        shop.app.lists.leave(viewer)
        shop.app.lists.leave(viewer)
    await settled()
    assert (len(shop.app.lists), shop.app.lists._lists, shop.app.lists._joined) == (0, {}, {})
    own = asyncio.current_task()
    assert [task for task in asyncio.all_tasks() if task is not own] == []


async def test_rule_function_gives_each_actor_a_separate_list(shop):
    await shop.make("a", note="ann", cls=Paper)
    await shop.make("b", note="bob", cls=Paper)
    ann, bob = [await shop.watch(actor=Actor(name), cls=Paper) for name in ("ann", "bob")]
    assert (taken(ann), taken(bob)) == (b"[a full]", b"[b full]")
    await shop.pause.open()
    await shop.change("a", cls=Paper, note="bob")
    assert (taken(ann), taken(bob)) == (b"[]", b"[ab]")
    await shop.pause.open()
    await shop.change("b", cls=Paper, note="nobody")
    assert (taken(ann), taken(bob)) == (b"", b"[a]")


async def test_query_is_retried_while_the_store_is_unavailable(shop, caplog):
    await shop.make("a")
    repository = shop.app.persistence.for_class(Product)
    read, away = repository.list, True

    async def failing(query):
        if away:
            raise OSError("the disk is gone")
        return await read(query)

    repository.list = failing
    viewer = await shop.watch()
    for _ in range(12):
        await shop.pause.open()
    assert (taken(viewer), viewer.closed) == (b"", False)
    assert shop.pause.waits[:3] == [PAUSE_S * 2, PAUSE_S * 4, PAUSE_S * 8]
    assert shop.pause.waits[-1] == LONGEST_PAUSE_S
    away = False
    await shop.make("b")
    await shop.pause.open()
    assert taken(viewer) == b"[ab full]"
    assert "the disk is gone" in caplog.text


async def test_viewer_without_first_result_receives_it_when_the_store_recovers(shop, caplog):
    await shop.make("a")
    await shop.watch()
    await shop.pause.open()
    repository = shop.app.persistence.for_class(Product)
    read = repository.list

    async def failing(query):
        raise OSError

    repository.list = failing
    late = await shop.watch(shown="other")
    assert taken(late) == b""
    repository.list = read
    await shop.pause.open()
    assert taken(late) == b"[a full]"


async def test_expired_record_leaves_the_list(shop):
    await shop.make("a", "b")
    viewer = await shop.watch()
    taken(viewer)
    await shop.pause.open()
    shop.app.persistence.for_class(Product)._remove(Product, "a")
    await shop.app.bus.publish(Changed("Product", "a", "expired", 3, 2, None))
    await settled()
    assert taken(viewer) == b"[b]"


@pytest.mark.parametrize(
    "parameters",
    [
        {},
        {"price__lt": "5", "order": "-price,name", "page": "3", "per_page": "7"},
        {"name__in": "a b,c&d", "search": "ä?=#", "note__contains": " x "},
    ],
)
async def test_list_key_parses_to_an_equal_list(shop, parameters):
    from urllib.parse import parse_qsl

    entity_type = shop.app.registry[Product]
    listing = listing_of(entity_type, parameters)
    assert listing_of(entity_type, dict(parse_qsl(listing.words))) == listing
    assert " " not in listing.topic


async def test_change_of_an_unreadable_record_runs_no_query(shop):
    await shop.make("a", "b", "c", note="ann", cls=Paper)
    await shop.make("x", "y", note="bob", cls=Paper)
    ann = await shop.watch(actor=Actor("ann"), cls=Paper, per_page="2")
    bob = await shop.watch(actor=Actor("bob"), cls=Paper, per_page="2")
    taken(ann), taken(bob)
    await shop.pause.open()
    asked = shop.asked

    await shop.change("x", cls=Paper, price=2)
    await shop.pause.open()
    assert (shop.asked, taken(ann), taken(bob)) == (asked + 1, b"", b"[xy]")
    await shop.delete("x", cls=Paper)
    await shop.pause.open()
    assert (shop.asked, taken(ann), taken(bob)) == (asked + 2, b"", b"[y]")
    # Records after the page count as soon as they decide whether there is a next page.
    await shop.change("c", cls=Paper, note="bob")
    await shop.pause.open()
    assert (shop.asked, taken(ann), taken(bob)) == (asked + 4, b"[ab]", b"[cy]")


async def test_list_beyond_the_scan_limit_closes_until_a_query_succeeds(caplog):
    shop = Shop()
    shop.app._windows._scan_limit = 4
    await shop.make(*"abcd", note="ann", cls=Paper)
    ann = await shop.watch(actor=Actor("ann"), cls=Paper)
    assert taken(ann) == b"[abcd full]"
    await shop.pause.open()

    await shop.make("e", note="ann", cls=Paper)
    for _ in range(3):
        await shop.pause.open()
    late = await shop.watch(actor=Actor("ann"), cls=Paper)
    for _ in range(3):
        await shop.pause.open()
    assert (shop.asked, taken(ann), taken(late)) == (3, b"[scan_limit]", b"[scan_limit]")
    await shop.make("f", note="ann", cls=Paper)
    await shop.pause.open()
    assert (shop.asked, taken(ann), taken(late)) == (4, b"", b"")
    assert [record.levelname for record in caplog.records] == ["WARNING"]
    assert "access_scan_limit" in caplog.text
    assert shop.app.lists.settled

    await shop.delete("f", cls=Paper)
    await shop.pause.open()
    await shop.delete("b", cls=Paper)
    await shop.pause.open()
    assert (taken(ann), taken(late)) == (b"[acde full]", b"[acde full]")
    await shop.app.close()


class Revocable(RulePolicy):
    """A policy that knows signed-in staff only, and whose read rule may depend on the record."""

    def __init__(self, *, reads_fields):
        super().__init__()
        self.revoked, self._reads_fields = False, reads_fields

    def reads_fields(self, entity_type):
        return self._reads_fields

    def check(self, entity_type, need, actor, **about):
        if actor is None or "staff" not in actor.roles or self.revoked:
            raise AccessDeniedError("Staff only.")


STAFF = Actor("ann", roles=frozenset({"staff"}))


async def test_shared_list_is_live_under_a_policy_that_rejects_unknown_actors():
    shop = Shop(policy=Revocable(reads_fields=False))
    await shop.make("a")
    viewer = await shop.watch(actor=STAFF)
    assert taken(viewer) == b"[a full]"
    await shop.pause.open()
    await shop.make("b")
    await settled()
    assert taken(viewer) == b"[ab]"
    await shop.app.close()


@pytest.mark.parametrize("changed", ["a", "new"])
async def test_list_of_a_reader_without_access_closes_and_is_not_retried(changed, caplog):
    policy = Revocable(reads_fields=True)
    shop = Shop(policy=policy)
    await shop.make("a")
    viewer = await shop.watch(actor=STAFF)
    assert taken(viewer) == b"[a full]"
    await shop.pause.open()

    policy.revoked = True
    asked = shop.asked
    await (shop.make("new") if changed == "new" else shop.change("a", price=2))
    await settled()
    for _ in range(5):
        await shop.pause.open()
    assert (shop.asked, taken(viewer)) == (asked + 1, b"[denied]")
    assert (shop.app.lists.settled, viewer.closed) == (True, False)
    await shop.change("a", price=3)
    await shop.pause.open()
    assert taken(viewer) == b""
    assert [record.exc_info for record in caplog.records if record.exc_info] == []

    policy.revoked = False
    await shop.change("a", price=4)
    await shop.pause.open()
    assert taken(viewer) == (b"[anew full]" if changed == "new" else b"[a full]")
    await shop.app.close()


async def test_list_beyond_the_scan_limit_closes_again_when_access_is_lost():
    policy = Revocable(reads_fields=True)
    shop = Shop(policy=policy)
    shop.app._windows._scan_limit = 1
    await shop.make("a", "b")
    viewer = await shop.watch(actor=STAFF)
    await shop.pause.open()
    assert taken(viewer) == b"[scan_limit]"
    policy.revoked = True
    await shop.change("a", price=2)
    await shop.pause.open()
    assert taken(viewer) == b"[denied]"
    await shop.app.close()


async def test_failed_read_runs_every_guarded_query(shop, caplog):
    await shop.make("a", note="ann", cls=Paper)
    ann = await shop.watch(actor=Actor("ann"), cls=Paper)
    taken(ann)
    await shop.pause.open()

    async def away(entity_type, id):
        raise OSError("away")

    shop.app.lists._read, asked = away, shop.asked
    await shop.change("a", cls=Paper, price=2)
    await shop.pause.open()

    assert (shop.asked, taken(ann)) == (asked + 1, b"[a]")
    assert "could not be read" in caplog.text


async def test_bus_of_the_application_wants_what_open_pages_watch():
    bus = InProcessBus()
    app = fake_application(*CLASSES, bus=bus)
    assert not bus.wants("Product:a")
    page = app.hub.subscribe(subscription({"Product:a": (NamesView(),)}))
    assert (bus.wants("Product:a"), bus.wants("Product:b")) == (True, False)
    app.hub.unsubscribe(page)
    assert not bus.wants("Product:a")
    listing = listing_of(app.registry[Product], {"search": "none"})
    viewer = subscription({listing.topic: (NamesView(),)})
    app.lists.join(viewer, WatchedList(listing))
    assert (bus.wants("Product:b"), bus.wants("Paper:b")) == (True, False)
    app.lists.leave(viewer)
    assert not bus.wants("Product:b")
    await app.close()


async def test_bus_without_topics_gets_every_subscriber():
    class Plain:
        def __init__(self):
            self.handlers = []

        async def publish(self, message):
            for handler in self.handlers:
                await handler(message)

        def subscribe(self, handler):
            self.handlers.append(handler)

        def unsubscribe(self, handler):
            self.handlers.remove(handler)

    app = fake_application(*CLASSES, bus=Plain())
    page = app.hub.subscribe(subscription({"Product:a": (NamesView(),)}))
    await app.dispatch(Action(Product, "create", {"id": "a", "name": "a"}))
    assert page.pending == 1
    await app.close()
