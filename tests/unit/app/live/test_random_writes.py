"""Random writes under many pages: every page converges on the store and never goes back a version.

The pages and JSON clients are served by the real streams with the real views; what
each shows is decoded from the bytes of its stream.
"""

import asyncio
import contextlib
import json
import random
import re
from functools import partial
from urllib.parse import quote

import pytest

from starmodel import Action, Entity, EntityConfig, Field, StarModelError, event
from starmodel.adapters.frontends.datastar.element_ids import rows_id
from starmodel.adapters.frontends.datastar.frontend import DatastarFrontend
from starmodel.adapters.frontends.datastar.pages import Page
from starmodel.adapters.frontends.datastar.patches import signals_of
from starmodel.adapters.frontends.json.frontend import JsonFrontend
from starmodel.adapters.transports.ndjson import NDJSON
from starmodel.adapters.transports.sse import SSE
from starmodel.app.live.live_lists import LiveLists
from starmodel.app.ports.messages import Changed
from starmodel.app.queries.listing import listing_of
from starmodel.app.sessions.scopes import default_snapshot
from starmodel.core.public_state import public_state
from starmodel.testing.fakes import RecordingBus, fake_application

PAGES, CLIENTS, WRITERS, STEPS = 10, 6, 6, 25
PRIVATE = "PRIVATE-"


def _entities():
    class Common(Entity):
        title: str = "start"
        count: int = 0
        limit: int | None = None
        options: dict[str, int] = Field(default_factory=dict, signal=True)
        hidden: str = Field(default=PRIVATE + "start", private=True)

        @event
        def change(self, changes: dict):
            for name, value in changes.items():
                setattr(self, name, value)

        @event
        async def slow_count(self, wait: float):
            before = self.count
            await asyncio.sleep(wait)
            self.count = before + 1

        @event
        async def in_steps(self, wait: float):
            for _ in range(2):
                self.count += 1
                await asyncio.sleep(wait)
                yield

    class Shared(Common):
        model_config = EntityConfig(scope="app", access="public", ttl=1)

    class Item(Common):
        model_config = EntityConfig(scope="record", access="public")

    class Guest(Common):
        model_config = EntityConfig(scope="record", access="public", ttl=1)

    class Guarded(Common):
        model_config = EntityConfig(
            scope="record",
            access={"read": lambda actor, it: it.limit is None, "write": "public"},
        )

    return Shared, Item, Guest, Guarded


Shared, Item, Guest, Guarded = CLASSES = _entities()
IDS = {
    Shared: ["app"],
    Item: [f"i{n}" for n in range(6)],
    Guest: ["g1", "g2"],
    Guarded: ["s1", "s2"],
}

LISTS = [
    (Item, {"order": "-count,title", "per_page": "2"}),
    (Item, {"order": "count", "per_page": "2", "page": "2"}),
    (Item, {"limit__gte": "1", "order": "-limit"}),
    (Item, {"limit__gte": "1", "order": "count", "page": "2", "per_page": "1"}),
    (Item, {"search": "0.1", "count__lt": "5"}),
    (Item, {"order": "-title", "page": "3", "per_page": "1"}),
    (Guest, {"order": "title"}),
    (Guarded, {"order": "-count"}),
]


class LateBus(RecordingBus):
    """A bus that delivers messages late and out of order; the publisher awaits delivery."""

    def __init__(self, rng):
        super().__init__(serialise=True)
        self.rng = rng

    async def publish(self, message):
        if self.rng.random() < 0.5:
            await asyncio.sleep(self.rng.random() * 0.004)
        await super().publish(message)


def merge(into, patch):
    """Datastar's merge of a patch into signals."""
    for name, value in patch.items():
        if isinstance(value, dict):
            if not isinstance(into.get(name), dict):
                into[name] = {}
            merge(into[name], value)
        elif value is None:
            into.pop(name, None)
        else:
            into[name] = value


class Browser:
    """One tab: subscribes to one instance of each type, on a connection that drops at random."""

    def __init__(self, app, frontend, session, rng, history):
        self.app, self.frontend, self.session, self.rng = app, frontend, session, rng
        self.history = history
        self.watched = {cls.__name__: (cls, rng.choice(IDS[cls])) for cls in CLASSES}
        page = Page(session)
        for cls, id in self.watched.values():
            page.show(app.registry[cls], default_snapshot(cls, id))
        self.lists = {}
        for cls, requested in rng.sample(LISTS, 3):
            listing = listing_of(app.registry[cls], requested)
            page.show_list(listing)
            self.lists[rows_id(listing)] = ShownRows(listing)
        self.token = frontend._tokens.sign(page)
        self.signals, self.gone = {}, set()
        self.bytes, self.rest = b"", b""
        self.slow = rng.choice([0, 0, 0.001, 0.004])
        self.seen, self.stays = {}, False

    async def live(self, stop):
        while not stop.is_set():
            life = self.rng.uniform(0.002, 0.06)
            leave = asyncio.Event()
            going = asyncio.get_running_loop().call_later(life, self.leave, leave)
            await self.connect(leave, stop)
            going.cancel()
            await asyncio.sleep(self.rng.uniform(0, 0.004))

    def leave(self, leave):
        if not self.stays:
            leave.set()

    async def connect(self, leave, stop):
        self.rest, self.seen = b"", {}
        have = "".join(f"&have={quote(f'{id}:{shown.state}')}" for id, shown in self.lists.items())
        topics = await self.frontend.stream_topics(f"token={self.token}{have}", self.session)
        async with self.app.streams.open(topics, self.session, SSE) as subscription:
            opening = self.frontend.stream_opening()
            await SSE.stream(subscription, opening, self.until(leave, stop), self.send)

    def until(self, *events):
        async def receive():
            waits = [asyncio.ensure_future(event.wait()) for event in events]
            try:
                await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for wait in waits:
                    wait.cancel()
            return {"type": "http.disconnect"}

        return receive

    async def send(self, message):
        if self.slow:
            await asyncio.sleep(self.rng.random() * self.slow)
        self.read(message.get("body", b""))

    def read(self, data):
        self.bytes += data
        *events, self.rest = (self.rest + data).split(b"\n\n")
        for text in events:
            lines = text.decode().split("\n")
            fields = dict(
                line.removeprefix("data: ").split(" ", 1) for line in lines[1:] if " " in line
            )
            if lines[0] == "event: datastar-patch-signals":
                self.patched(json.loads(fields["signals"]), fields.get("version", ""))
            elif lines[0] == "event: starmodel-rows":
                listing = fields.pop("list")
                self.lists[listing].patched(listing, **fields)
            elif "-more" in text.decode():
                id, more = re.search(r'<p id="([^"]+)-more">(\w+)</p>', text.decode()).groups()
                self.lists[id].more = more
            elif lines[0] == "event: datastar-patch-elements":
                found = re.findall(r"[Tt]his (\w+)[ .]", fields["elements"])
                assert found or "></p>" in fields["elements"], "a notice of no entity"
                self.gone.update(map(str.capitalize, found))

    def patched(self, signals, version):
        merge(self.signals, signals)
        name, number = version.split()
        assert int(number) >= self.seen.get(name, 0), "an older state after a newer one"
        self.seen[name] = int(number)
        self.gone.discard(name)
        cls, id = self.watched[name]
        if any(signals[name][k] == "" for k in ("options",) if k in signals[name]):
            return  # the first half of replacing an object
        if cls is Guarded:
            assert self.signals[name]["limit"] == "", "a state that this actor may not read"
        expected = self.history.get((name, id, int(number)))
        if expected is not None:
            assert self.signals[name] == expected, "not a state that ever was"

    async def check(self):
        for name, (cls, id) in self.watched.items():
            entity_type = self.app.registry[cls]
            entity = await self.app.persistence.for_class(cls).get(cls, id)
            if entity is None and not entity_type.is_record:
                entity = default_snapshot(cls, id)
            shown = entity is not None and (cls is not Guarded or entity.limit is None)
            assert (name not in self.gone) == shown, (name, id, entity)
            if shown:
                assert self.signals[name] == signals_of(entity_type.signals, public_state(entity))
        for shown in self.lists.values():
            await shown.check(self.app)
        assert PRIVATE.encode() not in self.bytes


class DataClient(Browser):
    """A client of JSON streams, of one entity or list, on connections that drop at random."""

    def __init__(self, app, session, rng):
        self.app, self.session, self.rng = app, session, rng
        self.slow, self.stays = rng.choice([0, 0, 0.001, 0.004]), False
        self.cls, self.id, self.listing = rng.choice(CLASSES), None, None
        if rng.random() < 0.5:
            self.id = rng.choice(IDS[self.cls])
        else:
            self.cls, requested = rng.choice(LISTS)
            self.listing = listing_of(app.registry[self.cls], requested)
        self.total = self.listing is not None and rng.random() < 0.5
        self.bytes, self.rest = b"", b""

    @property
    def topics(self):
        resource = self.app.areas.default[self.app.registry[self.cls]]
        if self.listing is None:
            return JsonFrontend().entity_topics(resource, self.id)
        return JsonFrontend().list_topics(resource, self.listing, total=self.total)

    async def connect(self, leave, stop):
        self.rest, self.version = b"", None
        async with self.app.streams.open(self.topics, self.session, NDJSON) as subscription:
            await NDJSON.stream(subscription, (), self.until(leave, stop), self.send)

    def read(self, data):
        self.bytes += data
        *lines, self.rest = (self.rest + data).split(b"\n")
        for line in lines:
            patch = json.loads(line)
            assert patch["version"] >= (self.version or 0), "an older state after a newer one"
            if patch["type"] == "patch":
                assert patch["base"] == self.version, "a patch of a state that was never sent"
                patched = patched_rows if self.listing else patched_fields
                self.state = patched(self.state, patch)
            else:
                self.state = patch.get("state", patch.get("items"))
            if patch["type"] == "snapshot" or "total" in patch:
                self.count = patch.get("total")
            self.version = patch["version"]

    async def check(self):
        assert PRIVATE.encode() not in self.bytes
        if self.listing is not None:
            window = await self.app.window(self.listing, None, total=self.total)
            expected = [public_state(entity) for entity in window.entities]
            assert (self.state, self.count) == (expected, window.total)
            return
        entity_type = self.app.registry[self.cls]
        entity = await self.app.persistence.for_class(self.cls).get(self.cls, self.id)
        if entity is None and not entity_type.is_record:
            entity = default_snapshot(self.cls, self.id)
        if entity is None or (self.cls is Guarded and entity.limit is not None):
            assert self.state is None
        else:
            assert self.state == public_state(entity)


def patched_fields(state, patch):
    """The fields of an entity after a patch."""
    fields = {**state, **patch["set"]}
    return {name: value for name, value in fields.items() if name not in patch["unset"]}


def patched_rows(rows, patch):
    """The rows of a list after a patch."""
    by_id = {row["id"]: row for row in [*rows, *patch["items"]]}
    return [by_id[id] for id in patch.get("order", [row["id"] for row in rows])]


class ShownRows:
    """One list on a page: its rows by key, in order."""

    def __init__(self, listing):
        self.listing, self.state, self.order, self.rows = listing, "", [], {}
        self.more = ""

    def patched(self, listing, state, version, order=None, rows=""):
        self.state = state
        found = re.findall(r'(<li data-key="([^"]+)">.*?</li>)', rows)
        self.rows.update({key: html for html, key in found})
        self.order = self.order if order is None else order.split(" ")
        self.rows = {key: self.rows[key] for key in self.order}

    async def check(self, app):
        window = await app.window(self.listing, None)
        resource = app.areas.default[self.listing.entity_type]
        rows = app.ui.list_rows(resource, self.listing, window.entities, None)
        assert [self.rows[key] for key in self.order] == [row.html for row in rows]
        assert (self.state, self.more) == (window.digest, str(window.more))


async def write(app, clock, rng):
    for _ in range(STEPS):
        clock.advance(0.001)
        cls = rng.choice(CLASSES)
        id = rng.choice(IDS[cls])
        secret = PRIVATE + str(rng.random())
        changes = rng.choice(
            [
                {"title": str(rng.random()), "hidden": secret},
                {"limit": rng.choice([None, 1, 2])},
                {"options": {rng.choice("abc"): rng.randrange(9)}},
                {"hidden": secret},
                {"title": "\r\n\n<b>data: x", "count": rng.randrange(9)},
            ]
        )
        do = cls(id=id).do
        action = rng.choice(
            [do.change(changes)] * 6
            + [do.slow_count(rng.random() * 0.003), do.in_steps(rng.random() * 0.002)]
        )
        if cls is not Shared:
            create = Action(cls, "create", {"id": id, "hidden": secret})
            action = rng.choice([action] * 5 + [do.delete()] + [create] * 3)
        with contextlib.suppress(StarModelError):  # another writer was quicker
            await app.dispatch(action)
        await asyncio.sleep(rng.random() * 0.003)


async def sweep(app, clock, rng, stop):
    while not stop.is_set():
        await asyncio.sleep(rng.uniform(0.005, 0.02))
        clock.advance(rng.choice([0, 0.4, 1.2]))
        await app.persistence.for_class(Guest).sweep()


@pytest.mark.parametrize("seed", range(20))
async def test_pages_converge_on_the_store_under_random_writes(seed, clock, visitor):
    rng = random.Random(seed)
    bus = LateBus(rng) if seed % 2 else RecordingBus(serialise=True)
    lists = partial(LiveLists, pause=lambda seconds: asyncio.sleep(seconds / 20))
    app = fake_application(*CLASSES, bus=bus, clock=clock, lists=lists, heartbeat_s=100)
    await app.ready()
    if seed % 3 == 0:
        read_slowly(app, rng)
    frontend = DatastarFrontend(app, secrets=["secret"], assets={}, render=str)
    history = {}

    async def remember(message):
        if isinstance(message, Changed) and message.state is not None:
            entity_type = app.registry.named(message.entity)
            state = signals_of(entity_type.signals, message.state)
            history[message.entity, str(message.id), message.version] = state

    bus.subscribe(remember)
    pages = [
        Browser(app, frontend, visitor(f"v{n}"), random.Random(seed * 100 + n), history)
        for n in range(PAGES)
    ]
    pages += [
        DataClient(app, visitor(f"d{n}"), random.Random(seed * 200 + n)) for n in range(CLIENTS)
    ]
    stop, swept = asyncio.Event(), asyncio.Event()
    living = [asyncio.create_task(page.live(stop)) for page in pages]
    sweeping = asyncio.create_task(sweep(app, clock, rng, swept))
    writers = [write(app, clock, random.Random(seed * 1000 + n)) for n in range(WRITERS)]
    await asyncio.gather(*writers)
    swept.set()
    await sweeping
    await app.persistence.for_class(Guest).sweep()
    await settled(app, pages)
    stop.set()
    await asyncio.gather(*living)
    for page in pages:
        await page.check()
    assert PRIVATE not in repr(bus.messages)
    assert (len(app.hub), len(app.lists)) == (0, 0)
    await app.close()


def read_slowly(app, rng):
    """A state read from the store may be outdated when it arrives."""
    repository = app.persistence.for_class(Item)

    def slow(read):
        async def later(*question):
            found = await read(*question)
            if rng.random() < 0.3:
                await asyncio.sleep(rng.random() * 0.003)
            return found

        return later

    repository.get, repository.list = slow(repository.get), slow(repository.list)


async def settled(app, pages):
    """Reconnect every page and deliver its pending patches."""
    for page in pages:
        page.slow, page.stays = 0, True
    quiet = 0
    async with asyncio.timeout(30):
        while quiet < 10:
            await asyncio.sleep(0.002)
            text = app.lists.settled and not any(s.pending for s in app.hub)
            quiet = quiet + 1 if text and len(app.hub) == len(pages) else 0
