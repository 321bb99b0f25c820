"""Relations that are declared by their type: stored, loaded and protected in every store."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from starmodel import Entity
from starmodel.app.application import Application
from starmodel.app.commands.dispatching import dispatch
from starmodel.core.errors import ConstraintError
from starmodel.testing.fakes import fake_application


class _Client(Entity):
    model_config = {"store": "sql"}
    name: str
    deals: list[_Deal]


class _Deal(Entity):
    model_config = {"store": "sql"}
    client: _Client
    labels: list[_Label]
    note: str = ""


class _Label(Entity):
    model_config = {"store": "sql"}
    name: str


class _DealLabel(Entity):
    model_config = {"store": "sql"}
    deal: _Deal
    label: _Label


CLASSES: list[Any] = [_Client, _Deal, _Label, _DealLabel]


@pytest.fixture
async def application(store: Any) -> AsyncIterator[Application]:
    made = fake_application(*CLASSES, stores={"sql": store})
    await made.ready()
    yield made
    await made.close()


async def test_related_records_are_loaded(application: Application) -> None:
    ann = await _Client.objects.create(name="Ann")
    deal = await _Deal.objects.create(client=ann)
    label = await _Label.objects.create(name="big")
    await _DealLabel.objects.create(deal=deal, label=label)
    found: Any = await _Deal.objects.get(deal.id, load=["client.deals", "labels"])
    assert (found.client, found.client.deals, found.labels) == (ann, [deal], [label])


async def test_record_that_others_refer_to_is_not_deleted(application: Application) -> None:
    ann = await _Client.objects.create(name="Ann")
    deal = await _Deal.objects.create(client=ann)
    with pytest.raises(ConstraintError, match="can't be deleted: other records refer to it"):
        await dispatch(ann.do.delete())
    await dispatch(deal.do.delete())
    await dispatch(ann.do.delete())
    assert await _Client.objects.count() == 0


async def test_both_are_deleted_in_one_unit(application: Application) -> None:
    ann = await _Client.objects.create(name="Ann")
    deal = await _Deal.objects.create(client=ann)
    unit = application.unit()
    unit.delete(await unit.get(_Client, ann.id))
    unit.delete(await unit.get(_Deal, deal.id))
    await unit.commit()
    assert await _Client.objects.count() == await _Deal.objects.count() == 0
