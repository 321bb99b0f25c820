"""The hub: subscriptions by topic, and the pending states of each stream."""

import asyncio

import pytest

from starmodel.adapters.transports.memory import MemoryTransport
from starmodel.app.access.policy import Actor
from starmodel.app.live.frames import Frames, snapshot_message
from starmodel.app.live.hub import Hub
from starmodel.app.live.subscription import Subscription
from starmodel.app.ports.messages import Changed, SessionEnded, closed
from starmodel.core.errors import TooManyStreamsError
from unit.app.live.outbox import subscription, taken


class Plain:
    """A view that renders the version and whether the state is full; counts its calls."""

    def __init__(self):
        self.made = 0

    def encode(self, message, *, full):
        self.made += 1
        if message.state is None:
            return [f"[{message.version} gone]".encode()]
        return [f"[{message.version}{' full' if full else ''}]".encode()]


def changed(version, base=None, state=True, id="x", entity="Thing"):
    base = version - 1 if base is None else base
    kind = "updated" if state else "deleted"
    return Changed(entity, id, kind, version, base, {"n": version} if state else None, ("n",))


def watching(*topics, view=None, **more):
    view = view or Plain()
    return subscription(dict.fromkeys(topics or ("Thing:x",), (view,)), **more)


def snapshot(page, version, topic="Thing:x"):
    message = snapshot_message("Thing", "x", {"n": version}, version)
    page.offer(topic, Frames(message), snapshot=True)


async def test_contiguous_change_is_sent_as_a_diff():
    hub, page = Hub(), watching()
    hub.subscribe(page)
    snapshot(page, 5)
    assert taken(page) == b"[5 full]"
    await hub.deliver(changed(6))
    assert taken(page) == b"[6]"


async def test_change_after_a_gap_is_sent_as_full_state():
    hub, page = Hub(), watching()
    hub.subscribe(page)
    snapshot(page, 5)
    taken(page)
    await hub.deliver(changed(7))
    assert taken(page) == b"[7 full]"


@pytest.mark.parametrize("late", [changed(5), changed(6), changed(5, state=False)])
async def test_older_and_repeated_changes_are_dropped(late):
    hub, page = Hub(), watching()
    hub.subscribe(page)
    await hub.deliver(changed(6))
    assert taken(page) == b"[6 full]"
    await hub.deliver(late)
    assert (taken(page), page.pending) == (b"", 0)


async def test_snapshot_that_was_read_before_a_change_is_dropped():
    hub, page = Hub(), watching()
    hub.subscribe(page)
    await hub.deliver(changed(6))
    snapshot(page, 5)
    assert taken(page) == b"[6 full]"


async def test_slow_viewer_holds_one_state_per_topic_and_gets_the_last_in_full():
    hub, page = Hub(), watching("Thing:x", "Thing:y")
    hub.subscribe(page)
    snapshot(page, 1)
    taken(page)
    for version in range(2, 1000):
        await hub.deliver(changed(version))
    await hub.deliver(changed(7, id="y"))
    assert page.pending == 2
    assert taken(page) == b"[999 full][7 full]"
    assert taken(page) == b""


async def test_change_is_encoded_once_per_view_for_all_viewers():
    hub, view = Hub(), Plain()
    pages = [hub.subscribe(watching(view=view)) for _ in range(50)]
    await hub.deliver(changed(1))
    assert {taken(page) for page in pages} == {b"[1 full]"}
    await hub.deliver(changed(2))
    late = hub.subscribe(watching(view=view))
    snapshot(late, 2)
    assert {taken(page) for page in pages} == {b"[2]"}
    assert view.made == 2


async def test_change_is_framed_once_for_each_transport():
    hub, view = Hub(), Plain()
    views = {"Thing:x": (view,)}
    pages = [hub.subscribe(subscription(views)) for _ in range(3)]
    tabs = [hub.subscribe(Subscription(views, MemoryTransport())) for _ in range(3)]
    await hub.deliver(changed(1))
    assert {taken(page) for page in pages} == {b"[1 full]"}
    assert [tab.take() for tab in tabs] == [[(b"[1 full]",)]] * 3
    assert view.made == 2


async def test_nothing_is_encoded_without_subscribers():
    hub, view = Hub(), Plain()
    hub.subscribe(watching("Thing:other", view=view))
    await hub.deliver(changed(1))
    assert view.made == 0


async def test_several_views_of_one_topic_are_all_sent():
    hub = Hub()
    page = hub.subscribe(subscription({"Thing:x": (Plain(), Plain())}))
    await hub.deliver(changed(1))
    assert taken(page) == b"[1 full][1 full]"


async def test_recreated_record_is_sent_as_full_state():
    hub, page = Hub(), watching()
    hub.subscribe(page)
    message = snapshot_message("Thing", "x", None, 0, "deleted")
    page.offer("Thing:x", Frames(message), snapshot=True)
    assert taken(page) == b"[0 gone]"
    await hub.deliver(changed(100, base=0))
    assert taken(page) == b"[100 full]"
    await hub.deliver(changed(101, state=False))
    assert taken(page) == b"[101 gone]"
    await hub.deliver(changed(102, base=101))
    assert taken(page) == b"[102 full]"


async def test_change_overtaken_by_a_deletion_is_not_sent_to_new_subscribers():
    hub = Hub()
    await hub.deliver(changed(7, state=False))
    page = hub.subscribe(watching())
    page.offer("Thing:x", Frames(snapshot_message("Thing", "x", None, 0, "deleted")), snapshot=True)
    await hub.deliver(changed(6))
    assert taken(page) == b"[0 gone]"
    await hub.deliver(changed(50, base=0))
    assert taken(page) == b"[50 full]"


async def test_deletions_are_remembered_in_bounded_number(monkeypatch):
    monkeypatch.setattr("starmodel.app.live.hub.MAX_REMOVED_BYTES", 4000)
    hub = Hub()
    for n in range(100):
        await hub.deliver(changed(7, state=False, id=str(n)))
    assert 5 < len(hub._removed) < 20
    assert "99" in next(reversed(hub._removed))


async def test_heartbeats_are_bounded_and_follow_the_state():
    hub, page = Hub(), watching()
    hub.subscribe(page)
    for _ in range(100):
        page.send_heartbeat()
    await hub.deliver(changed(1))
    sent = taken(page)
    assert sent.startswith(b"[1 full]!")
    assert len(sent) < 20


async def test_wait_returns_at_change_heartbeat_and_close():
    hub, page = Hub(), watching()
    hub.subscribe(page)
    for wake in (lambda: hub.deliver(changed(1)), lambda: heartbeat(page), lambda: end(page)):
        waiting = asyncio.create_task(page.wait())
        await asyncio.sleep(0)
        assert not waiting.done()
        await wake()
        await asyncio.wait_for(waiting, 1)
        taken(page)


async def heartbeat(page):
    page.send_heartbeat()


async def end(page):
    page.close()


@pytest.mark.parametrize(
    ("limits", "more", "message"),
    [
        ({"max_streams": 3}, {}, "The server has 3"),
        ({"max_per_session": 3}, {"visitor": "v"}, "This session has 3"),
        ({"max_lists_per_session": 7}, {"visitor": "v", "lists": 2}, "has 7 live lists"),
        ({"max_topics_per_session": 3}, {"visitor": "v"}, "watches 3 things"),
        ({"max_per_address": 3}, {"address": "::1"}, "This address has 3"),
    ],
)
def test_hub_limits_streams_and_frees_their_places(limits, more, message):
    hub = Hub(**limits)
    pages = [hub.subscribe(watching(**more)) for _ in range(3)]
    with pytest.raises(TooManyStreamsError, match=message) as caught:
        hub.subscribe(watching(**more))
    assert caught.value.status == 429
    hub.unsubscribe(pages[0])
    hub.subscribe(watching(**more))


def test_unsubscribe_leaves_nothing_behind():
    hub = Hub()
    pages = [hub.subscribe(watching(visitor=str(n), address="a")) for n in range(3)]
    for page in pages:
        hub.unsubscribe(page)
        hub.unsubscribe(page)
    assert len(hub) == 0
    assert not hub.watched()
    assert (hub._topics, hub._visitors, hub._addresses) == ({}, {}, {})
    assert not hub.has_viewers("Thing")
    assert not hub._entities


async def test_hub_session_end_closes_that_visitor_s_pages_only():
    hub = Hub()
    own, other = (hub.subscribe(watching(visitor=v)) for v in ("a", "b"))
    await hub.deliver(SessionEnded("a"))
    assert (own.closed, other.closed) == (True, False)


def test_hub_close_ends_every_page():
    hub = Hub()
    pages = [hub.subscribe(watching()) for _ in range(3)]
    hub.close()
    assert all(page.closed for page in pages)


def guarded(rule):
    async def seen(message, actor, policy):
        return message if rule(message, actor) else closed(message)

    return Hub(guarded=["Thing"], seen=seen)


async def test_guarded_state_is_checked_for_each_viewer():
    hub = guarded(lambda message, actor: actor is not None and actor.id == "ann")
    ann, bob, nobody = (
        hub.subscribe(watching(actor=actor)) for actor in (Actor("ann"), Actor("bob"), None)
    )
    await hub.deliver(changed(1))
    assert [taken(page) for page in (ann, bob, nobody)] == [b"[1 full]", b"[1 gone]", b"[1 gone]"]


async def test_guarded_deletion_is_sent_to_all():
    hub = guarded(lambda message, actor: False)
    page = hub.subscribe(watching())
    await hub.deliver(changed(2, state=False))
    assert taken(page) == b"[2 gone]"


async def test_guarded_state_readable_again_is_sent_as_full_state():
    """Changes in between were never sent, so a diff would leave stale values on the page."""
    hub = guarded(lambda message, actor: message.version != 2)
    page = hub.subscribe(watching())
    for version, expected in ((1, b"[1 full]"), (2, b"[2 gone]"), (3, b"[3 full]"), (4, b"[4]")):
        await hub.deliver(changed(version))
        assert taken(page) == expected


async def test_lost_access_to_the_version_that_is_shown_is_sent_once_and_can_return():
    page = watching()
    snapshot(page, 5)
    taken(page)
    closed = Frames(snapshot_message("Thing", "x", None, 5, "closed"))
    page.revoke("Thing:x", closed)
    page.revoke("Thing:x", closed)
    assert taken(page) == b"[5 gone]"
    for expected in (b"[5 full]", b""):
        snapshot(page, 5)
        assert taken(page) == expected


async def test_guarded_rule_that_raises_sends_nothing_and_affects_no_other_viewer(caplog):
    def rule(message, actor):
        if actor is None:
            raise LookupError("the store is down")
        return True

    hub = guarded(rule)
    broken, fine = hub.subscribe(watching()), hub.subscribe(watching(actor=Actor("ann")))
    await hub.deliver(changed(1))
    assert (taken(broken), taken(fine)) == (b"[1 gone]", b"[1 full]")
    assert "the store is down" in caplog.text


async def test_view_that_raises_is_logged_and_other_views_are_sent(caplog):
    class Broken(Plain):
        def encode(self, message, *, full):
            raise LookupError("view failed")

    hub = Hub()
    page = hub.subscribe(subscription({"Thing:x": (Broken(), Plain()), "Thing:y": (Plain(),)}))
    await hub.deliver(changed(1))
    await hub.deliver(changed(1, id="y"))
    assert taken(page) == b"[1 full][1 full]"
    assert "view failed" in caplog.text


async def test_viewers_who_see_the_same_fields_share_a_message_unless_one_needs_all_of_it():
    async def seen(message, actor, policy):
        return message if actor is None else message._replace(base=-1)

    hub = Hub(guarded=["Thing"], seen=seen)
    pages = [hub.subscribe(watching(actor=actor)) for actor in (None, Actor("ann"))]
    for version in (1, 2):
        await hub.deliver(changed(version))
        found = [taken(page) for page in pages]
    assert found == [b"[2]", b"[2 full]"]
