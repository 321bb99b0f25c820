# [memory]
"""The counter, as plain Python: no server, no store."""

import pytest

from app.entities import Counter


def test_increment_adds_the_amount() -> None:
    counter = Counter()
    counter.increment(3)
    assert counter.count == 3


def test_reset_of_a_new_counter_is_refused() -> None:
    with pytest.raises(ValueError, match="at zero already"):
        Counter().reset()
