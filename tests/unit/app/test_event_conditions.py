"""`@event(when=…)` in the dispatcher: asked of the stored state, and again of a newer one."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from starmodel import Actor, ConfigurationError, Entity, EventUnavailableError, Progress, event
from starmodel.access import actor, record
from starmodel.core.errors import AccessDeniedError, ConditionFailedError
from starmodel.testing.fakes import fake_application


class Ticket(Entity):
    model_config = {"scope": "record", "access": "public", "store": "memory"}
    status: str = "open"
    holder: str = ""
    taken: int = 0
    note: str = ""

    @event(when=record.status == "open", when_text="The ticket is closed.")
    def take(self, holder: str = "") -> None:
        self.taken += 1
        self.holder = holder

    @event(when=record.status == "open", when_text="The ticket is closed.")
    async def take_slowly(self, gate: str = "") -> None:
        await _gates[gate].wait()
        self.taken += 1

    @event(when=record.status == "open")
    async def work(self) -> Any:
        self.status = "working"
        yield Progress(0.5)
        await asyncio.sleep(0)
        self.taken += 1
        yield Progress(1)

    @event
    def close(self) -> None:
        self.status = "closed"

    @event
    def write(self, note: str) -> None:
        self.note = note

    @event(access="role:staff", when=record.status == "open")
    def staff_only(self) -> None:
        pass

    @event(when=record.holder == actor.id)
    def give_back(self) -> None:
        self.holder = ""

    @event(when=lambda ticket: 1 / 0)
    def broken(self) -> None:
        pass


_gates: dict[str, asyncio.Event] = {}


@pytest.fixture
def app(bus, clock):
    return fake_application(Ticket, bus=bus, clock=clock)


async def _ticket(app, **values) -> Any:
    return await app.objects(Ticket).create(id="t1", **values)


async def _stored(app) -> Any:
    return await app.persistence.for_class(Ticket).get(Ticket, "t1")


async def test_event_whose_condition_is_met_runs_and_else_stores_nothing(app, bus):
    ticket = await _ticket(app)
    assert (await app.dispatch(ticket.do.take("ann"))).entity.taken == 1
    await app.dispatch(ticket.do.close())
    before = len(bus.messages)
    with pytest.raises(EventUnavailableError, match=r"^The ticket is closed\.$") as caught:
        await app.dispatch(ticket.do.take("bob"))
    assert caught.value.status == 409
    assert caught.value.event == "Ticket.take"
    assert (await _stored(app)).holder == "ann"
    assert len(bus.messages) == before


async def test_access_is_decided_before_the_condition(app, send):
    await _ticket(app, status="closed")
    with pytest.raises(AccessDeniedError):
        await send(app, Ticket, "staff_only", id="t1", actor=Actor("ann"))
    with pytest.raises(EventUnavailableError):
        await send(
            app, Ticket, "staff_only", id="t1", actor=Actor("ann", roles=frozenset({"staff"}))
        )


async def test_condition_reads_the_actor_and_trusted_code_has_none(app, send):
    ticket = await _ticket(app, holder="ann")
    with pytest.raises(EventUnavailableError):
        await send(app, Ticket, "give_back", id="t1", actor=Actor("bob"))
    with pytest.raises(EventUnavailableError):
        await app.dispatch(ticket.do.give_back())
    await send(app, Ticket, "give_back", id="t1", actor=Actor("ann"))
    assert (await _stored(app)).holder == ""


async def test_condition_that_raises_is_no_refusal_but_a_fault(app):
    ticket = await _ticket(app)
    with pytest.raises(ConditionFailedError) as caught:
        await app.dispatch(ticket.do.broken())
    assert caught.value.status == 500
    assert not caught.value.public


async def test_condition_is_asked_again_of_the_state_that_a_rebase_finds(app):
    ticket = await _ticket(app)
    gate = _gates["slow"] = asyncio.Event()
    slow = asyncio.create_task(app.dispatch(ticket.do.take_slowly("slow")))
    await asyncio.sleep(0)
    await app.dispatch(ticket.do.close())
    gate.set()
    with pytest.raises(EventUnavailableError):
        await slow
    assert (await _stored(app)).taken == 0


async def test_generator_event_is_not_asked_about_what_it_changed_itself(app):
    ticket = await _ticket(app)
    await app.dispatch(ticket.do.work())
    assert ((await _stored(app)).status, (await _stored(app)).taken) == ("working", 1)
    with pytest.raises(EventUnavailableError):
        await app.dispatch(ticket.do.work())


@given(st.lists(st.sampled_from(["take", "close", "write", "open"]), max_size=6))
def test_slow_event_commits_only_onto_a_state_that_meets_its_condition(meanwhile):
    async def check() -> None:
        app = fake_application(Ticket)
        ticket = await _ticket(app)
        gate = _gates["any"] = asyncio.Event()
        slow = asyncio.create_task(app.dispatch(ticket.do.take_slowly("any")))
        await asyncio.sleep(0)
        is_open = True
        for step in meanwhile:
            if step == "take" and is_open:
                await app.dispatch(ticket.do.take("bob"))
            elif step == "write":
                await app.dispatch(ticket.do.write("a note"))
            elif step in ("close", "open"):
                is_open = step == "open"
                await app.dispatch(ticket.do.update(status="open" if is_open else "closed"))
        before = await _stored(app)
        gate.set()
        try:
            await slow
        except Exception:
            assert await _stored(app) == before
        else:
            assert before.status == "open"
            assert (await _stored(app)).taken == before.taken + 1

    asyncio.run(check())


def test_condition_of_create_and_of_an_unknown_field_stop_the_start():
    class Made(Entity):
        model_config = {"scope": "record", "access": "public"}

        @event(when=record.id == "x")
        def create(self, **values: Any) -> None:
            pass

    with pytest.raises(ConfigurationError, match="create has no record yet"):
        fake_application(Made)

    class Wrong(Entity):
        model_config = {"scope": "record", "access": "public"}

        @event(visible=record.statsu == "x")
        def go(self) -> None:
            pass

    with pytest.raises(ConfigurationError, match=r"visible=…\) on Wrong\.go.*statsu"):
        fake_application(Wrong)
