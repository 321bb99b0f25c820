"""A missing required id is a validation error beside its input."""

from __future__ import annotations

from typing import Any

import pytest

from integration.web.browser import unlisted
from starmodel import Entity, EntityConfig


@unlisted
class Plate(Entity):
    model_config = EntityConfig(access="public", scope="record")
    id: str


@pytest.mark.parametrize("key", [{}, {"idempotency-key": "k1"}])
async def test_create_without_its_required_id_is_422(visit: Any, key: dict[str, str]) -> None:
    response = await visit(Plate).call("POST", "/plates", {}, headers=key)

    assert response.status_code == 422
    assert "id" in response.json()["errors"]
