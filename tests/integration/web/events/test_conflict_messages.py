"""Conflict messages for visitors name no version and no idempotency key."""

from __future__ import annotations

from typing import Any

import pytest

from integration.web.browser import toasts, unlisted
from starmodel import Entity, event
from starmodel.core.errors import (
    CommandReusedError,
    CommandRunningError,
    VersionConflictError,
)

ERRORS = {
    "version": VersionConflictError("Board", "b1", read=11, stored=12),
    "running": CommandRunningError("add with this key is still running."),
    "reused": CommandReusedError("This idempotency key was used for add with other arguments."),
}


@unlisted
class Meeting(Entity):
    @event
    def fail(self, how: str) -> None:
        raise ERRORS[how]


@pytest.mark.parametrize("how", ERRORS)
async def test_conflict_message_has_no_version_or_key(visit: Any, how: str) -> None:
    browser = visit(Meeting)

    click = await browser.click(f"/meeting/fail?how={how}")
    form = await browser.submit("/meeting/fail", {"how": how})

    ((kind, text),) = toasts(click.text)
    assert kind == "error"
    assert not any(word in text for word in ("version", "key", "dispatch", "Board"))
    assert str(ERRORS[how]) not in form.text
