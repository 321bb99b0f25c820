"""Every way to a record agrees with its rules asked in Python, in every store."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st

from contract.rules import ACTORS, NUMBER, RULES, Club, Paper, is_first, records
from databases import STORES, empty_store
from repositories import delete, insert
from starmodel import Actor
from starmodel.access import actor, owner, record, role
from starmodel.adapters.persistence.memory import MemoryRepository
from starmodel.app.access.conditions.condition import ALWAYS
from starmodel.app.access.conditions.models import RuleModel
from starmodel.app.access.decisions import permits
from starmodel.app.access.expressions.expression import as_expression
from starmodel.app.access.rules import RulePolicy
from starmodel.app.application import Application
from starmodel.app.commands.command import Outcome
from starmodel.app.live.frames import snapshot_message
from starmodel.app.live.message_access import MessageAccess
from starmodel.app.ports.repository import Batch
from starmodel.app.queries.listing import listing_of
from starmodel.app.sessions.session import Session
from starmodel.core.errors import (
    AccessDeniedError,
    BindingError,
    HiddenRecordError,
    ListQueryError,
    NotFoundError,
    NotSignedInError,
)
from starmodel.core.public_state import public_state
from starmodel.core.snapshot import NOTHING, version_of
from starmodel.testing.fakes import fake_application

PHASES = (Phase.explicit, Phase.generate)  # an example takes seconds to shrink
ANY_RULE = RULES | st.sampled_from(["public", "signed_in", "nobody", "role:staff", is_first])


class FieldRules(RulePolicy):
    """The rules of the class, and these for the field `bonus`."""

    def __init__(self, read: Any, write: Any) -> None:
        super().__init__()
        self.rules = {"read": as_expression(read), "write": as_expression(write)}

    def field_condition(self, entity_type: Any, field: str, need: Any, actor: Any) -> Any:
        rule: Any = self.rules[need]
        return rule.bind(actor, RuleModel.of(entity_type))


class Faces:
    """The ways of one actor to the papers of an application, and what its rules say in Python."""

    def __init__(self, application: Application, policy: FieldRules, who: Actor | None) -> None:
        self.application, self.policy, self.who = application, policy, who
        self.entity_type = application.registry[Paper]
        self.session = Session("v", "", "")
        if who is not None:
            self.session.sign_in(who)

    async def load(self) -> None:
        found = await self.application.objects(Paper).list()
        self.every = {paper.id: paper for paper in found}
        self.readable = {
            id: paper for id, paper in self.every.items()
            if await permits(self.policy, self.entity_type, self.who, entity=paper)
        }  # fmt: skip
        self.open = {id for id, each in self.every.items() if await self.may("read", each)}

    async def may(self, need: str, paper: Any) -> bool:
        condition = self.policy.field_condition(self.entity_type, "bonus", need, self.who)
        return await self.application.meets(condition, paper)

    def shown(self, paper: Any) -> dict[str, Any]:
        """The state that the actor may see."""
        return public_state(paper, NOTHING if paper.id in self.open else frozenset({"bonus"}))

    async def addresses(self) -> None:
        for id in [*self.every, "none"]:
            found = await tried(
                self.application.instance(self.entity_type, self.session, id, policy=self.policy)
            )
            if id in self.readable:
                assert public_state(found) == self.shown(self.every[id])
            elif not isinstance(found, NotSignedInError | AccessDeniedError) or self.readable:
                assert isinstance(found, HiddenRecordError if id in self.every else NotFoundError)

    async def window(self, words: dict[str, str], **options: Any) -> Any:
        listing = listing_of(self.entity_type, words, **options)
        window = await self.application.window(
            listing, self.who, policy=self.policy, total="cursor" not in words
        )
        return listing, window

    async def lists(self) -> None:
        questions: list[dict[str, str]] = [
            {}, {"order": "-number"}, {"order": "team,-day"}, {"number__gte": "0"},
            {"search": "an"}, {"team__isnull": "true", "order": "number"}, {"is_done": "true"},
        ]  # fmt: skip
        for question in questions:
            rows, page = [], 1
            while page:
                listing, window = await self.window(
                    {**question, "per_page": "2", "page": str(page)}
                )
                rows += window.entities
                page = page + 1 if window.more else 0
            matches = [each for each in self.readable.values() if listing.query.matches(each)]
            expected = sorted(matches, key=listing.query.sort_key)
            assert [each.id for each in rows] == [each.id for each in expected], question
            assert window.total == len(expected)
            assert list(map(public_state, rows)) == list(map(self.shown, expected))

    async def cursors(self) -> None:
        seen: list[str] = []
        cursor: str | None = ""
        while cursor is not None:
            words = {"order": "-number", "per_page": "2", "cursor": cursor}
            listing, window = await self.window(words, cursors=self.application.cursors)
            seen += [each.id for each in window.entities]
            last = window.entities[-1] if window.more else None
            cursor = last and self.application.cursors.behind(listing.query, last, "")
        assert sorted(seen) == sorted(self.readable)

    async def queries_by_the_field(self) -> None:
        condition = self.policy.field_condition(self.entity_type, "bonus", "read", self.who)
        for question in ({"bonus__gte": "0"}, {"order": "bonus"}, {"bonus": "1"}):
            if condition == ALWAYS:
                await self.window(question)
            else:
                with pytest.raises(ListQueryError):
                    await self.window(question)

    async def messages(self) -> None:
        access = MessageAccess(self.application.registry, self.application.persistence, self.policy)
        for id, paper in self.every.items():
            state = public_state(paper, NOTHING)
            message = snapshot_message("_Paper", id, state, version_of(paper))
            seen = await access.seen(message, self.who)
            assert seen is not None
            if self.policy.reads_fields(self.entity_type):  # else a stream opens for readers only
                assert (seen.kind == "closed") is (id not in self.readable)
            if seen.state is not None:
                assert ("bonus" in seen.hidden) is (id not in self.open)

    async def events(self) -> None:
        update = self.entity_type.events["update"]
        for id in self.every:
            for change in ({"real": 0.25}, {"bonus": 9}):
                paper = await self.application.objects(Paper).get(id)
                about = (self.policy, self.entity_type, self.who)
                may_run = may = await permits(*about, event=update, entity=paper)
                is_open = await self.may("read", paper)
                is_readable = await permits(*about, entity=paper)
                if "bonus" in change:
                    may = may_run and is_open and await self.may("write", paper)
                done = await tried(
                    self.application.dispatch(
                        paper.do.update(**change), actor=self.who, policy=self.policy
                    )
                )
                assert may is isinstance(done, Outcome), (change, done)
                if isinstance(done, Outcome):
                    await self.outcome(id, done)
                elif may_run:
                    assert isinstance(done, AccessDeniedError) is is_open
                elif not is_readable:
                    assert "bonus" not in str(done).replace("'bonus' is unknown", "")

    async def outcome(self, id: str, outcome: Outcome) -> None:
        stored = await self.application.objects(Paper).get(id)
        readable = await permits(self.policy, self.entity_type, self.who, entity=stored)
        assert (outcome.entity is not None) is readable is outcome.readable
        if readable:
            is_open = await self.may("read", stored)
            assert ("bonus" in public_state(outcome.entity)) is is_open
            assert is_open or "bonus" not in outcome.patch.fields


async def tried(attempt: Any) -> Any:
    """The result, or the error that a caller gets."""
    try:
        return await attempt
    except (AccessDeniedError, BindingError, NotFoundError) as error:
        return error


@pytest.fixture(params=["memory", *STORES])
def application(
    request: pytest.FixtureRequest, runner: asyncio.Runner, tmp_path: Path
) -> Iterator[Application]:
    store: Any = MemoryRepository()
    if request.param != "memory":
        store = empty_store(request, tmp_path)
    made = fake_application(Club, Paper, stores={"sql": store})
    runner.run(made.ready())
    yield made
    runner.run(made.close())


def test_every_face_agrees_with_the_rules(
    application: Application, runner: asyncio.Runner, monkeypatch: pytest.MonkeyPatch
) -> None:
    repository = application.persistence.for_class(Paper)

    async def check(
        rules: tuple[Any, Any, Any, Any], found: list[Any], bonuses: list[Any], who: Actor | None
    ) -> None:
        read, write, field_read, field_write = rules
        monkeypatch.setitem(Paper.model_config, "access", {"read": read, "write": write})
        for number, each in enumerate(found):
            values = {"bonus": bonuses[number % len(bonuses)]} if type(each) is Paper else {}
            await repository.commit(Batch([insert(each.evolve(**values))]))
        faces = Faces(application, FieldRules(field_read, field_write), who)
        try:
            await faces.load()
            await faces.addresses()
            await faces.messages()
            try:
                await faces.lists()
                await faces.cursors()
                await faces.queries_by_the_field()
            except (NotSignedInError, AccessDeniedError):
                assert not faces.readable
            await faces.events()
        finally:
            for each in reversed(found):
                stored = await repository.get(type(each), each.id)
                if stored is not None:
                    await repository.commit(Batch([delete(each, version_of(stored))]))

    @settings(
        max_examples=40, deadline=None, phases=PHASES, suppress_health_check=list(HealthCheck)
    )
    @given(
        st.tuples(RULES, ANY_RULE, ANY_RULE, ANY_RULE),
        records(),
        st.lists(NUMBER, min_size=1, max_size=4),
        ACTORS,
    )
    @example(
        ("signed_in", "public", owner("user_id") | role("staff"), record.team == "a"),
        [Paper(id="p", user_id="ann"), Paper(id="q", user_id="bob", team="a")],
        [1, 2],
        Actor("ann"),
    )
    @example(
        (record.number > 0, "public", record.club.boss == actor.id, "public"),
        [Club(id="c", boss="ann"), Paper(id="p", club_id="c", number=1), Paper(id="q", number=1)],
        [5],
        Actor("ann"),
    )
    def run(rules: Any, found: list[Any], bonuses: list[Any], who: Actor | None) -> None:
        runner.run(check(rules, found, bonuses, who))

    run()
