"""The programs with which the project was described run as they were written."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel
from redis import Redis

from starmodel import Entity, Settings, StateStore, create_app, dispatch, event


class Item(BaseModel):
    name: str = ""


class _UserAnalytics(Entity):
    user_id: str
    page_views: int = 0
    last_activity: datetime

    model_config = {"store": StateStore.SERVER_REDIS, "ttl": 3600}

    @event
    def track_page_view(self, page: str):
        self.page_views += 1
        self.last_activity = datetime.now()


class _RecentActivity(Entity):
    user_id: str
    actions: list[str] = []

    model_config = {"store": StateStore.SERVER_REDIS, "ttl": 1800}

    @event
    def log_action(self, action: str):
        self.actions.append(f"{datetime.now()}: {action}")
        if len(self.actions) > 100:
            self.actions = self.actions[-100:]  # Keep last 100


class _Cart(Entity):
    items: list[Item] = []
    model_config = {"store": StateStore.SERVER_REDIS, "ttl": 7200}


class _CacheEntity(Entity):
    data: str
    model_config = {"store": StateStore.SERVER_REDIS}


UserAnalytics: Any = _UserAnalytics
RecentActivity: Any = _RecentActivity
Cart: Any = _Cart
CacheEntity: Any = _CacheEntity


@pytest.fixture
async def app(redis_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.chdir(tmp_path)
    settings = Settings(redis_url=redis_url, secret_key="k" * 40)
    made = create_app([UserAnalytics, RecentActivity, Cart, CacheEntity], settings=settings)
    yield made
    await made.starmodel.close()


async def test_programs_run_on_redis(app: Any, client: Redis[bytes]) -> None:
    registry = app.starmodel.registry
    assert [registry[cls].scope for cls in (UserAnalytics, Cart, CacheEntity)] == [
        "record", "session", "record",
    ]  # fmt: skip
    made = await UserAnalytics.objects.create(user_id="ann", last_activity=datetime(2024, 1, 1))
    for _ in range(3):
        await dispatch(made.do.track_page_view("home"))
    found = await UserAnalytics.objects.get(made.id)
    assert found.page_views == 3
    assert found.last_activity.year > 2024
    assert client.ttl(f"starmodel:_UserAnalytics:{made.id}") > 3600
    log = await RecentActivity.objects.create(user_id="ann")
    for number in range(103):
        await dispatch(log.do.log_action(f"{number}"))
    actions = (await RecentActivity.objects.get(log.id)).actions
    assert (len(actions), actions[-1].rpartition(": ")[2]) == (100, "102")
    data = await CacheEntity.objects.create(data="x")
    assert (await CacheEntity.objects.get(data.id)).data == "x"
