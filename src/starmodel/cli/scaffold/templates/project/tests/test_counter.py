# [memory]
"""The counter: as plain Python, and rendered in pages."""

import pytest
from starmodel.testing import Visitor

from app.entities import Counter


def test_increment_adds_the_amount() -> None:
    counter = Counter()
    counter.increment(3)
    assert counter.count == 3


def test_reset_of_a_new_counter_is_refused() -> None:
    with pytest.raises(ValueError, match="at zero already"):
        Counter().reset()


def test_tabs_of_one_session_receive_updates(visitor: Visitor) -> None:
    home, counter = visitor.open("/"), visitor.open("/counter")
    home.click("One more")
    counter.submit(Counter.increment(), amount=2)
    assert home.signals["Counter.count"] == 3
    assert Visitor(visitor.app).open("/").signals["Counter.count"] == 0
