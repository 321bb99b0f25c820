"""Classes whose messages can be made after the commit, because that can't fail."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any

import pytest
from pydantic import AfterValidator, PlainSerializer, computed_field, field_validator

from starmodel import Entity, event
from starmodel.app.bus import InProcessBus
from starmodel.app.ports.messages import Changed, always_has_json
from starmodel.testing.fakes import fake_application


class _Plain(Entity):
    model_config = {"scope": "app", "access": "public"}
    count: int = 0
    price: Decimal | None = None
    at: datetime | None = None

    @event
    def add(self):
        self.count += 1


class _Computed(_Plain):
    @computed_field
    def half(self) -> float:
        return 1 / self.count


class _Serialised(_Plain):
    more: Annotated[int, PlainSerializer(lambda value: 1 / value)] = 0


class _Validated(_Plain):
    more: Annotated[int, AfterValidator(lambda value: object())] = 0


class _OwnValidator(_Plain):
    @field_validator("count")
    @classmethod
    def check(cls, value: int) -> Any:
        return object()


class _Initialised(_Plain):
    def model_post_init(self, context: Any, /) -> None:
        self.__dict__["count"] = object()


class _Nested(_Plain):
    more: list[int] = []


def test_class_of_plain_scalars_always_has_json():
    assert always_has_json(_Plain)


@pytest.mark.parametrize(
    "cls", [_Computed, _Serialised, _Validated, _OwnValidator, _Initialised, _Nested]
)
def test_class_with_custom_code_or_containers_may_have_none(cls):
    assert not always_has_json(cls)


async def test_change_in_no_demand_is_stored_and_not_published(monkeypatch):
    bus = InProcessBus()
    app = fake_application(_Plain, bus=bus)
    published = []
    publish = bus.publish
    monkeypatch.setattr(
        bus, "publish", lambda message: published.append(message) or publish(message)
    )
    assert (await app.dispatch(_Plain.add())).entity.count == 1
    assert published == []


async def test_change_is_published_to_a_page_that_subscribes_during_the_commit(monkeypatch):
    bus = InProcessBus()
    app = fake_application(_Plain, bus=bus)
    seen = []

    async def handle(message):
        seen.append(message)

    repository = app.persistence.for_class(_Plain)
    commit = repository.commit

    async def slow_commit(batch, between=None):
        await commit(batch, between)
        bus.subscribe(handle, wants="_Plain:app".__eq__)

    monkeypatch.setattr(repository, "commit", slow_commit)
    await app.dispatch(_Plain.add())
    assert [(type(message), message.state["count"]) for message in seen] == [(Changed, 1)]
