"""Entity types and hypothesis strategies for access rules, records and actors."""

from __future__ import annotations

import datetime as dt
import enum
import uuid
from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

from starmodel import Actor, Entity, Field, Relationship
from starmodel.access import actor, mfa, now, owner, record, role


class State(enum.Enum):
    OPEN = "o"
    CLOSED = "c"


class _Club(Entity):
    model_config = {"store": "sql", "scope": "record"}
    id: str
    city: str | None = None
    boss: str | None = None
    members: list[_Paper] = Relationship()


class _Paper(Entity):
    model_config = {"store": "sql", "scope": "record"}
    id: str
    user_id: str | None = None
    team: str | None = None
    number: int | None = None
    most: int | None = None
    real: float = 0.0
    money: Decimal = Decimal(0)
    moment: dt.datetime | None = None
    day: dt.date = dt.date(2000, 1, 1)
    key: uuid.UUID = uuid.UUID(int=0)
    state: State | None = None
    is_done: bool = False
    tags: list[str] = Field(default_factory=list)
    bonus: int | None = Field(default=None, access="signed_in")
    club_id: str | None = Field(default=None, foreign_key="_club.id")
    parent_id: str | None = Field(default=None, foreign_key="_paper.id")


Club: Any = _Club
Paper: Any = _Paper

WORDS = ["ann", "ANN", "Ann", "ann ", "änn", "bob", "", "a\0"]
WORD = st.sampled_from(WORDS)
TEXT = WORD | st.none()
NUMBER = st.integers(-2, 2) | st.none() | st.sampled_from([2**53, 2**53 + 1, -(2**63)])
REAL = st.sampled_from([0.0, -0.0, 0.5, 1.0, -1.5, 1e300])
MONEY = st.sampled_from([Decimal(0), Decimal("0.5"), Decimal("1.50"), Decimal(1)])
NOW = dt.datetime(2024, 6, 1, 12, tzinfo=dt.UTC)
_DAYS = NOW - dt.datetime(2024, 2, 29, tzinfo=dt.UTC)
_ZONE = dt.timezone(dt.timedelta(hours=2))
MOMENT = st.sampled_from(
    [
        dt.datetime(2024, 6, 1, 12), dt.datetime(2024, 6, 1, 12, tzinfo=dt.UTC),
        dt.datetime(2024, 6, 1, 14, tzinfo=_ZONE), dt.datetime(2024, 6, 1, 13, tzinfo=_ZONE),
    ]
)  # fmt: skip
DAY = st.sampled_from([dt.date(2000, 1, 1), dt.date(2024, 2, 29)])
KEY = st.sampled_from([uuid.UUID(int=0), uuid.UUID(int=5)])
STATE = st.sampled_from(State)

VALUES: dict[str, st.SearchStrategy[Any]] = {
    "user_id": TEXT, "team": TEXT, "number": NUMBER, "most": NUMBER, "real": REAL, "money": MONEY,
    "moment": MOMENT | st.none(), "day": DAY, "key": KEY, "state": STATE | st.none(),
    "is_done": st.booleans(), "tags": st.lists(WORD, max_size=2),
}  # fmt: skip


@st.composite
def records(draw: st.DrawFn) -> list[Entity]:
    """Clubs and papers, whose foreign keys name records that exist."""
    clubs = [
        _Club(id=f"c{n}", city=draw(TEXT), boss=draw(TEXT)) for n in range(draw(st.integers(0, 2)))
    ]
    papers: list[_Paper] = []
    for number in range(draw(st.integers(1, 6))):
        given = {name: draw(values) for name, values in VALUES.items()}
        club_id = draw(st.sampled_from([None, *(club.id for club in clubs)]))
        parent_id = draw(st.sampled_from([None, *(paper.id for paper in papers)]))
        papers.append(_Paper(id=f"p{number}", **given, club_id=club_id, parent_id=parent_id))
    return [*clubs, *papers]


CLAIMS = st.fixed_dictionaries(
    {},
    optional={
        "team": WORD | st.none() | st.integers(-2, 2),
        "level": NUMBER,
        "teams": st.lists(TEXT, max_size=3),
        "amr": st.sampled_from([["pwd"], ["pwd", "mfa"]]),
    },
)
ACTORS = st.none() | st.builds(
    Actor, WORD.filter(bool), roles=st.frozensets(st.sampled_from(["staff", "boss"])), claims=CLAIMS
)
OPERATORS = ["__eq__", "__ne__", "__lt__", "__le__", "__gt__", "__ge__"]


@st.composite
def leaves(draw: st.DrawFn) -> Any:
    """A rule that combines no others."""
    own = {name: getattr(record, name) for name in VALUES}
    name = draw(st.sampled_from(sorted(VALUES)))
    compare = draw(st.sampled_from(OPERATORS))
    odd = st.sampled_from([None, 0, 1, True, 0.5, "ann", "0", Decimal("0.5"), float("nan")])
    if name == "tags":  # compared with one value it stops the start
        odd = st.none()
    return draw(
        st.sampled_from([
            lambda: getattr(own[name], compare)(draw(VALUES[name])),
            lambda: getattr(own[name], compare)(draw(odd)),
            lambda: own[name].in_(draw(st.lists(VALUES[name] | st.none(), max_size=3))),
            lambda: own[name].is_(None),
            lambda: record.is_done.is_(draw(st.booleans())),
            lambda: getattr(record.moment, compare)(now),
            lambda: getattr(now - dt.timedelta(hours=1), compare)(record.moment),
            lambda: getattr(record.day, compare)(now - _DAYS),
            lambda: getattr(record.parent.moment, compare)(now),
            lambda: getattr(record.team, compare)(actor.team),
            lambda: getattr(record.number, compare)(actor.level),
            lambda: getattr(record.team, compare)(record.user_id),
            lambda: getattr(record.number, compare)(record.most),
            lambda: getattr(record.real, compare)(record.money),
            lambda: record.team.in_(actor.teams),
            lambda: actor.id.in_(record.tags),
            lambda: actor.team.in_(draw(st.lists(TEXT, max_size=3))),
            lambda: owner("user_id"),
            lambda: getattr(record.club.boss, compare)(actor.id),
            lambda: getattr(record.club_id.city, compare)(record.club.boss),
            lambda: getattr(record.club.city, compare)(record.team),
            lambda: record.parent.club.boss == actor.id,
            lambda: getattr(record.parent.number, compare)(draw(NUMBER)),
            lambda: getattr(record.club.members.number, compare)(draw(NUMBER)),
            lambda: role(draw(st.sampled_from(["staff", "boss"]))),
            mfa,
        ])
    )()  # fmt: skip


def is_first(actor: Actor | None, paper: _Paper) -> bool:
    """A rule that is a function."""
    return paper.number == 1


def _joined(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    other = inner | st.sampled_from(["public", "signed_in", "nobody", "role:staff", is_first])
    return (
        st.builds(lambda a, b: a & b, inner, other)
        | st.builds(lambda a, b: b | a, inner, other)
        | st.builds(lambda a: ~a, inner)
    )


RULES = st.recursive(leaves(), _joined, max_leaves=5)
