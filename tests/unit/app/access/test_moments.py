"""`now` in access rules: the time of the decision."""

from __future__ import annotations

import time
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from starmodel import Actor, ConfigurationError, Entity, Field
from starmodel.access import actor, now, owner, record
from starmodel.app.access.decisions import permits
from starmodel.testing.fakes import FakeClock, fake_application

NOON = datetime(2024, 6, 1, 12, tzinfo=UTC)
ANN = Actor("ann")


def _papers() -> tuple[Any, Any]:
    class Folder(Entity):
        model_config = {"scope": "record"}
        opens: datetime = NOON

    class Paper(Entity):
        model_config = {"scope": "record"}
        until: datetime | None = NOON
        day: date = NOON.date()
        title: str = ""
        folder_id: str | None = Field(default=None, foreign_key="folder.id")

    return Folder, Paper


Folder, Paper = _papers()


def application(monkeypatch: pytest.MonkeyPatch, rule: Any, **options: Any) -> Any:
    monkeypatch.setitem(Paper.model_config, "access", rule)
    return fake_application(Folder, Paper, **options)


@pytest.mark.parametrize(
    ("rule", "seconds"),
    [
        (record.until > now, [True, False, False]),
        (record.until >= now, [True, True, False]),
        (now < record.until, [True, False, False]),
        (record.until > now - timedelta(seconds=1), [True, True, False]),
        (now + timedelta(seconds=1) > record.until, [False, True, True]),
        (record.day < now, [False, False, False]),
        (record.day < now + timedelta(days=1), [True, True, True]),
    ],
    ids=str,
)
async def test_answer_depends_on_the_clock(
    monkeypatch: pytest.MonkeyPatch, rule: Any, seconds: list[bool]
) -> None:
    clock = FakeClock(NOON.timestamp() - 1)
    app = application(monkeypatch, rule, clock=clock)
    paper, answers = Paper(), []
    for _ in seconds:
        answers.append(await permits(app.policy, app.registry[Paper], ANN, entity=paper))
        clock.advance(1)
    assert answers == seconds


@pytest.mark.parametrize("moment", [NOON, NOON.replace(tzinfo=None), None])
async def test_moment_without_a_zone_is_in_utc(
    monkeypatch: pytest.MonkeyPatch, moment: datetime | None
) -> None:
    app = application(monkeypatch, record.until <= now, clock=FakeClock(NOON.timestamp()))
    paper = Paper(until=moment)
    answer = await permits(app.policy, app.registry[Paper], ANN, entity=paper)
    assert answer is (moment is not None)


async def test_rule_with_a_relation_is_decided_for_one_moment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    rule = (record.until < now) & (record.folder.opens < now)
    app = application(monkeypatch, rule, clock=time.time)
    await app.ready()
    folder = await Folder.objects.create()
    mine, other = Paper(folder_id=folder.id), Paper()
    for paper, expected in ((mine, True), (other, False)):
        assert await permits(app.policy, app.registry[Paper], ANN, entity=paper) is expected
    await app.close()


def test_field_without_a_time_stops_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ConfigurationError, match="title is neither a date nor a datetime"):
        application(monkeypatch, {"read": owner("title") | (record.title < now)})


def test_now_compares_with_fields_only() -> None:
    wrong = [
        lambda: now < actor.until,
        lambda: now == NOON,
        lambda: now.is_(None),
        lambda: record.until.in_(now),
        lambda: now.in_(record.until),
        lambda: now + 1,
    ]
    for make in wrong:
        with pytest.raises(TypeError):
            make()


def test_rule_as_text() -> None:
    assert str(record.until > now) == "record.until > now"
    shown = str(record.until > now - timedelta(minutes=15))
    assert shown == "record.until > now - timedelta(minutes=15)"
