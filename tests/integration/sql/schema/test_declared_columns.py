"""Declared columns, constraints and indexes are obeyed, or refused at startup."""

from __future__ import annotations

import datetime
import enum
import itertools
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import (
    CheckConstraint,
    Column,
    Computed,
    DateTime,
    ForeignKey,
    ForeignKeyConstraint,
    Identity,
    Index,
    Integer,
    String,
    UniqueConstraint,
    column,
    desc,
    func,
    text,
)
from sqlalchemy import Enum as SaEnum
from sqlalchemy.dialects.postgresql import INET
from sqlmodel import SQLModel

from external_writers import ExternalWriter
from integration.web.browser import unlisted
from starmodel import ConfigurationError, ConstraintError, Entity, Field, Relationship
from starmodel.app.application import Application

Start = Callable[..., Any]
_numbers = itertools.count()


class Rating(enum.Enum):
    G = "G"
    PG13 = "PG-13"
    R = "R"


@pytest.fixture
def start(start: Start) -> Start:
    """As the shared fixture, for entity types without a declared store."""

    async def start_with_sql(*classes: type[Entity]) -> Application:
        for cls in classes:
            unlisted(cls)
            cls.model_config.update(store="sql", scope="record")
        return await start(*classes)

    return start_with_sql


@pytest.mark.parametrize("any_url", ["sqlite", "postgresql"], indirect=True)
async def test_partial_unique_index_holds_for_its_rows_only(start: Start, any_url: str) -> None:
    class Member(Entity):
        __table_args__ = (
            Index("ux_active", "who", unique=True, sqlite_where=text("active = 1"),
                  postgresql_where=text("active")),
        )  # fmt: skip
        who: str
        active: bool = True

    await start(Member)
    await Member.objects.create(who="ann", active=False)
    await Member.objects.create(who="ann", active=False)
    await Member.objects.create(who="ann")
    with pytest.raises(ConstraintError, match="Who is already taken"):
        await Member.objects.create(who="ann")


@pytest.mark.filterwarnings("ignore:This declarative base already contains")
@pytest.mark.parametrize("as_table", [False, True])
async def test_texts_of_composite_keys_and_indexes_fit_every_database(
    start: Start, as_table: bool
) -> None:
    class Seat(Entity, *((SQLModel,) if as_table else ()), **({"table": True} if as_table else {})):
        __tablename__ = f"seat_{next(_numbers)}"
        __table_args__ = (UniqueConstraint("hall", "line"), Index(f"ix_{__tablename__}", "block"))
        hall: str
        line: str
        block: str = ""

    await start(Seat)
    await Seat.objects.create(hall="a", line="1")
    with pytest.raises(ConstraintError):
        await Seat.objects.create(hall="a", line="1")


@pytest.mark.parametrize("any_url", ["sqlite"], indirect=True)
async def test_type_that_the_database_lacks_is_refused_by_name(start: Start) -> None:
    class Machine(Entity):
        address: str = Field("", sa_type=INET)

    with pytest.raises(
        ConfigurationError, match=r"Machine\.address has the type INET, which SQLite"
    ):
        await start(Machine)


async def test_percent_signs_in_declarations_are_kept(start: Start) -> None:
    class Discount(Entity):
        __table_args__ = (CheckConstraint("word <> '50%'"),)
        word: str | None = Field(
            None, max_length=20, sa_column_kwargs={"server_default": "5%", "comment": "100% sure"}
        )
        number: int = 10
        rest: int | None = Field(
            None, sa_column_args=[Computed("number % 7", persisted=True)], editable=False
        )

    await start(Discount)
    made = await Discount.objects.create()
    found = await Discount.objects.get(made.id)
    assert (found.word, found.rest) == ("5%", 3)
    with pytest.raises(ConstraintError):
        await Discount.objects.create(word="50%")


async def test_index_of_an_expression_and_of_a_direction(start: Start) -> None:
    class Word(Entity):
        __table_args__ = (
            Index("ix_word_length", desc("length"), "text"),
            Index("ux_word_lower", func.lower(column("text")), unique=True),
        )
        text: str = Field(max_length=40)
        length: int = 0

    try:
        await start(Word)
    except ConfigurationError as error:  # MariaDB has no index of an expression
        assert "ux_word_lower" in str(error) or "lower" in str(error)  # noqa: PT017
        return
    await Word.objects.create(text="a")
    with pytest.raises(ConstraintError):
        await Word.objects.create(text="A")


@pytest.mark.filterwarnings("ignore:This declarative base already contains")
@pytest.mark.parametrize("as_table", [False, True])
async def test_unnamed_checks_of_one_column_each_have_a_name(start: Start, as_table: bool) -> None:
    checks = (CheckConstraint("seats > 0"), CheckConstraint("seats < 100"))

    class Room(Entity, *((SQLModel,) if as_table else ()), **({"table": True} if as_table else {})):
        __table_args__ = checks
        __tablename__ = f"room_{next(_numbers)}"
        seats: int = 1

    await start(Room)
    await Room.objects.create(seats=5)
    with pytest.raises(ConstraintError, match="seats > 0"):
        await Room.objects.create(seats=-1)
    with pytest.raises(ConstraintError, match="seats < 100"):
        await Room.objects.create(seats=500)


@pytest.mark.parametrize(
    "check",
    [
        lambda: CheckConstraint(column("age") >= 18, name="adult"),
        lambda: CheckConstraint(column("age").between(18, 130), name="adult"),
        lambda: CheckConstraint(column("age").in_([18, 19, 20]), name="few"),
        lambda: CheckConstraint(text("age > :low").bindparams(low=17), name="low"),
        lambda: CheckConstraint("age >= 18"),
    ],
    ids=["number", "two numbers", "among", "text with a value", "text"],
)
async def test_check_with_values_holds(start: Start, check: Any) -> None:
    class Person(Entity):
        __table_args__ = (check(),)
        age: int
        size: int = Field(
            default=1,
            sa_column=Column(
                "size",
                Integer,
                CheckConstraint(text("size < :top").bindparams(top=9)),
                nullable=False,
            ),
        )

    await start(Person)
    await Person.objects.create(age=18)
    with pytest.raises(ConstraintError, match="Age breaks a rule"):
        await Person.objects.create(age=3)
    with pytest.raises(ConstraintError, match="size < 9"):
        await Person.objects.create(age=18, size=9)


async def test_constraints_apply_in_a_second_application(start: Start) -> None:
    class Place(Entity):
        __table_args__ = (UniqueConstraint("x", "y"), CheckConstraint(column("x") > 0))
        x: int
        y: int = 0

    first = await start(Place)
    await first.close()
    await start(Place)
    await Place.objects.create(x=1)
    with pytest.raises(ConstraintError, match="together is already taken"):
        await Place.objects.create(x=1)
    with pytest.raises(ConstraintError, match="x > 0"):
        await Place.objects.create(x=0)


async def test_column_defaults_apply(start: Start) -> None:
    numbers = itertools.count(1)

    class Note(Entity):
        body: str = ""
        created: datetime.datetime | None = Field(
            default=None, sa_type=DateTime(timezone=True),
            sa_column_kwargs={"server_default": func.now()},
        )  # fmt: skip
        changed: datetime.datetime | None = Field(
            default=None, sa_type=DateTime(timezone=True),
            sa_column_kwargs={"onupdate": lambda: datetime.datetime.now(datetime.UTC)},
        )  # fmt: skip
        state: str | None = Field(
            default=None, max_length=20, sa_column_kwargs={"server_default": "draft"}
        )
        rank: int | None = Field(default=None, sa_column_kwargs={"server_default": text("7")})
        made: int | None = Field(default=None, sa_column_kwargs={"default": lambda: next(numbers)})
        times: int = Field(default=0, sa_column_kwargs={"onupdate": 5})
        sum: int | None = Field(default=None, sa_column_kwargs={"server_default": text("(1 + 2)")})

    await start(Note)
    note = await Note.objects.create(body="a")
    assert note.created is not None
    assert note.created.tzinfo is not None
    assert (note.changed, note.state, note.rank, note.made) == (None, "draft", 7, 1)
    stored = await Note.objects.get(note.id)
    assert (stored.created, stored.sum, stored.times) == (note.created, 3, 0)
    from starmodel import dispatch

    changed = (await dispatch(stored.do.update(body="b"))).entity
    assert changed is not None
    assert changed.changed is not None
    assert (changed.times, changed.created) == (5, note.created)
    given = await Note.objects.create(body="c", state="ready", rank=1, made=9, sum=4)
    stored = await Note.objects.get(given.id)
    assert (stored.state, stored.rank, stored.made, stored.sum) == ("ready", 1, 9, 4)


async def test_orm_only_default_is_rejected(start: Start) -> None:
    class Note(Entity):
        at: int | None = Field(default=None, sa_column_kwargs={"onupdate": func.random()})

    with pytest.raises(ConfigurationError, match=r"Note\.at .*onupdate"):
        await start(Note)


async def test_computed_column_is_read_and_never_written(start: Start) -> None:
    from starmodel import dispatch

    class Box(Entity):
        width: int = 1
        area: int | None = Field(
            default=None,
            sa_column=Column("area", Integer, Computed("width * width", persisted=True)),
        )

    await start(Box)
    box = await Box.objects.create(width=3)
    stored = await Box.objects.get(box.id)
    assert stored.area == 9
    await dispatch(stored.do.update(width=4))
    stored = await Box.objects.get(box.id)
    assert stored.area == 16
    with pytest.raises(ConstraintError, match="calculated by the database"):
        await dispatch(stored.do.update(area=5))


async def test_identity_and_names_of_columns(start: Start, any_url: str) -> None:
    class Track(Entity):
        id: int | None = Field(
            default=None,
            sa_column=Column("TrackId", Integer, Identity(always=True), primary_key=True),
        )
        title: str = Field(default="", sa_column_kwargs={"name": "Title", "comment": "It's a name"})

    await start(Track)
    track = await Track.objects.create(title="a")
    assert (await Track.objects.list(title="a"))[0].id == track.id


@pytest.mark.parametrize("how", ["sa_column", "sa_column_args", "table_args", "foreign_key"])
async def test_relations_follow_foreign_keys_however_declared(start: Start, how: str) -> None:
    fields: dict[str, Any] = {
        "sa_column": lambda: Field(
            sa_column=Column(
                "ArtistId",
                Integer,
                ForeignKey("Artist.ArtistId", ondelete="CASCADE"),
                nullable=False,
            )
        ),
        "sa_column_args": lambda: Field(
            sa_column_args=[ForeignKey("Artist.ArtistId", ondelete="CASCADE")]
        ),
        "table_args": Field,
        "foreign_key": lambda: Field(foreign_key="Artist.ArtistId", ondelete="CASCADE"),
    }
    keys = ForeignKeyConstraint(["artist_id"], ["Artist.ArtistId"], ondelete="CASCADE")

    class Artist(Entity):
        __tablename__ = "Artist"
        id: int | None = Field(
            default=None, sa_column=Column("ArtistId", Integer, primary_key=True)
        )
        name: str = ""
        albums: list[Album] = Relationship()

    class Album(Entity):
        __tablename__ = "Album"
        __table_args__ = (keys,) if how == "table_args" else ()
        id: int | None = Field(default=None, sa_column=Column("AlbumId", Integer, primary_key=True))
        artist_id: int = fields[how]()
        artist: Artist | None = Relationship()

    from starmodel import NotFoundError, dispatch

    await start(Artist, Album)
    artist = await Artist.objects.create(name="AC/DC")
    album = await Album.objects.create(artist_id=artist.id)
    loaded = await Artist.objects.get(artist.id, load=["albums"])
    assert [found.id for found in loaded.albums] == [album.id]
    assert (await Album.objects.get(album.id, load=["artist"])).artist.name == "AC/DC"
    await dispatch(artist.do.delete())
    with pytest.raises(NotFoundError):
        await Album.objects.get(album.id)


async def test_constraint_retains_its_options(start: Start, any_url: str) -> None:
    """A deferred foreign key allows any insert order; ON UPDATE CASCADE stays in the schema."""

    class Team(Entity):
        id: str
        code: str = Field(unique=True, max_length=20)

    class Player(Entity):
        __table_args__ = (
            ForeignKeyConstraint(["team"], ["team.code"], name="fk_team", onupdate="CASCADE"),
        )
        id: str
        team: str = Field(max_length=20)

    from starmodel import dispatch

    await start(Team, Player)
    team = await Team.objects.create(id="t", code="a")
    await Player.objects.create(id="p", team="a")
    await dispatch(team.do.update(code="b"))
    assert (await Player.objects.get("p")).team == "b"


@pytest.mark.parametrize("option", ["prefixes", "autoload_with", "nonsense"])
async def test_unknown_option_of_a_table_is_rejected(start: Start, option: str) -> None:
    class Odd(Entity):
        __table_args__ = {option: ["TEMPORARY"]}
        name: str = ""

    with pytest.raises(ConfigurationError, match=option):
        await start(Odd)


async def test_schema_is_obeyed_or_rejected(start: Start, any_url: str) -> None:
    class Team(Entity):
        name: str = ""

    class Ticket(Entity):
        __table_args__ = (UniqueConstraint("name"), {"schema": "ops"})
        id: int | None = None
        name: str = Field(max_length=20)
        team_id: str | None = (
            None
            if any_url.startswith("mysql")  # which resolves "team" in the database of the ticket
            else Field(default=None, foreign_key="team.id", ondelete="CASCADE")
        )

    if any_url.startswith("sqlite"):
        with pytest.raises(ConfigurationError, match="schema"):
            await start(Team, Ticket)
        return
    external = await ExternalWriter.at(any_url)
    await external.run("DROP SCHEMA IF EXISTS ops" + (" CASCADE" if "post" in any_url else ""))
    await external.run("CREATE SCHEMA ops")
    try:
        from starmodel import dispatch

        first = await start(Team, Ticket)
        team = await Team.objects.create(name="a")
        await Ticket.objects.create(name="x", team_id=team.id)
        await first.close()
        await start(Team, Ticket)
        with pytest.raises(ConstraintError, match="Name is already taken"):
            await Ticket.objects.create(name="x")
        await dispatch(team.do.delete())
        assert await Ticket.objects.count() == any_url.startswith("mysql")
    finally:
        await external.run("DROP SCHEMA ops" + (" CASCADE" if "post" in any_url else ""))
        await external.close()


@pytest.mark.parametrize("native", [True, False])
async def test_enum_is_stored_by_the_values_of_its_declared_type(
    start: Start, any_url: str, native: bool
) -> None:
    kind = SaEnum(
        Rating, name="mpaa", native_enum=native, values_callable=lambda e: [m.value for m in e]
    )

    class Film(Entity):
        id: str
        title: str = ""
        rating: Rating | None = Field(default=None, sa_column=Column("rating", kind))
        other: Rating = Field(default=Rating.R, sa_type=kind)

    await start(Film)
    await Film.objects.create(id="1", rating=Rating.PG13)
    await Film.objects.create(id="2", rating=Rating.G)
    await Film.objects.create(id="3")
    external = await ExternalWriter.at(any_url)
    rows = await external.rows("SELECT rating, other FROM film ORDER BY id")
    await external.close()
    assert [tuple(row) for row in rows] == [("PG-13", "R"), ("G", "R"), (None, "R")]
    assert [f.id for f in await Film.objects.list(rating=Rating.PG13)] == ["1"]
    assert [f.id for f in await Film.objects.list(rating__ne=Rating.PG13)] == ["2", "3"]
    assert [f.id for f in await Film.objects.list(order="rating")] == ["2", "1", "3"]
    assert [f.id for f in await Film.objects.list(order="-rating")] == ["1", "2", "3"]


async def test_enum_type_of_other_members_is_rejected(start: Start) -> None:
    class Mood(enum.Enum):
        GOOD = 1

    class Film(Entity):
        mood: Mood = Field(default=Mood.GOOD, sa_type=SaEnum(Rating))

    with pytest.raises(ConfigurationError, match=r"Film\.mood"):
        await start(Film)


async def test_field_with_lossy_decoder_is_not_written(start: Start, any_url: str) -> None:
    from starmodel import dispatch

    class Film(Entity):
        id: str
        title: str = ""
        rating: Rating | None = Field(default=None, sa_column=Column("rating", String(20)))

    await start(Film)
    await Film.objects.create(id="1", rating=Rating.R)
    external = await ExternalWriter.at(any_url)
    await external.run("UPDATE film SET rating = 'PG-13', _version = _version + 1")
    film = await Film.objects.get("1")
    await dispatch(film.do.update(title="b"))
    assert [tuple(row) for row in await external.rows("SELECT title, rating FROM film")] == [
        ("b", "PG-13")
    ]
    await external.close()
