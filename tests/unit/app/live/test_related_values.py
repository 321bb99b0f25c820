"""Which rows with values computed from other records a change may affect."""

from __future__ import annotations

from typing import Any

import pytest

from starmodel import Entity
from starmodel.app.live.related_values import Follow
from starmodel.app.ports.messages import Changed
from starmodel.core.snapshot import with_related


class Basket(Entity):
    name: str = ""


class Thing(Entity):
    basket_id: str = ""


ROW = with_related(Basket(id="b"), {"things": [Thing(id="t", basket_id="b")]})
OWN = Follow("Basket", "things", "id", "basket_id", False)
LINKED = Follow("Basket", "things", "id", "", False)
LINK = Follow("Basket", "things", "id", "basket_id", True)


def change(id: str, state: dict[str, Any] | None, **before: Any) -> Changed:
    kind: Any = "deleted" if state is None else "updated"
    return Changed("Thing", id, kind, 2, 1, state, tuple(before), before)


@pytest.mark.parametrize(
    ("follow", "message", "expected"),
    [
        (OWN, change("new", {"basket_id": "b"}), True),
        (OWN, change("new", {"basket_id": "c"}), False),
        (OWN, change("new", {"basket_id": "c"}, basket_id="b"), True),
        (OWN, change("t", {"basket_id": "c"}), True),  # read before the record was moved
        (OWN, change("t", None), True),
        (OWN, change("other", None), False),
        (OWN, change("new", {"name": "a private key"}), True),
        (LINKED, change("t", {"name": "renamed"}), True),
        (LINKED, change("other", {"name": "renamed"}), False),
        (LINK, change("l", {"basket_id": "b"}), True),
        (LINK, change("l", {"basket_id": "c"}), False),
        (LINK, change("l", None), True),
    ],
)
def test_change_affects_the_rows_of_its_record(
    follow: Follow, message: Changed, expected: bool
) -> None:
    assert follow.may_affect(message, [ROW]) is expected


def test_rows_that_are_not_loaded_may_be_affected() -> None:
    assert OWN.may_affect(change("other", None), [Basket(id="b")])
    assert not OWN.may_affect(change("t", {"basket_id": "b"}), [])
