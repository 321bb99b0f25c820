# [sql]
"""Tasks, as plain Python: no server, no database."""

from datetime import date, timedelta

import pytest

from app.entities import Task


def test_finish_happens_once() -> None:
    task = Task(title="Buy paper")
    task.finish()
    assert task.done
    with pytest.raises(ValueError, match="done already"):
        task.finish()


def test_postpone_starts_today_when_nothing_was_due() -> None:
    task = Task(title="Buy paper")
    task.postpone(2)
    assert task.due == date.today() + timedelta(days=2)


def test_title_must_say_something() -> None:
    with pytest.raises(ValueError, match="at least 3"):
        Task(title="?")
