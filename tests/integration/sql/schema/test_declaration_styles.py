"""Each way to declare an SQL entity type behaves the same, on every database."""

from __future__ import annotations

import asyncio
import datetime as dt
import uuid
from collections.abc import AsyncIterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from pydantic import field_validator
from sqlmodel import SQLModel

from databases import DATABASES, emptied
from starmodel.adapters.persistence.sql.repository import SqlRepository
from starmodel.app.application import Application
from starmodel.app.commands.dispatching import dispatch
from starmodel.core.entity import Entity
from starmodel.core.errors import (
    ConstraintError,
    FrozenEntityError,
    InvalidStateError,
    NotFoundError,
    StarModelError,
)
from starmodel.core.events import event
from starmodel.core.fields.field import Field
from starmodel.core.snapshot import version_of
from starmodel.sql import BaseTable, fast_base_table
from starmodel.testing.fakes import fake_application


class _Shelf:
    """The same events and validators in every declaration style."""

    @event
    def sell(self: Any, number: int) -> None:
        self.stock -= number
        self.notes.append(f"sold {number}")

    @field_validator("stock")
    @classmethod
    def _has_stock(cls, value: int) -> int:
        if value < 0:
            raise ValueError("must not be negative")
        return value


class _Plain(_Shelf, Entity):
    model_config = {"store": "sql"}

    code: str = Field(unique=True, max_length=20)
    stock: int = 0
    price: Decimal = Field(default=Decimal(0), max_digits=10, decimal_places=2)
    notes: list[str] = Field(default_factory=list)


class _Table(_Shelf, Entity, SQLModel, table=True):
    code: str = Field(unique=True, max_length=20)
    stock: int = 0
    price: Decimal = Field(default=Decimal(0), max_digits=10, decimal_places=2)
    notes: list[str] = Field(default_factory=list)


class _Counted(_Shelf, Entity, SQLModel, table=True):
    id: int | None = Field(default=None, primary_key=True)
    code: str = Field(unique=True, max_length=20)
    stock: int = 0
    price: Decimal = Field(default=Decimal(0), max_digits=10, decimal_places=2)
    notes: list[str] = Field(default_factory=list)


class _Based(_Shelf, Entity, BaseTable, table=True):
    code: str = Field(unique=True, max_length=20)
    stock: int = 0
    price: Decimal = Field(default=Decimal(0), max_digits=10, decimal_places=2)
    notes: list[str] = Field(default_factory=list)


class _Fast(_Shelf, Entity, fast_base_table(), table=True):  # type: ignore[misc]
    code: str = Field(unique=True, max_length=20)
    stock: int = 0
    price: Decimal = Field(default=Decimal(0), max_digits=10, decimal_places=2)
    notes: list[str] = Field(default_factory=list)


FORMS: list[Any] = [_Plain, _Table, _Counted, _Based, _Fast]


@pytest.fixture(params=DATABASES)
async def application(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Application]:
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path / 'forms.db'}"
    else:
        server = request.getfixturevalue(f"{request.param}_url")
        url = await asyncio.to_thread(emptied, server)
    made = fake_application(*FORMS, stores={"sql": SqlRepository(url)})
    await made.ready()
    yield made
    await made.close()


async def _each_form(form: Any) -> None:
    pen = await form.objects.create(code="pen", stock=5, price="1.50")
    assert version_of(pen) > 0
    with pytest.raises(FrozenEntityError):
        pen.stock = 9
    outcome = await dispatch(pen.do.sell(2))
    assert outcome.version == version_of(pen) + 1
    found = await form.objects.get(str(pen.id))  # as it stands in addresses
    assert type(found) is form
    assert (found.id, found.stock, found.notes) == (pen.id, 3, ["sold 2"])
    assert found.price == Decimal("1.5")
    with pytest.raises(InvalidStateError, match="must not be negative"):
        await dispatch(found.do.sell(4))
    with pytest.raises(StarModelError):
        await form.objects.create(code="x", stock="many")
    with pytest.raises(StarModelError, match="20"):
        await form.objects.create(code="x" * 21)
    with pytest.raises(ConstraintError) as taken:
        await form.objects.create(code="pen")
    assert taken.value.fields == {"code": "Code is already taken."}
    ink = await form.objects.create(code="ink", stock=1)
    assert [e.code for e in await form.objects.list(order="-stock")] == ["pen", "ink"]
    assert await form.objects.count(stock__gte=2, search="EN") == 1
    await dispatch(ink.do.delete())
    with pytest.raises(NotFoundError):
        await form.objects.get(ink.id)


@pytest.mark.parametrize("form", FORMS)
async def test_every_style_creates_updates_validates_and_queries(
    application: Application, form: Any
) -> None:
    await _each_form(form)


async def test_store_generated_ids_are_sequential(application: Application) -> None:
    made = [await _Counted.objects.create(code=str(n)) for n in range(3)]
    numbers = [entity.id for entity in made]
    assert all(isinstance(number, int) for number in numbers)
    assert numbers == sorted(numbers)
    many = await asyncio.gather(*(_Counted.objects.create(code=f"many{n}") for n in range(20)))
    assert len({entity.id for entity in many}) == 20


@pytest.mark.parametrize("form", [_Based, _Fast])
async def test_base_table_has_uuid_and_timestamps(application: Application, form: Any) -> None:
    pen = await form.objects.create(code="pen", stock=5)
    assert isinstance(pen.id, uuid.UUID)
    assert pen.created_at.utcoffset() == dt.timedelta(0)
    application.clock.now = 2_000_000_000.0  # type: ignore[attr-defined]
    await dispatch(pen.do.sell(1))
    found = await form.objects.get(pen.id)
    assert found.created_at == pen.created_at
    assert found.updated_at == dt.datetime.fromtimestamp(2_000_000_000, dt.UTC)
    assert not form.__entity__.fields["updated_at"].editable


async def test_fastsqlmodel_methods_use_the_application_store(application: Application) -> None:
    pen = await _Fast.upsert({"code": "pen", "stock": 5})
    ink = await _Fast.upsert({"code": "ink"})
    assert [e.code for e in await _Fast.filter(sorting_field="code", sort_direction="desc")] == [
        "pen", "ink",
    ]  # fmt: skip
    assert [e.code for e in await _Fast.search("PE")] == ["pen"]
    assert await _Fast.filter(code="e", exact_match=False, as_dict=True, fields=["code"]) == [
        {"code": "pen"}
    ]
    assert (await _Fast.update_record(pen.id, {"stock": 7}))["stock"] == 7
    assert version_of(await _Fast.objects.get(pen.id)) == version_of(pen) + 1
    assert await ink.inserted()
    await ink.delete()
    assert not await ink.inserted()
    assert [e.code for e in await _Fast.all()] == ["pen"]
    assert await _Fast.total_records() == 1


def test_fastsqlmodel_does_not_read_the_database_url(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgres://no.such.driver/db")
    assert fast_base_table() is fast_base_table()
    from FastSQLModel import db

    assert db.database_url == "sqlite://"
