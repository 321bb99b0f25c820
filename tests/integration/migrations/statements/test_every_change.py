"""The printed statements of each kind of change are those that run on empty tables."""

from __future__ import annotations

from typing import Any

import pytest

from integration.migrations.statements.kinds_of_change import EVERY, changed
from integration.migrations.statements.test_offline import comparable, executed, planned
from starmodel.migrations.running.ddl import online


@pytest.mark.parametrize("large", [False, True], ids=["small", "large"])
@pytest.mark.parametrize("name", EVERY)
def test_sql_is_what_is_executed_for_each_change(
    url: str, name: str, large: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if large and not url.startswith("postgresql"):
        return  # the others change tables of each size by the same statements
    monkeypatch.setattr(online, "LARGE_ROWS", 0 if large else online.LARGE_ROWS)
    made = changed(url, name, filled=False)  # statements of batches depend on the rows

    for direction, run in (("up", made.up), ("down", made.down)):
        arguments: list[Any] = ["0001_change"] if direction == "down" else []
        script = planned(url, made, direction, *arguments)  # type: ignore[arg-type]
        with executed() as found:
            run(url, *arguments)
        assert comparable(script) == comparable(found)
